"""Which of several workers writes a state, and what the others wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tfcompat import _runtime
from tfcompat.errors import StateWriteError
from tfcompat.state.entries import Entry, VariableEntry


class Workers:
    """The workers of a `tf.distribute.MultiWorkerMirroredStrategy`, who all run the same line.

    Attributes:
        writes: whether this is the one that writes: the chief, or the first where none is named.
    """

    def __init__(self, strategy: Any) -> None:
        self._strategy = strategy
        resolver = strategy.cluster_resolver
        has_chief = "chief" in resolver.cluster_spec().jobs
        self.writes = resolver.task_type == "chief" if has_chief else resolver.task_id == 0

    @classmethod
    def of(cls, live: Iterable[Entry]) -> Workers | None:
        """Return the workers that share live objects, or None where this process is alone."""
        strategies = {one.strategy for one in live if isinstance(one, VariableEntry)}
        for strategy in strategies:
            # A MirroredStrategy has none; the coordinator of a ParameterServerStrategy is alone.
            resolver = getattr(strategy, "cluster_resolver", None)
            if resolver is not None and resolver.task_type in ("chief", "worker"):
                spec = resolver.cluster_spec()
                jobs = [job for job in ("chief", "worker") if job in spec.jobs]
                if sum(spec.num_tasks(job) for job in jobs) > 1:
                    return cls(strategy)
        return None

    def agree(self, find: Callable[[], int]) -> int:
        """Return the number that the worker who writes finds, once it has found it.

        Raises:
            StateWriteError: that worker did not find one. It raises what it met itself.
        """
        number, failure = -1, None
        if self.writes:
            try:
                number = find()
            except Exception as error:  # the others wait, and have to hear of it first
                failure = error
        number = self._told(number)
        if failure is not None:
            raise failure
        if number < 0:
            raise StateWriteError(
                "The state could not be written by the worker that writes, whose own error says "
                "why; the earlier states are as they were."
            )
        return number

    def _told(self, number: int) -> int:
        tf = _runtime.tensorflow()

        def tell() -> Any:
            context = tf.distribute.get_replica_context()
            # The first replica of all is one of the worker that writes.
            first = tf.cast(tf.equal(context.replica_id_in_sync_group, 0), tf.int64)
            return context.all_reduce(tf.distribute.ReduceOp.SUM, first * number)

        told = self._strategy.run(tell)
        return int(self._strategy.experimental_local_results(told)[0])
