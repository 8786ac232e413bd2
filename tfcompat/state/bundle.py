"""Tensors on disk: one directory per saved state, each a standard TensorFlow V2 checkpoint.

A state directory looks like this:

    checkpoint                          what tf.train.latest_checkpoint reads
    state-00000007-110-3f9a1c2e/        sequence number, step, a random token
        state.index
        state.data-00000-of-00001

A save is written into a hidden directory, which one rename makes visible. Whatever was there
before stays until then. A state that is to go is renamed first, so that no half of it is seen.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from tfcompat import _runtime
from tfcompat.errors import BadStateError, StateNotFoundError, StateWriteError, StoreError
from tfcompat.state import manifest as manifests
from tfcompat.state import parallel, processes
from tfcompat.state.manifest import Manifest
from tfcompat.state.native import files
from tfcompat.state.native.tensor_bundle import TensorBundle
from tfcompat.state.remote import stores
from tfcompat.state.remote.fetch import fetched
from tfcompat.state.tools import words

MANIFEST = ".tfcompat/manifest"

_NAME = re.compile(r"state-(?P<sequence>\d{8,})-(?P<step>\d+)-(?P<token>[0-9a-f]{8})/?")
_PREFIX = "state"
_SAVING = ".saving-"
_DELETING = ".deleting-"

# States larger than this are written by several threads and read by several. It is also the size
# of a shard: up to 2.10 SaveV2 copies all it is given, and two shards at a time are copied.
_SHARD_SIZE = 64 * 2**20
_MOST_SHARDS = 64
_GROUP_SIZE = 16 * 2**20  # what a thread reads before it takes more

# Tensors for one operation to read. Up to 2.8 the time that RestoreV2 takes for each grows with
# their number; later releases read as many together as fast as all.
_READ_AT_ONCE = 500

_ATTEMPTS = 20
_ASKED = 8  # objects at a time
_Result = TypeVar("_Result")


@dataclasses.dataclass(frozen=True, order=True)
class Stored:
    """One state on disk.

    Attributes:
        sequence: counts the saves into a directory; the newest state has the highest.
        step: the step it was saved under.
        prefix: the path of the checkpoint, as `tf.train.load_checkpoint` takes it.
    """

    sequence: int
    token: str
    step: int
    prefix: str


class GoneError(BadStateError):
    """A state was removed while it was read, as a later one had been saved."""


def _gfile() -> Any:
    return _runtime.tensorflow().io.gfile


def _stored(directory: str) -> list[Stored]:
    found = []
    for name in files.names(directory):
        match = _NAME.fullmatch(name)
        if match:
            found.append(
                Stored(
                    sequence=int(match["sequence"]),
                    token=match["token"],
                    step=int(match["step"]),
                    prefix=os.path.join(directory, name.rstrip("/"), _PREFIX),
                )
            )
    if stores.is_store(directory):
        # No rename shows a state whole there: its index is written last.
        whole = parallel.each(lambda one: files.exists(f"{one.prefix}.index"), found, _ASKED)
        found = list(itertools.compress(found, whole))
    return sorted(found)


def _listed(directory: str) -> list[Stored]:
    """Return the states in a directory, or raise an error of our own."""
    try:
        return _stored(directory)
    except OSError as error:
        raise BadStateError(f"{directory!r} cannot be listed. {_reason(error)}") from error


def holds_states(path: str) -> bool:
    """Tell whether a path is a directory with states of tfcompat's.

    Raises:
        BadStateError: it is a directory that cannot be listed.
    """
    return files.is_directory(path) and bool(_listed(path))


def stored(directory: str) -> list[Stored]:
    """Return the states in a directory, the oldest first; one for each step.

    Raises:
        StateNotFoundError: the path does not exist, or holds no state.
        BadStateError: the path is a file, or a directory that cannot be listed.
    """
    if not files.exists(directory):
        raise StateNotFoundError(f"There is nothing at {directory!r}.")
    if not files.is_directory(directory):
        raise BadStateError(f"{directory!r} is a file; a state is a directory.")
    found = {one.step: one for one in _listed(directory)}
    if not found:
        names = sorted(name for name in files.names(directory) if not name.startswith("."))
        holds = f"It holds {', '.join(names[:5])}" if names else "It is empty"
        more = " and more." if len(names) > 5 else "."
        raise StateNotFoundError(f"There is no state in the directory {directory!r}. {holds}{more}")
    return sorted(found.values())


def find(directory: str, step: int | None) -> Stored:
    """Return the newest state in a directory, or the one of a step.

    Raises:
        StateNotFoundError: there is none; the message lists the steps that there are.
        BadStateError: the path is a file.
    """
    found = stored(directory)
    if step is None:
        return found[-1]
    for one in found:
        if one.step == step:
            return one
    steps = ", ".join(str(one.step) for one in found)
    raise StateNotFoundError(f"{directory!r} has no state of step {step}. It has steps {steps}.")


def next_step(directory: str) -> int:
    """Return the step after the newest state's; 1 in a directory without one.

    Raises:
        StateWriteError: the directory cannot be listed.
    """
    try:
        found = _stored(directory) if files.is_directory(directory) else []
    except (OSError, StoreError) as error:
        raise StateWriteError(
            f"No state was written into {directory!r}, which cannot be listed; the earlier states "
            f"are as they were. {_reason(error)}"
        ) from error
    return found[-1].step + 1 if found else 1


def name_of(sequence: int, step: int, token: str) -> str:
    """Return the name of the directory of a state, see `Stored`."""
    return f"state-{sequence:08d}-{step}-{token}"


def write(
    directory: str,
    tensors: dict[str, Any],
    sizes: dict[str, int],
    manifest: bytes,
    step: int,
    keep: int | None,
) -> Stored:
    """Write a state, make it visible, and remove those that are not to be kept.

    Args:
        directory: is made where it does not exist.
        tensors: by key.
        sizes: by key, in bytes; 0 where it is not known.
        manifest: is stored under a key of its own.
        step: a state of the same step is replaced.
        keep: how many of the newest states stay; None keeps all.

    Raises:
        StateWriteError: nothing was made visible, and the earlier states are as they were.
    """
    tf = _runtime.tensorflow()
    gfile = tf.io.gfile
    token = secrets.token_hex(4)
    hidden = os.path.join(directory, f"{_SAVING}{processes.host()}-{os.getpid()}-{token}")
    # What killed processes left may take the space that this state needs.
    _tried(_remove_abandoned, directory)
    try:
        gfile.makedirs(hidden)
        _write_checkpoint(hidden, {**tensors, MANIFEST: tf.constant(manifest)}, sizes)
        _check_written(hidden, sum(sizes.values()))
        present = _stored(directory)
        sequence = present[-1].sequence + 1 if present else 0
        name = name_of(sequence, step, token)
        # The one step that makes the state visible.
        gfile.rename(hidden, os.path.join(directory, name))
    except _failures() as error:
        left = ""
        if not _tried(gfile.rmtree, hidden) and gfile.exists(hidden):
            left = f" {os.path.basename(hidden)!r} could not be removed; a later save will."
        raise StateWriteError(
            f"The state of step {step} could not be written into {directory!r}; the earlier "
            f"states are as they were. {_reason(error)}"
            f"{_space(directory, sum(sizes.values()) + len(manifest))}{left}"
        ) from error
    saved = Stored(sequence, token, step, os.path.join(directory, name, _PREFIX))
    # The state is safe. What follows is housekeeping, which the next save repeats.
    _tried(_tidy, directory, saved, keep)
    return saved


def _failures() -> tuple[type[Exception], ...]:
    """Return what TensorFlow and Python raise where a file system fails."""
    return _runtime.tensorflow().errors.OpError, OSError


def _tried(function: Callable[..., Any], *arguments: Any) -> bool:
    """Call a function, and return whether the file system let it."""
    try:
        function(*arguments)
    except _failures():
        return False
    return True


def _reason(error: Exception) -> str:
    """Return what an error says, without the operation that TensorFlow names around it."""
    text = getattr(error, "message", None) or str(error)
    return re.sub(r"^{{.*?}} | \[Op:\w+\]$", "", text).rstrip(".") + "."


def _space(directory: str, needed: int) -> str:
    """Say what a state needs and what is free, where that is known."""
    try:
        free = shutil.disk_usage(directory).free
    except OSError:  # not there, or remote
        return ""
    return f" {words.size(needed)} are needed, and {words.size(free)} are free."


def _write_checkpoint(directory: str, tensors: dict[str, Any], sizes: dict[str, int]) -> None:
    tf = _runtime.tensorflow()
    shards = min(sum(sizes.values()) // _SHARD_SIZE + 1, _MOST_SHARDS)
    groups = _balanced(list(tensors), sizes, shards)
    prefix = os.path.join(directory, _PREFIX)
    if len(groups) == 1:
        _save(prefix, tensors)
        return
    parts = [os.path.join(directory, f"part-{index}") for index in range(len(groups))]
    parallel.each(
        lambda index: _save(parts[index], {key: tensors[key] for key in groups[index]}),
        range(len(groups)),
        os.cpu_count() or 1,
    )
    with _at_once():
        tf.raw_ops.MergeV2Checkpoints(
            checkpoint_prefixes=parts, destination_prefix=prefix, delete_old_dirs=False
        )


def _balanced(keys: list[str], sizes: dict[str, int], most: int) -> list[list[str]]:
    """Part the keys of a large state into groups of about the same size."""
    if sum(sizes.get(key, 0) for key in keys) < _SHARD_SIZE:
        return [keys]
    groups: list[list[str]] = [[] for _ in range(most)]
    filled = [0] * most
    # The largest first, each to the emptiest group.
    for key in sorted(keys, key=lambda key: -sizes.get(key, 0)):
        index = filled.index(min(filled))
        groups[index].append(key)
        filled[index] += sizes.get(key, 0)
    return [group for group in groups if group]


@contextlib.contextmanager
def _at_once() -> Iterator[None]:
    """Run operations on the CPU, to their end where the caller has set that they run later.

    An operation that writes a file returns no tensor that could be waited for.
    """
    tf = _runtime.tensorflow()
    config = tf.config.experimental
    later = not config.get_synchronous_execution()
    if later:
        config.set_synchronous_execution(True)
    try:
        with tf.device("CPU:0"):
            yield
    finally:
        if later:
            config.set_synchronous_execution(False)


def _save(prefix: str, tensors: dict[str, Any]) -> None:
    tf = _runtime.tensorflow()
    with _at_once():
        tf.raw_ops.SaveV2(
            # With tensors alone the call takes TensorFlow's fast path.
            prefix=tf.constant(prefix),
            tensor_names=tf.constant(list(tensors)),
            shape_and_slices=tf.zeros(len(tensors), tf.string),
            tensors=list(tensors.values()),
        )


def _check_written(directory: str, expected: int) -> None:
    """Compare the size of what was written with what had to be at least.

    No earlier state is removed for one that a full disk has cut short.
    """
    gfile = _gfile()
    written = sum(
        gfile.stat(os.path.join(directory, name)).length
        for name in gfile.listdir(directory)
        if ".data-" in name
    )
    if written < expected:
        raise OSError(f"only {written} of {expected} bytes were written")


def _tidy(directory: str, newest: Stored, keep: int | None) -> None:
    """Point TensorFlow to the newest state, and remove what is not to be kept."""
    found = _stored(directory)
    kept = kept_of(found, newest, keep)
    pointed = _tried(_point_to, directory, kept)
    for one in found:
        if one not in kept:
            _tried(_remove, directory, os.path.basename(os.path.dirname(one.prefix)))
    if not pointed:  # a full disk has room now
        _point_to(directory, kept)


def _remove_abandoned(directory: str) -> None:
    """Remove what processes that are gone, and earlier saves of this one, have left."""
    for name in _gfile().listdir(directory):
        if name.startswith((_SAVING, _DELETING)) and _is_abandoned(name.rstrip("/")):
            _tried(_gfile().rmtree, os.path.join(directory, name))


def kept_of(found: Sequence[Stored], newest: Stored, keep: int | None) -> list[Stored]:
    """Return which of the states found are to be kept, the last one to be pointed to."""
    by_step = {one.step: one for one in found}
    kept = sorted(by_step.values())
    if keep is not None:
        kept = kept[-keep:]
    if newest not in kept and newest in found:
        kept.append(newest)
    return kept


def pointer(directory: str, kept: Sequence[Stored]) -> str:
    """Return what `tf.train.latest_checkpoint` reads in the file `checkpoint`."""
    paths = [os.path.relpath(one.prefix, directory) for one in kept]
    lines = [f'model_checkpoint_path: "{paths[-1]}"']
    lines += [f'all_model_checkpoint_paths: "{path}"' for path in paths]
    return "\n".join(lines) + "\n"


def _point_to(directory: str, kept: Sequence[Stored]) -> None:
    gfile = _gfile()
    hidden = os.path.join(directory, f"{_SAVING}{processes.host()}-{os.getpid()}-checkpoint")
    with gfile.GFile(hidden, "w") as file:
        file.write(pointer(directory, kept))
    gfile.rename(hidden, os.path.join(directory, "checkpoint"), overwrite=True)


def _remove(directory: str, name: str) -> None:
    gfile = _gfile()
    hidden = os.path.join(directory, f"{_DELETING}{processes.host()}-{os.getpid()}-{name[-8:]}")
    gfile.rename(os.path.join(directory, name), hidden)
    gfile.rmtree(hidden)


def _is_abandoned(name: str) -> bool:
    """Tell whether the process that made a hidden directory is gone, or is this one.

    Of another machine's processes nothing is known here; theirs are left alone. A process saves
    one state at a time.
    """
    host, _, pid = name.split("-", 1)[1].rpartition("-")[0].rpartition("-")
    if host != processes.host() or not pid.isdigit():
        return False
    return int(pid) == os.getpid() or processes.is_gone(int(pid))


@contextlib.contextmanager
def _reading(one: Stored) -> Iterator[None]:
    """Turn what TensorFlow raises on broken files into one error of our own."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:  # TensorFlow's readers raise whatever their C++ code names
        there = files.exists(f"{one.prefix}.index")
        raise (BadStateError if there else GoneError)(
            f"The state of step {one.step} at {one.prefix!r} cannot be read: its files are "
            f"truncated, altered or gone. {_reason(error)} Other steps of the same directory, "
            "which `tfcompat.list_states` shows, can be restored with `step=`."
        ) from error


def open_state(prefix: str) -> tuple[TensorBundle, Manifest]:
    """Open a state without TensorFlow, and find everything in it that its manifest tells of.

    TensorFlow's readers are given no index that was not read here first. Up to today's they end
    the process over one that was altered and has a new checksum (`Check failed` in
    checkpoint_reader.cc and tensor_shape.cc).

    Raises:
        BadStateError: the files are no state, or are truncated or altered.
        OSError: a file is not there.
    """
    opened = TensorBundle(prefix, files.open_binary)
    if MANIFEST not in opened.entries:
        raise BadStateError(f"The state at {prefix!r} holds no manifest of tfcompat.")
    found = manifests.parse(opened.read(MANIFEST).item())
    opened.require(found.entries)
    return opened, found


def repeated(read: Callable[[], _Result]) -> _Result:
    """Find and read a state, again where another process removes it for a later one meanwhile."""
    for _ in range(_ATTEMPTS - 1):
        with contextlib.suppress(GoneError):
            return read()
    return read()


def read_manifest(one: Stored) -> Manifest:
    """Return the manifest of a state.

    Raises:
        BadStateError: the files cannot be read, or hold no manifest.
    """
    with _reading(one):
        return open_state(one.prefix)[1]


def read(one: Stored, dtypes: dict[str, str], sizes: dict[str, int]) -> dict[str, Any]:
    """Read tensors; TensorFlow compares the checksum of each.

    Args:
        one: the state.
        dtypes: the name of the dtype of each key to read.
        sizes: by key, in bytes; 0 where it is not known.

    Raises:
        BadStateError: the files are truncated or altered.
    """
    if not dtypes:
        return {}
    with _reading(one), fetched(one.prefix, dtypes) as prefix:
        return _read(prefix, dtypes, sizes)


def _read(prefix: str, dtypes: dict[str, str], sizes: dict[str, int]) -> dict[str, Any]:
    tf = _runtime.tensorflow()

    def read_some(keys: list[str]) -> list[Any]:
        return tf.raw_ops.RestoreV2(  # type: ignore[no-any-return]
            # With tensors alone the call takes TensorFlow's fast path.
            prefix=tf.constant(prefix),
            tensor_names=tf.constant(keys),
            shape_and_slices=tf.zeros(len(keys), tf.string),
            dtypes=[tf.as_dtype(dtypes[key]) for key in keys],
        )

    def read_group(keys: list[str]) -> list[Any]:
        starts = range(0, len(keys), _READ_AT_ONCE)
        with _at_once():
            parts = [read_some(keys[start : start + _READ_AT_ONCE]) for start in starts]
        return list(itertools.chain.from_iterable(parts))

    threads = os.cpu_count() or 1
    # Several for each thread, for they are not equally fast.
    most = min(sum(sizes.values()) // _GROUP_SIZE + 1, 8 * threads)
    groups = _balanced(list(dtypes), sizes, most)
    found = parallel.shared(read_group, groups, threads)
    return {
        key: tensor for keys, tensors in zip(groups, found) for key, tensor in zip(keys, tensors)
    }
