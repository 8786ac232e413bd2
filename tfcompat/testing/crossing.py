"""Save a state in this environment, and restore what every environment has saved.

The shared folder has one directory per state, and in it one per environment:

    SHARED/<state>/<environment>/
        about.json      what is in the two others; written last
        expected.npz    the value of each variable, and the outputs
        state/          what `tfcompat.save_state` wrote

A directory of an environment is complete or absent: it is written under a hidden name, which one
rename makes visible. Nothing in it is ever executed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import secrets
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tfcompat.errors import ArithmeticWarning
from tfcompat.testing import environment

_FORMAT = 1
_ABOUT, _EXPECTED, _STATE = "about.json", "expected.npz", "state"
_LONGEST_NAME = 120  # of a directory; file systems take 255 bytes
_MOST_NAMED = 5  # of what differs; more would not help to find the cause


@dataclasses.dataclass(frozen=True)
class Pair:
    """One state that one environment wrote and another read.

    Attributes:
        state: its name, which is that of its directory.
        writer: the environment that wrote it.
        reader: the environment that restored it.
        ok: whether all of it arrived.
        cause: why it did not, else empty.
        note: what else there is to know, such as arithmetic that differs between the two.
    """

    state: str
    writer: str
    reader: str
    ok: bool
    cause: str = ""
    note: str = ""


class _DamagedError(Exception):
    """What an environment left is no state, or not all of one."""


class _DifferentError(Exception):
    """What was restored is not what was saved."""


class StateCrossing:
    """The fixture `state_crossing`: call it to save a state and restore those of all others.

    Args:
        shared: the folder that all environments share.
        environment: the name of this one.
        test: the name of the test, which the state has where no other is given.
        claim: is called with the name of each state, and raises where another test has it.
    """

    def __init__(
        self, shared: Path, environment: str, test: str, claim: Callable[[str], None]
    ) -> None:
        self._shared = shared
        self._environment = environment
        self._test = test
        self._claim = claim
        self.pairs: list[Pair] = []

    def __call__(
        self,
        build: Callable[[], Any],
        *,
        train: Callable[[Any], Any] | None = None,
        outputs: Callable[[Any], Any] | None = None,
        name: str | None = None,
        tolerance: float = 1e-5,
    ) -> tuple[Pair, ...]:
        """Save the state of new objects, then restore what each environment has saved.

        The state of this environment is restored as well, so that the test says something
        where it runs first or alone. Every variable must have the writer's value exactly, and
        every output must be the writer's within the tolerance.

        Args:
            build: returns new objects as `tfcompat.save_state` takes them, built: a model, a
                module, or a dictionary with models, optimizers and plain values.
            train: is called with the objects before they are saved, and takes a few steps.
            outputs: is called with the objects, and returns an array or tensor, or a nest of
                them in dictionaries, lists and tuples. It may take a training step: the
                variables have been compared by then.
            name: of the state, where it is not that of the test.
            tolerance: of floating outputs, absolute and relative to the writer's.

        Returns:
            One pair for each environment that has left a state.

        Raises:
            pytest.fail.Exception: some states did not arrive; all are listed, with the cause.
            pytest.UsageError: another state of this session has the same name.
            TfcompatError: the state of this environment could not be saved, as `save_state`
                raises it. What is raised by `build`, `train` and `outputs` is passed on.
        """
        __tracebackhide__ = True
        state = state_name(name or self._test)
        self._claim(state)
        folder = self._shared / state
        objects = build()
        if train is not None:
            train(objects)
        _write(folder, self._environment, objects, outputs)
        pairs = tuple(
            self._cross(folder, writer, build, outputs, tolerance) for writer in _writers(folder)
        )
        self.pairs.extend(pairs)
        failed = [pair for pair in pairs if not pair.ok]
        if failed:
            pytest.fail(_listed(state, failed, len(pairs)), pytrace=False)
        return pairs

    def _cross(
        self,
        folder: Path,
        writer: str,
        build: Callable[[], Any],
        outputs: Callable[[Any], Any] | None,
        tolerance: float,
    ) -> Pair:
        cause = note = ""
        # Another process may replace what it has left while it is read here.
        for _ in range(3):
            token = _token(folder / writer)
            try:
                note = _restore(folder / writer, build, outputs, tolerance)
                cause = ""
            except _DamagedError as error:
                cause = f"what {writer} left in {folder / writer} is damaged: {error}"
            except _DifferentError as error:
                cause = str(error)
            except Exception as error:  # of the code under test: the other pairs count as well
                cause = f"{type(error).__name__}: {error}"
            if not cause or _token(folder / writer) == token:
                break
        return Pair(folder.name, writer, self._environment, not cause, cause, note)


def _listed(state: str, failed: list[Pair], count: int) -> str:
    lines = [f"{len(failed)} of {count} environments' states of {state} did not arrive here:"]
    for pair in failed:
        first, *rest = pair.cause.splitlines() or [""]
        lines.append(f"{pair.writer} -> {pair.reader}: {first}")
        lines.extend(f"    {line}" for line in rest)
        lines.extend(f"    {line}" for line in pair.note.splitlines())
    return "\n".join(lines)


def state_name(text: str) -> str:
    """Return the name of the directory of a state: of `a/test_b.py::test_c`, `a.test_b.test_c`."""
    plain = re.sub(r"(\.py)?::|/", ".", text)
    name = environment.safe_name(plain)
    # On some systems names that differ in case alone are one.
    if name == plain and len(name) <= _LONGEST_NAME and text == text.lower():
        return name
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return f"{name[:_LONGEST_NAME]}-{digest}"


def _writers(folder: Path) -> list[str]:
    return sorted(
        path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )


def _token(directory: Path) -> bytes | None:
    """Return what tells one save of an environment from its next."""
    try:
        return (directory / _ABOUT).read_bytes()
    except OSError:
        return None


def _write(folder: Path, name: str, objects: Any, outputs: Callable[[Any], Any] | None) -> None:
    """Save the objects and what is expected of them, whole or not at all."""
    import numpy as np

    import tfcompat

    folder.mkdir(parents=True, exist_ok=True)
    _tidy(folder, name)
    token = secrets.token_hex(4)
    hidden = folder / f".{name}.writing-{token}"
    try:
        hidden.mkdir()
        tfcompat.save_state(hidden / _STATE, objects)
        variables = _variables(objects)
        found = dict(_leaves(outputs(objects), "")) if outputs is not None else {}
        # Members have numbers for names: a key may hold anything.
        arrays = {f"variable{i}": value for i, value in enumerate(variables.values())}
        arrays.update({f"output{i}": value for i, value in enumerate(found.values())})
        np.savez(hidden / _EXPECTED, **arrays)
        about = {
            "format": _FORMAT,
            "token": token,
            "environment": name,
            "runtime": environment.describe(),
            "variables": list(variables),
            "outputs": list(found),
        }
        (hidden / _ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        earlier = folder / f".{name}.replaced-{token}"
        with contextlib.suppress(FileNotFoundError):
            os.rename(folder / name, earlier)
        os.rename(hidden, folder / name)
        shutil.rmtree(earlier, ignore_errors=True)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _tidy(folder: Path, name: str) -> None:
    """Remove what a run of this environment that was killed has left."""
    pattern = re.compile(rf"\.{re.escape(name)}\.(writing|replaced)-[0-9a-f]{{8}}")
    for path in folder.iterdir():
        if pattern.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


@dataclasses.dataclass(frozen=True)
class _Expected:
    """What a writer had, as arrays by key."""

    variables: dict[str, Any]
    outputs: dict[str, Any]


def _read(directory: Path) -> _Expected:
    import numpy as np

    try:
        about = json.loads((directory / _ABOUT).read_text(encoding="utf-8"))
        if about["format"] != _FORMAT:
            raise _DamagedError(f"{_ABOUT} has format {about['format']}, not {_FORMAT}")
        with np.load(directory / _EXPECTED, allow_pickle=False) as file:
            return _Expected(
                {key: file[f"variable{i}"] for i, key in enumerate(about["variables"])},
                {key: file[f"output{i}"] for i, key in enumerate(about["outputs"])},
            )
    except FileNotFoundError as error:
        raise _DamagedError(f"there is no {os.path.basename(error.filename)}") from error
    except _DamagedError:
        raise
    except Exception as error:  # whatever the readers of broken files raise
        raise _DamagedError(f"{type(error).__name__}: {error}") from error


def _restore(
    directory: Path,
    build: Callable[[], Any],
    outputs: Callable[[Any], Any] | None,
    tolerance: float,
) -> str:
    """Restore one state into new objects and compare; return what else there is to know."""
    import tfcompat
    from tfcompat.errors import BadStateError, StateMismatchError, StateNotFoundError

    expected = _read(directory)
    objects = build()
    notes: list[str] = []
    try:
        with _noted(notes):
            objects = tfcompat.restore_state(directory / _STATE, objects).objects
    except StateMismatchError as error:
        raise _DifferentError(str(error)) from error
    except (BadStateError, StateNotFoundError) as error:
        raise _DamagedError(str(error)) from error
    _compare_variables(expected.variables, _variables(objects))
    if outputs is not None:
        _compare_outputs(expected.outputs, dict(_leaves(outputs(objects), "")), tolerance)
    return "\n".join(notes)


@contextlib.contextmanager
def _noted(notes: list[str]) -> Iterator[None]:
    """Collect what tfcompat says of arithmetic, and pass on every other warning."""
    with warnings.catch_warnings(record=True) as caught:
        # Only what is said of arithmetic must be seen whatever the filters of the session are.
        warnings.simplefilter("always", ArithmeticWarning)
        yield
    for one in caught:
        if issubclass(one.category, ArithmeticWarning):
            notes.append(str(one.message))
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


def _variables(objects: Any) -> dict[str, Any]:
    import tfcompat

    return {key: _plain(value.numpy()) for key, value in tfcompat.variables(objects).items()}


def _plain(value: Any) -> Any:
    """Return an array that NumPy stores without pickle and reads without other packages."""
    import numpy as np

    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        flat = [item if isinstance(item, (bytes, str)) else None for item in array.reshape(-1)]
        if None in flat:
            raise pytest.UsageError(
                "state_crossing compares arrays of numbers, booleans and strings, and nests of "
                f"them; outputs() returned {type(value).__name__} that holds other objects."
            )
        # In hexadecimal, as NumPy cuts bytes at trailing zeros.
        encoded = [(i.encode() if isinstance(i, str) else i).hex() for i in flat if i is not None]
        return np.array(encoded, dtype="U").reshape(array.shape)
    if array.dtype.kind not in "biufc":
        return array.astype(np.float32)  # bfloat16 and the like, each of which float32 holds
    return array


def _leaves(nest: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the arrays of a nest, each with its path, such as `"logits/0"`."""
    if isinstance(nest, dict):
        parts = [(str(key), value) for key, value in nest.items()]
    elif isinstance(nest, (list, tuple)):
        parts = [(str(index), value) for index, value in enumerate(nest)]
    elif nest is None:
        parts = []
    else:
        yield path, _plain(nest.numpy() if hasattr(nest, "numpy") else nest)
        return
    for key, value in parts:
        yield from _leaves(value, f"{path}/{key}" if path else key)


def _compare_variables(expected: dict[str, Any], found: dict[str, Any]) -> None:
    common = [key for key in expected if key in found]
    if expected and not common:
        raise _DifferentError(
            f"none of the {len(expected)} variables that the writer had is here under its key, "
            f"such as {next(iter(expected))}"
        )
    different = [
        f"{key}: {text}"
        for key in common
        for text in [_difference(expected[key], found[key], None)]
        if text
    ]
    _raise_different("variables", different, len(common))


def _compare_outputs(expected: dict[str, Any], found: dict[str, Any], tolerance: float) -> None:
    different = [
        f"{_output(key)} is not what the writer returned" for key in found.keys() - expected.keys()
    ]
    different += [f"{_output(key)} is missing here" for key in expected.keys() - found.keys()]
    different += [
        f"{_output(key)}: {text}"
        for key in expected
        if key in found
        for text in [_difference(expected[key], found[key], tolerance)]
        if text
    ]
    _raise_different("outputs", sorted(different), len({*expected, *found}))


def _output(path: str) -> str:
    return f"output {path}" if path else "the output"


def _raise_different(what: str, different: list[str], count: int) -> None:
    if not different:
        return
    shown = "; ".join(different[:_MOST_NAMED])
    more = f"; and {len(different) - _MOST_NAMED} more" if len(different) > _MOST_NAMED else ""
    raise _DifferentError(f"{len(different)} of {count} {what} differ: {shown}{more}")


def _difference(expected: Any, found: Any, tolerance: float | None) -> str | None:
    """Say how far two arrays differ, and where; None for equal ones.

    Args:
        expected: what the writer had.
        found: what is here.
        tolerance: of floating numbers; None asks for the very same ones.
    """
    import numpy as np

    if expected.shape != found.shape:
        return f"shape {expected.shape} by the writer, {found.shape} here"
    kinds = {expected.dtype.kind, found.dtype.kind}
    if "U" in kinds and kinds != {"U"}:
        return f"{expected.dtype.kind!r} by the writer, {found.dtype.kind!r} here"
    equal = np.asarray(expected == found, dtype=bool)
    distance = np.where(equal, 0.0, 1.0)
    if kinds <= set("fc"):
        wide = np.complex128 if "c" in kinds else np.float64
        one, other = expected.astype(wide), found.astype(wide)
        with np.errstate(invalid="ignore"):
            distance = np.abs(one - other)
            allowed = 0.0 if tolerance is None else tolerance * (1 + np.abs(one))
            # An infinity or what is not a number has no distance, but can be the same.
            both_nan = np.isnan(one) & np.isnan(other)
            close = np.isfinite(one) & np.isfinite(other) & (distance <= allowed)
        equal = equal | both_nan | close
    elif "U" not in kinds:
        distance = np.abs(expected.astype(np.float64) - found.astype(np.float64))
    if equal.all():
        return None
    worst = np.where(equal, -1.0, np.where(np.isnan(distance), np.inf, distance))
    place = np.unravel_index(int(np.argmax(worst)), worst.shape)
    where = f" at [{', '.join(str(int(i)) for i in place)}]" if place else ""
    far = f" by {float(worst[place]):.3g}" if "U" not in kinds else ""
    notes = []
    if equal.size > 1:
        notes.append(f"{int((~equal).sum())} of {equal.size} values differ")
    if tolerance is not None and kinds <= set("fc"):
        notes.append(f"tolerance {tolerance:g}")
    note = f" ({', '.join(notes)})" if notes else ""
    values = f"{_shown(expected[place])} by the writer, {_shown(found[place])} here"
    return f"differs{far}{where}: {values}{note}"


def _shown(value: Any) -> str:
    if value.dtype.kind == "U":
        return repr(bytes.fromhex(str(value)))
    return f"{value.item():.9g}" if value.dtype.kind in "fc" else repr(value.item())
