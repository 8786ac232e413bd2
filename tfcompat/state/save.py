"""Save the state of live objects."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import logging
import operator
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Literal, overload

import tfcompat
from tfcompat import _graph, _kinds, _naming, _runtime
from tfcompat.errors import NotBuiltError, TfcompatError, UnsupportedObjectError
from tfcompat.state import bundle, entries, reads
from tfcompat.state.keys import LiveState, uncollected
from tfcompat.state.manifest import Manifest, StateEntry
from tfcompat.state.remote import stores
from tfcompat.state.remote import write as remote
from tfcompat.state.workers import Workers

_lock = threading.RLock()
_logger = logging.getLogger("tfcompat")


@dataclasses.dataclass(frozen=True)
class SavedState:
    """A state that was saved.

    Attributes:
        path: the directory that was given to `save_state`.
        step: the step it was saved under.
        prefix: the path of the TensorFlow checkpoint that holds it, as
            `tf.train.load_checkpoint` takes it; empty on a worker that does not write.
    """

    path: str
    step: int
    prefix: str


class _Background:
    """One thread for the saves of this process, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._process: int | None = None
        self._last: Future[SavedState] | None = None

    def submit(self, function: Any, *arguments: Any) -> Future[SavedState]:
        with _lock:
            if self._pool is None or self._process != os.getpid():
                # A forked child has the pool of its parent, but not its thread.
                self._pool = ThreadPoolExecutor(1, thread_name_prefix="tfcompat-save")
                self._process = os.getpid()
            self._last = self._pool.submit(function, *arguments)
            self._last.add_done_callback(_log_failure)
            return self._last

    def wait(self) -> None:
        """Wait until every save that was asked for in this process has ended."""
        last = self._last
        if last is not None and self._process == os.getpid():
            last.exception()


def _log_failure(future: Future[SavedState]) -> None:
    error = future.exception()
    if error is not None:
        _logger.error("A state could not be saved in the background: %s", error)


_background = _Background()


def wait_for_background_saves() -> None:
    """Wait for the saves of this process that run in the background."""
    _background.wait()


@overload
def save_state(
    path: str | os.PathLike[str],
    objects: Any,
    *,
    step: int | None = ...,
    keep: int | None = ...,
    background: Literal[False] = ...,
) -> SavedState: ...


@overload
def save_state(
    path: str | os.PathLike[str],
    objects: Any,
    *,
    step: int | None = ...,
    keep: int | None = ...,
    background: Literal[True],
) -> Future[SavedState]: ...


def save_state(
    path: str | os.PathLike[str],
    objects: Any,
    *,
    step: int | None = None,
    keep: int | None = 1,
    background: bool = False,
) -> SavedState | Future[SavedState]:
    """Save the state of models, optimizers and anything else that training needs to go on.

    The state is a standard TensorFlow checkpoint with keys that are the same in every release
    of TensorFlow and Keras: any other release restores it with `restore_state`. It becomes
    visible in one step: after a crash at any moment the directory holds the earlier state or
    the new one.

    Under `tf.distribute.MultiWorkerMirroredStrategy` every worker calls this, since to read some
    variables takes all of them. The chief, or the first worker where none is named, writes, also
    what each worker has of its own, such as dataset iterators; the others return when it has.

    Args:
        path: a directory, made where it does not exist, or the URL of one in a store, such as
            `s3://bucket/run`. It may hold states of several steps.
        objects: what to save: anything TensorFlow or Keras tracks (models, layers, optimizers,
            metrics, variables, modules, random generators, lookup tables, dataset iterators),
            NumPy arrays and plain Python values, alone or in any nest of dictionaries, lists,
            tuples and dataclasses. The optimizer of a compiled model comes along with it.
        step: the number to save it under. A state of the same step is replaced. By default the
            number after the newest state's, starting at 1; two processes that save into one
            directory at the same time may find the same.
        keep: how many of the newest states to keep, counted in the order of saving; None keeps
            all.
        background: whether to return at once and write in the background. The values are those
            at the time of the call, whatever training does meanwhile. Of several workers those
            that do not write do not hear when it has ended.

    Returns:
        What was saved; with `background=True` a `concurrent.futures.Future` of it, whose
        `result()` waits and raises what went wrong. A failure is also logged by the logger
        `tfcompat`. The interpreter does not exit before the save has ended.

    Raises:
        UnsupportedObjectError: some of the objects cannot be saved; all are listed.
        NotBuiltError: a model has no variables yet.
        StateWriteError: writing failed; the earlier states are as they were.
        TfcompatError: called inside a `tf.function`, or with a bad argument.
    """
    directory = os.fspath(path)
    require_eager("save_state")
    step = _count("step", step, least=0)
    keep = _count("keep", keep, least=1)
    with uncollected():
        live = LiveState(objects)
        _require_content(live)
        tensors, saved = _read(live)
    write = functools.partial(
        _write, directory, tensors, saved, live.describe(), live.graph.aliases, keep
    )
    workers = Workers.of(live.entries.values())
    if workers is not None:
        return _write_by_one(workers, write, directory, step, background)
    if background:
        return _background.submit(write, step)
    _background.wait()
    return write(step)


def require_eager(function: str) -> None:
    """Raise where a call would run once, while TensorFlow traces, instead of at each step."""
    if not _runtime.tensorflow().executing_eagerly():
        raise TfcompatError(
            f"{function} was called inside a tf.function or with eager execution disabled. "
            "Call it from the Python code around the function."
        )


def _count(name: str, value: Any, least: int) -> int | None:
    if value is None:
        return None
    try:
        number = operator.index(value.numpy() if hasattr(value, "numpy") else value)
    except TypeError:
        number = least - 1
    if number < least:
        raise TfcompatError(f"{name} must be None or a whole number from {least}; got {value!r}.")
    return number


def _require_content(live: LiveState) -> None:
    """Raise when a model that was passed has nothing to save yet."""
    empty = []
    for path in live.unbuilt:
        above = live.objects
        for name in path.split("/") if path else ():
            children = dict(_graph.children_of(above))
            if _kinds.kind_of(above) not in _kinds.CONTAINER_KINDS or name not in children:
                break
            above = children[name]
        else:
            if not any(_naming.is_within(key, path) for key in live.entries):
                empty.append(path or type(live.objects).__name__)
    if empty:
        raise NotBuiltError(
            f"Not built, so that there is nothing to save: {', '.join(empty)}. Call it on a batch "
            "of data, or call its build(input_shape), before save_state."
        )
    if bundle.MANIFEST in live.entries or bundle.MANIFEST in live.values:
        raise UnsupportedObjectError(
            f"{bundle.MANIFEST!r} is the manifest of a state. Give the object another name."
        )
    if not live.entries and not live.values:
        raise UnsupportedObjectError("There is nothing to save in the objects that were given.")


def _read(live: LiveState) -> tuple[dict[str, Any], dict[str, StateEntry]]:
    """Read everything at one moment, without copying what TensorFlow can share."""
    tf = _runtime.tensorflow()
    saved: dict[str, StateEntry] = {}
    with tf.init_scope():  # keeps the reads off a gradient tape
        tensors = reads.read(live.entries)
        for key, entry in live.entries.items():
            shape = tuple(tensors[key].shape) if None in entry.shape else entry.shape
            saved[key] = StateEntry(entry.dtype, shape, entry.kind)  # type: ignore[arg-type]
        for key, value in live.values.items():
            kind, array = entries.encode(value)
            tensors[key] = tf.constant(array, shape=array.shape)
            saved[key] = StateEntry(entries.array_dtype(array), array.shape, kind)
    return tensors, saved


def _write_by_one(
    workers: Workers,
    write: Callable[[int | None], SavedState],
    directory: str,
    step: int | None,
    background: bool,
) -> SavedState | Future[SavedState]:
    if background:

        def settled() -> int:
            if step is not None:
                return step
            _background.wait()
            return bundle.next_step(directory)

        # Workers may not talk to each other beside the training: the step is settled before.
        number = workers.agree(settled)
        if workers.writes:
            return _background.submit(write, number)
        done: Future[SavedState] = Future()
        done.set_result(SavedState(directory, number, ""))
        return done
    saved: list[SavedState] = []

    def written() -> int:
        _background.wait()
        saved.append(write(step))
        return saved[0].step

    number = workers.agree(written)
    return saved[0] if saved else SavedState(directory, number, "")


def _write(
    directory: str,
    tensors: dict[str, Any],
    saved: dict[str, StateEntry],
    objects: dict[str, Any],
    aliases: dict[str, str],
    keep: int | None,
    step: int | None,
) -> SavedState:
    with _lock:
        if step is None:
            step = bundle.next_step(directory)
        installed = _runtime.runtime()
        manifest = Manifest(
            step=step,
            saved_at=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            writer={
                "tfcompat": tfcompat.__version__,
                "tensorflow": str(installed.tensorflow),
                "keras": str(installed.keras),
                "legacy_keras": installed.legacy_keras,
                "era": installed.era,
                "python": str(installed.python),
            },
            entries=saved,
            objects=objects,
            aliases=aliases,
        )
        sizes = {key: entry.nbytes or 0 for key, entry in saved.items()}
        write = remote.write if stores.is_store(directory) else bundle.write
        stored = write(directory, tensors, sizes, manifest.to_bytes(), step, keep)
    return SavedState(directory, stored.step, stored.prefix)
