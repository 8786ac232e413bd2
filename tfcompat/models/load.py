"""Load a model that any release saved."""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from tfcompat import _kinds, _naming, _runtime
from tfcompat.errors import (
    ArithmeticWarning,
    BadStateError,
    NotBuiltError,
    StateMismatchError,
    TfcompatError,
)
from tfcompat.models import documents, known, vocabularies
from tfcompat.models.documents import KEY, Document
from tfcompat.models.making import Maker, shape_of
from tfcompat.models.planning import Plan, Planner
from tfcompat.models.translate import activations
from tfcompat.state import RestoreReport, arithmetic, bundle, native, restore_state
from tfcompat.state.save import require_eager
from tfcompat.tracking import children, walk

# Of what `compile` was told, what is carried: what is computed, and how often Python is asked.
_COMPILED = {
    "optimizer": known.OPTIMIZER,
    "loss": known.LOSS,
    "metrics": known.METRIC,
    "weighted_metrics": known.METRIC,
    "loss_weights": None,
    "run_eagerly": None,
    "steps_per_execution": None,
    "jit_compile": None,
}
# Tensors of an optimizer, by their names in a file, and what stands for its learning rate.
_OF_OPTIMIZER = re.compile(
    r"(^|/)\.?(optimizer|optimizer_weights|OPTIMIZER_SLOT)(/|$)|^(training_config|config\.json)/"
)
# Variables are compared with the tensors of the file; a model has some small ones besides.
_SMALL = 2**20


class ModelNotLoadedError(TfcompatError, ValueError):
    """A model cannot be made of a file in this release.

    Attributes:
        problems: in words, everything that this release cannot express.
        unsafe: in words, everything that only a trusted file may have.
    """

    def __init__(self, document: Document, problems: list[str], unsafe: list[str]) -> None:
        self.problems = tuple(problems)
        self.unsafe = tuple(unsafe)
        lines = [f"The model of the {document.format} {document.path!r} is not loaded."]
        if problems:
            lines.append(f"{_runtime.runtime()} cannot express ({len(problems)}):")
            lines += [f"  {line}" for line in problems]
        if unsafe:
            lines.append(f"only a trusted file may have ({len(unsafe)}):")
            lines += [f"  {line}" for line in unsafe]
            lines.append(
                "Nothing of the file was run. If you know who wrote it, trusted=True takes it as "
                "it is: whoever wrote the file then runs code in your process."
            )
        super().__init__("\n".join(lines))


def load_model(
    path: str | os.PathLike[str],
    *,
    custom_objects: Mapping[str, Any] | None = None,
    trusted: bool = False,
    compile: bool = True,
) -> Any:
    """Load a model that any release saved, with its weights and its optimizer.

    The file is one of `save_model`, or what Keras wrote: `.keras`, `.h5`, or up to 2.15 a
    directory (SavedModel). Its configuration is read as data, put into the words of this
    release, and built with this release's constructors; then the weights and the optimizer are
    restored, as `restore_state` does. The outputs of the model are those of the writer's.

    Nothing of the file is run. It may name Keras's own public layers, optimizers, losses and
    the like, what was registered with `register_keras_serializable`, and `custom_objects`;
    anything else is refused, also where this release's own `load_model` would import or run it.

    Args:
        path: of a file or directory.
        custom_objects: your classes and functions by the name that the file has for them.
        trusted: whether the file may hold code (of lambdas), and name modules to import and
            files to read. Whoever wrote such a file runs code in your process.
        compile: whether to compile the model as the writer's was. Otherwise the optimizer of
            the file is left out.

    Returns:
        A model of the Keras that `tf.keras` is.

    Raises:
        ModelNotLoadedError: the file has what this release cannot express, or what is not safe;
            all of it is listed, and nothing was made.
        StateMismatchError: the weights in the file do not fit the configuration in it.
        NotBuiltError: the model is a subclassed one, and the file does not say with what shapes
            it was built.
        StateNotFoundError: there is no model at the path.
        BadStateError: the file is truncated or altered, or claims sizes that it does not hold.
    """
    require_eager("load_model")
    name = os.fspath(path)
    document = documents.read(name)
    has_vocabularies = vocabularies.fill(document.model, document.vocabularies)
    largest = _largest(document)
    planner = Planner(known.Registry(custom_objects), document.writer, trusted, largest)
    planned = planner.plan(document.model, "model", known.LAYER)
    compiled = _plan_compile(document.compiled, planner) if compile else None
    if planner.problems or planner.unsafe:
        raise ModelNotLoadedError(document, planner.problems, planner.unsafe)
    if not isinstance(planned, Plan):
        raise BadStateError(f"{name!r} has no model in its configuration.")
    _rehearse(name, largest, planned)
    maker = Maker()
    with _bounded(name, largest), _errors(document):
        model = maker.make(planned)
        _build(model, document)
        _freeze(model)
        if compiled is not None:
            model.compile(**maker.make(compiled))
    otherwise = planner.arithmetic + _normalizations(document, model)
    if otherwise:
        warnings.warn(
            f"{name!r} is loaded, but this release trains it otherwise than its writer:\n"
            + "\n".join(f"  {line}" for line in otherwise),
            ArithmeticWarning,
            stacklevel=2,
        )
    _restore(document, model, has_vocabularies)
    return model


def load_weights(model: Any, path: str | os.PathLike[str]) -> RestoreReport:
    """Load the weights of a model from what any release saved, whole or not at all.

    Args:
        model: a model that is built.
        path: of what `save_weights` or `save_model` wrote, or of a file or checkpoint of
            Keras's. Of such a file the optimizer comes along where both have one of the same
            class; of what tfcompat wrote it stays as it is.

    Returns:
        What was restored.

    Raises:
        StateMismatchError: the weights and the model do not fit; all of it is listed.
        NotBuiltError: the model is not built.
        StateNotFoundError: there is nothing at the path.
        BadStateError: the file is truncated or altered.
    """
    name = os.fspath(path)
    if not bundle.holds_states(name):
        return restore_state(name, model)
    found = bundle.read_manifest(bundle.find(name, None))
    view = weights_of(model)
    optimizers = [path for path, one in found.objects.items() if one["type"] == "optimizer"]
    if KEY not in found.entries and not optimizers:
        return restore_state(name, view)
    # A whole model: its weights are compared before anything changes.
    from tfcompat.state.keys import LiveState

    live = LiveState(view)
    extra = [
        key
        for key in found.entries
        if key != KEY
        and key not in live.entries
        and found.entries[key].kind != "seed"
        and not any(_naming.is_within(key, path) for path in optimizers)
    ]
    missing = [
        key
        for key, entry in live.entries.items()
        if key not in found.entries and not entry.optional
    ]
    if extra or missing:
        raise StateMismatchError(
            f"The model in {name!r} has other weights; nothing has changed.",
            missing=missing,
            unexpected=extra,
        )
    return restore_state(name, view, strict=False)


def weights_of(model: Any) -> dict[str, Any]:
    """Return the nest that has a model's weights under its keys, and no optimizer."""
    return {
        "model": {
            name: child
            for name, child in children(model).items()
            if _kinds.kind_of(child) != _kinds.OPTIMIZER
        }
    }


def _plan_compile(config: dict[str, Any] | None, planner: Planner) -> dict[str, Any] | None:
    if not isinstance(config, dict) or not config.get("optimizer"):
        return None
    found = {}
    # 2.5 has no `jit_compile`.
    accepted = inspect.signature(_runtime.keras().Model.compile).parameters
    for name, kind in _COMPILED.items():
        value = config.get(name)
        if value is None or value == [] or name not in accepted:
            continue
        if name == "jit_compile" and not isinstance(value, bool):
            continue  # "auto", which is Keras 3's default
        if "metrics" in name and isinstance(value, list) and len(value) == 1:
            # Keras 2 writes the metrics of one output as a list of a list.
            value = value[0] if isinstance(value[0], list) else value
        found[name] = planner.plan(value, f"compile.{name}", kind)
    return found


def _largest(document: Document) -> int:
    """Return how many elements a variable of the model may have: those of the largest tensor."""
    if document.own:
        stored = bundle.find(document.path, document.step)
        entries = bundle.read_manifest(stored).entries
    else:
        entries = native.open_artifact(document.path).entries
    sizes = (math.prod(one.shape) for one in entries.values() if None not in one.shape)
    return max((*sizes, _SMALL))


def _normalizations(document: Document, model: Any) -> list[str]:
    """Say in words what `restore_state` cannot tell of files whose weights do not name the Keras.

    It warns by itself where a state or a SavedModel does.
    """
    if document.tells_arithmetic or document.writer == activations.installed():
        return []
    found = (arithmetic.describe_layer(value) for _, value in walk(model))
    here = next((described for described in found if described), None)
    if here is None:
        return []
    variance = {"biased": "unbiased", "unbiased": "biased"}[here["variance"]]
    line = arithmetic.difference({**here, "variance": variance}, here)
    return [line] if line else []


@contextlib.contextmanager
def _bounded(path: str, largest: int) -> Iterator[None]:
    """Refuse variables larger than any tensor of the file, before they are allocated."""
    tf = _runtime.tensorflow()

    def create(following: Any, **options: Any) -> Any:
        shape, value = options.get("shape"), options.get("initial_value")
        if shape is None and callable(value):
            # Keras 3 tells no shape. In a graph the initializer computes nothing.
            failures = (TypeError, ValueError, AttributeError)
            with contextlib.suppress(*failures), tf.Graph().as_default():
                shape = value().shape
        elif shape is None:
            shape = getattr(value, "shape", None)
        size = tf.TensorShape(shape).num_elements() if shape is not None else None
        if size is not None and size > largest:
            raise BadStateError(
                f"{path!r} claims a weight of {size} elements, and holds no tensor as large."
            )
        return following(**options)

    with tf.variable_creator_scope(create):
        yield


def _rehearse(path: str, largest: int, planned: Plan) -> None:
    """Make a model in a graph, where nothing is allocated, to see how large its weights are.

    The first releases of Keras 3 compute a weight's first value before they make its variable.
    """
    if not _computes_early():
        return
    tf = _runtime.tensorflow()
    with tf.Graph().as_default(), _bounded(path, largest):
        try:
            Maker().make(planned)
        except BadStateError:
            raise
        except Exception:  # in a graph some layers cannot be made; the bounds of sizes remain
            return


@functools.cache
def _computes_early() -> bool:
    early = []

    def create(following: Any, **options: Any) -> Any:
        early.append(not callable(options.get("initial_value")))
        return following(**options)

    with _runtime.tensorflow().variable_creator_scope(create):
        _runtime.keras().layers.Dense(1, name="tfcompat_probe").build((None, 1))
    return any(early)


@contextlib.contextmanager
def _errors(document: Document) -> Iterator[None]:
    """Say which file it was of which Keras could make nothing."""
    try:
        yield
    except TfcompatError:
        raise
    except Exception as error:  # constructors of Keras and of the user's classes raise anything
        raise ModelNotLoadedError(document, [f"{type(error).__name__}: {error}"], []) from error


def _build(model: Any, document: Document) -> None:
    """Build a subclassed model with the shapes that the file has."""
    if model.built or not isinstance(document.build, dict):
        return
    shape = document.build.get("input_shape", document.build.get("shapes_dict"))
    if shape is not None:
        model.build(shape_of(shape))


def _freeze(model: Any) -> None:
    """Freeze the weights of frozen layers.

    In Keras 3.0 weights that a layer makes after it was frozen are not, and TensorFlow passes over
    an assignment of the value that an attribute has.
    """
    if not _runtime.supports("keras3"):
        return
    for _, value in walk(model):
        if _kinds.kind_of(value) == _kinds.LAYER and not value.trainable:
            value.trainable = True
            value.trainable = False


def _restore(document: Document, model: Any, has_vocabularies: bool) -> None:
    """Restore the weights and the optimizer, and see that nothing else differs.

    Vocabularies may be missing in the state where the configuration has them.
    """
    if not model.built:
        raise NotBuiltError(
            f"{document.path!r} does not say with what shapes its model was built. Make the model, "
            "call it on a batch, and use load_weights."
        )
    nest = {"model": model, KEY: ""} if document.own else model
    report = restore_state(document.path, nest, step=document.step, strict=False)
    missing = [
        key
        for key in report.missing
        if not (has_vocabularies and key.rpartition("/")[2] == "vocabulary")
    ]
    unexpected = list(report.unexpected)
    if getattr(model, "optimizer", None) is None:
        unexpected = [name for name in unexpected if not _OF_OPTIMIZER.search(name)]
    if missing or unexpected or report.different:
        raise StateMismatchError(
            f"The weights of the {document.format} {document.path!r} do not fit the model that it "
            "describes.",
            missing=missing,
            unexpected=unexpected,
            different=report.different,
            advice="Use compile=False to load the model without its optimizer."
            if any("optimizer" in text for text in (*missing, *unexpected, *report.different))
            else "",
        )
