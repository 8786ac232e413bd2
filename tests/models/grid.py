"""Every model of the grid, and its way from release to release and from format to format.

`write` saves each model by tfcompat and by plain Keras in each format that this release has,
beside what the writer computes and what its next step makes of it; `load` loads what one release
wrote, and `read` what all of them did.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import pathlib
import shutil
import warnings
from collections.abc import Collection
from typing import Any

import numpy as np

import tfcompat as tfc
from tests.models.examples import EXAMPLES, Example
from tfcompat import models

TRAINED = 2
TOLERANCE = 1e-5
LOADED = "loaded"
EXPECTED_ERRORS = ("StateMismatchError", "ModelNotLoadedError")
# By plain Keras; what a release does not write is not there.
FORMATS = {"tfcompat": "saved", "keras": "x.keras", "h5": "x.h5", "directory": "directory"}


@functools.cache
def _example(name: str) -> Example:
    """Return a model made once in a process: its batch serves for each model that is loaded."""
    return EXAMPLES[name]()


def write(
    directory: pathlib.Path,
    forms: Collection[str] = tuple(FORMATS),
    names: Collection[str] = tuple(EXAMPLES),
) -> None:
    """Train each model, save it in each format, and note the truth that a reader must find."""
    shutil.rmtree(directory, ignore_errors=True)
    runtime = tfc.runtime()
    directory.mkdir(parents=True)
    about = {"tensorflow": str(runtime.tensorflow), "keras": str(runtime.keras)}
    (directory / "writer.json").write_text(json.dumps({**about, "era": runtime.era}))
    for name in names:
        example = _example(name)
        example.model.run_eagerly = True
        for _ in range(TRAINED):
            example.step()
        here = directory / name
        here.mkdir()
        models.save_model(example.model, here / FORMATS["tfcompat"])
        # Saving `.h5` takes the optimizer out of what Keras 3 then says of `compile`.
        for form in ("keras", "directory", "h5"):
            if form in forms:
                _write_plain(example.model, here / FORMATS[form])
        np.savez(here / "outputs.npz", *example.outputs())
        example.step()
        np.savez(here / "next.npz", *example.outputs())


def _write_plain(model: Any, path: pathlib.Path) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.save(str(path))
    except (AttributeError, NotImplementedError, TypeError, ValueError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def load(directory: pathlib.Path, forms: Collection[str] = tuple(FORMATS)) -> list[dict[str, Any]]:
    """Load everything that a writer wrote; return a cell for each model and format."""
    cells = []
    for name in EXAMPLES:
        for form in forms:
            path = directory / name / FORMATS[form]
            if path.exists():
                cells.append({"state": name, "format": form, "result": _load(path, _example(name))})
    return cells


def read(
    directory: pathlib.Path, environment: str, writers: Collection[str]
) -> list[dict[str, Any]]:
    """Load the models that some environments wrote, and see that those are refused which lack."""
    cells = []
    for written in sorted(directory.glob("*/models/writer.json")):
        writer = written.parent.parent.name
        if writer not in writers:
            continue
        era = json.loads(written.read_text())["era"]
        for cell in load(written.parent):
            name, form, result = cell["state"], cell["format"], cell["result"]
            expected = EXPECTED_ERRORS if name in refused(form, era) else LOADED
            cells.append(
                {
                    "writer": writer,
                    "reader": environment,
                    "state": f"model:{name}" + (f" as {form}" if form != "tfcompat" else ""),
                    "tfcompat": "resumed" if result.startswith(expected) else result,
                }
            )
    return cells


def _load(path: pathlib.Path, example: Example) -> str:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            example = dataclasses.replace(example, model=models.load_model(path))
        except tfc.TfcompatError as error:
            return f"{type(error).__name__}: {error}"
    example.model.run_eagerly = True  # tracing costs more than it saves here
    warned = {w.category for w in caught}
    problem = _difference(path.parent / "outputs.npz", example)
    if problem:
        return f"outputs: {problem}"
    if tfc.MissingOptimizerWarning in warned:
        return LOADED + ", its file holds no optimizer"
    if tfc.ArithmeticWarning in warned:
        return LOADED + ", with a warning that the next step is another here"
    example.step()
    problem = _difference(path.parent / "next.npz", example)
    return f"next step: {problem}" if problem else LOADED


def _difference(path: pathlib.Path, example: Example) -> str:
    outputs = example.outputs()
    with np.load(path) as expected:
        for number, found in enumerate(outputs):
            wanted = expected[f"arr_{number}"]
            if found.shape != wanted.shape:
                return f"{number}: {found.shape} instead of {wanted.shape}"
            apart = float(np.max(np.abs(found.astype(np.float64) - wanted)))
            if not apart <= TOLERANCE * max(1.0, float(np.max(np.abs(wanted)))):
                return f"{number}: differs by {apart:.1e}"
    return ""


def refused(form: str, era: str) -> tuple[str, ...]:
    """Return the models whose file in a format lacks something that `load_model` needs.

    docs/models.md says what.
    """
    keras_2 = era != "keras3"
    found = []
    if form in ("keras", "h5") and keras_2:
        # No file of Keras 2 has the loss scale.
        found.append("mixed_precision")
    if form == "h5" and not keras_2:
        # The words of a lookup layer.
        found.append("preprocessing")
    if form == "directory":
        found.append("preprocessing")
    return tuple(found)
