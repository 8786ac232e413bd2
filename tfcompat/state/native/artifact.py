"""What a reader of a native format tells: which tensors the file holds, and which keys they are."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Optional, Union

from tfcompat import _runtime

if TYPE_CHECKING:
    from tfcompat.state.keys import LiveState
    from tfcompat.state.manifest import StateEntry


# Stable keys by names of a file, from the user.
Names = Optional[Union[dict[str, str], Callable[[str], Optional[str]]]]


@dataclasses.dataclass
class Mapping:
    """How the tensors of a file correspond to the keys of live objects.

    What is in the file and in none of the three below is unexpected.

    Attributes:
        pairs: the name of the tensor in the file by stable key. The keys of an optimizer's slots
            are here also when the live optimizer has not made them yet.
        ignored: names of tensors that are no part of a state in any release: hyperparameters
            that code sets, counters of checkpoints, metrics of `compile`.
        objects: what a manifest would say of an optimizer, by path: those of the fields of
            `LiveOptimizer.describe` that the file tells.
        differences: in words, what the file has otherwise than the live objects, apart from
            what comparing keys, dtypes and shapes finds.
        factors: by what to multiply a tensor, by its name, where the writer kept a multiple.
        without_optimizer: paths of live optimizers that the format, or this file, does not hold.
    """

    pairs: dict[str, str] = dataclasses.field(default_factory=dict)
    ignored: set[str] = dataclasses.field(default_factory=set)
    objects: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    differences: list[str] = dataclasses.field(default_factory=list)
    factors: dict[str, float] = dataclasses.field(default_factory=dict)
    without_optimizer: list[str] = dataclasses.field(default_factory=list)


class Artifact(abc.ABC):
    """A file or directory that TensorFlow or Keras wrote, opened for reading.

    Opening one reads what describes the tensors, and none of their values. Making one and
    reading from it imports neither TensorFlow nor Keras, unless `read` says so.

    Attributes:
        format: the name of the format in words, such as `"TensorFlow checkpoint"`.
        path: of the file, or the prefix of the checkpoint.
        writer: what the file says of who wrote it, such as `{"keras": "2.15.0"}`.
        step: the number in the name of a checkpoint, else 0.
        entries: dtype and shape of each tensor by its name in the file.
    """

    format: str
    path: str
    writer: dict[str, Any]
    step: int
    entries: dict[str, StateEntry]

    @abc.abstractmethod
    def match(self, live: LiveState) -> Mapping:
        """Find which tensor belongs under which key of the live objects."""

    @abc.abstractmethod
    def structure(self) -> dict[str, Any]:
        """Return, ready for JSON, what the file says of its tensors beyond their entries.

        With it the reader of the format reads the same tensors in a state; see `stored`.
        """

    @abc.abstractmethod
    def read(self, names: Iterable[str]) -> dict[str, Any]:
        """Return tensors of the file as NumPy arrays; strings as arrays of bytes objects.

        Raises:
            BadStateError: the file is truncated or altered.
        """

    def tensors(self, names: Iterable[str]) -> dict[str, Any]:
        """Return tensors of the file as TensorFlow's, with their integrity checked.

        Raises:
            BadStateError: the file is truncated or altered.
        """
        tf = _runtime.tensorflow()
        return {name: tf.constant(array) for name, array in self.read(names).items()}
