"""What importing tfcompat costs, and what it shows."""

from __future__ import annotations

import ast
import pathlib
import subprocess
import sys

import pytest

import tfcompat

PACKAGE = pathlib.Path(tfcompat.__file__).parent


def python(code: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return result.stdout


def test_importing_loads_neither_tensorflow_nor_numpy() -> None:
    code = "import sys, tfcompat; print({'tensorflow', 'keras', 'numpy'} & {*sys.modules})"
    assert python(code).strip() == "set()"


def test_runtime_does_not_import_tensorflow() -> None:
    code = "import sys, tfcompat; tfcompat.runtime(); print('tensorflow' in sys.modules)"
    assert python(code).strip() == "False"


def test_every_public_name_resolves() -> None:
    for name in tfcompat.__all__:
        assert getattr(tfcompat, name) is not None, name
    assert set(tfcompat.__all__) <= set(dir(tfcompat))


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tfcompat.nothing  # noqa: B018


def test_public_api_is_frozen() -> None:
    # A name may be added here; taking one away breaks users.
    assert sorted(tfcompat.__all__) == [
        "ArithmeticWarning",
        "AutoTrackable",
        "BadStateError",
        "MissingNameError",
        "MissingOptimizerWarning",
        "ModelNotLoadedError",
        "NewerReleaseWarning",
        "NotBuiltError",
        "RestoreReport",
        "Runtime",
        "SavedState",
        "StateDescription",
        "StateEntry",
        "StateMismatchError",
        "StateNotFoundError",
        "StateWriteError",
        "StoreError",
        "TfcompatError",
        "Trackable",
        "TrackingError",
        "UnknownFeatureError",
        "UnknownReleaseError",
        "UnsupportedArgumentError",
        "UnsupportedObjectError",
        "UnsupportedReleaseError",
        "add_weight",
        "as_trackable",
        "children",
        "describe_state",
        "export_model",
        "function",
        "functions",
        "is_trackable",
        "keras",
        "layers",
        "list_states",
        "load_exported",
        "load_model",
        "load_weights",
        "names",
        "replacements",
        "restore_state",
        "runtime",
        "save_model",
        "save_state",
        "save_weights",
        "supports",
        "track",
        "unstable",
        "untrack",
        "untracked_attributes",
        "variables",
        "walk",
    ]


# Attributes that begin with an underscore and are the project's or Python's own.
OWN_ATTRIBUTES = {"_asdict", "_exit", "_fields", "_getframe", "_nest", "_replace", "_wrapped"}
PRIVATE_MODULES = (
    "tensorflow.python",
    "tensorflow.core",
    "tensorflow.compiler",
    "keras.src",
    "keras.engine",
    "tf_keras.src",
)


DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)


@pytest.mark.once_per_era
def test_uses_public_api_alone() -> None:
    """No import of a private module, and no underscore attribute of a foreign object."""
    trees = {
        str(path.relative_to(PACKAGE)): ast.parse(path.read_text(encoding="utf-8"))
        for path in PACKAGE.rglob("*.py")
        if "unstable" not in path.parts  # the quarantine, which nothing else uses
    }
    kinds = (ast.Import, ast.ImportFrom, ast.Attribute, *DEFINITIONS)
    nodes = [
        (path, node)
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, kinds)
    ]
    own = OWN_ATTRIBUTES.union(*(_names_defined(node) for _, node in nodes))
    found = []
    for path, node in nodes:
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        found += [f"{path}: {m}" for m in modules if m.startswith(PRIVATE_MODULES)]
        if isinstance(node, ast.Attribute):
            name = node.attr
            private = name.startswith("_") and not name.endswith("__")
            if "__internal__" in name or (private and name not in own):
                found.append(f"{path}, line {node.lineno}: .{name}")
    assert found == []


def _names_defined(node: ast.AST) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    else:
        return []
    names = []
    for target in targets:
        if isinstance(target, ast.Name):
            names.append(target.id)
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            names += [target.attr] if target.value.id == "self" else []
    return names
