"""What the table says of this release, against the release itself.

All public names are looked at, and those private modules that importing TensorFlow loads anyway
(about half of all): importing the rest takes longer than the whole test suite. The generator
has imported them all.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import re
import sys
import types
import warnings
from typing import Any

import pytest
from tensorflow.python.util import tf_decorator

import tfcompat
from tfcompat import rules
from tfcompat.lint import problems
from tfcompat.rules import _columns, _quarantine, _table
from tfcompat.rules.advice import advice

SIMPLE = (bool, int, float, complex, str, bytes, type(None))


def column() -> int:
    here = tfcompat.runtime()
    if here.nightly:
        return _columns.bit("nightly")
    minor = ".".join(map(str, here.tensorflow.release[:2]))
    return _columns.bit(f"{minor}-legacy" if here.legacy_keras else minor)


HERE = column()


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@functools.cache
def resolve(name: str) -> Any:
    """Reach a public name as code does: import the package, then attribute by attribute."""
    package, *parts = name.split(".")
    value = importlib.import_module(package)
    for part in parts:
        value = getattr(value, part)
    return value


def exists(name: str) -> bool:
    try:
        resolve(name)
    except Exception:
        return False
    return True


def undecorated(value: Any) -> Any:
    if inspect.isclass(value):
        return value
    for _ in range(10):
        value = tf_decorator.unwrap(value)[1]
        if not hasattr(value, "__wrapped__"):
            break
        value = value.__wrapped__
    return value


def same(one: Any, other: Any, name: str = "") -> bool:
    if name.startswith("tensorflow.raw_ops."):
        # A copy of the private function that takes keywords alone.
        return undecorated(one).__code__ is undecorated(other).__code__
    if isinstance(one, SIMPLE):
        return type(one) is type(other) and one == other
    return one is other or undecorated(one) is undecorated(other)


@functools.cache
def loaded() -> tuple[tuple[types.ModuleType, tuple[_table.Name, ...]], ...]:
    found = []
    for name in _table.modules():
        entry = _table.find(name)
        module = sys.modules.get(name)
        if entry is not None and entry.is_private and entry.releases & HERE and module is not None:
            found.append((module, tuple(_table.names(name))))
    return tuple(found)


def has(module: types.ModuleType, name: str) -> bool:
    try:
        getattr(module, name)
    except Exception:
        return False
    return True


def test_private_names_are_the_objects_that_the_table_says() -> None:
    wrong = []
    compared = 0
    for module, names in loaded():
        for name in names:
            leaf = name.name.rpartition(".")[2]
            if not name.releases & HERE or not has(module, leaf):
                continue
            value = getattr(module, leaf)
            for twin in name.twins:
                if twin.releases & HERE:
                    compared += 1
                    if not exists(twin.public) or not same(
                        value, resolve(twin.public), twin.public
                    ):
                        wrong.append((name.name, twin.public))
    assert not wrong
    assert compared > 5000


# What importing Keras leaves behind where it finds a keras.json of the user's.
OF_CONFIGURATION = {"_config", "_config_path", "_epsilon", "_floatx", "_image_data_format"}


def test_private_names_are_where_the_table_says() -> None:
    # Not those of Keras: some columns stand for several versions of it. Python 3.11 dropped
    # `inspect.ArgSpec`, and TensorFlow with it.
    missing = [
        name.name
        for module, names in loaded()
        for name in names
        if name.name.startswith("tensorflow.") and name.releases & HERE
        if not has(module, name.name.rpartition(".")[2])
        if name.name.rpartition(".")[2] not in OF_CONFIGURATION
        if not name.name.endswith("tf_inspect.ArgSpec")
    ]
    assert not missing


def test_the_table_knows_what_the_modules_define() -> None:
    unknown = []
    seen = 0
    for module, _ in loaded():
        for leaf, value in vars(module).items():
            defined = getattr(value, "__module__", None) == module.__name__
            if leaf.startswith("_") or not defined or not inspect.isroutine(value):
                continue
            seen += 1
            name = rules.find(f"{module.__name__}.{leaf}")
            if name is None or not name.releases & HERE:
                unknown.append(f"{module.__name__}.{leaf}")
    assert not unknown
    assert seen > 3000


def public_names() -> list[_table.Name]:
    return [
        name
        for module in _table.modules()
        if not rules.is_private(module)
        and module.partition(".")[0] in ("tensorflow", "keras" if not _legacy() else "tf_keras")
        for name in _table.names(module)
        if not name.is_private
    ]


def _legacy() -> bool:
    return tfcompat.runtime().legacy_keras


# In 2.12 this module is there for those who import it by name.
BY_NAME = "keras.utils.legacy"


def test_public_names_exist_where_the_table_says() -> None:
    names = [name for name in public_names() if name.usable & HERE]
    if importlib.util.find_spec(BY_NAME):
        importlib.import_module(BY_NAME)
    assert not [name.name for name in names if not exists(name.name)]
    assert len(names) > 7000


def test_public_names_are_missing_where_the_table_says() -> None:
    # Not those of Keras: a newer version in the same column may have added them.
    keras = re.compile(r"keras|tensorflow\.(initializers|losses|metrics|optimizers)\.")
    names = [
        name.name
        for name in public_names()
        if not name.releases & HERE and not keras.search(name.name)
    ]
    assert not [name for name in names if exists(name)]
    assert len(names) > 100


def test_what_the_table_says_to_raise_does() -> None:
    for name in public_names():
        if name.raises & HERE and exists(name.name):
            value = resolve(name.name)
            with pytest.raises((ImportError, NotImplementedError, RuntimeError)):
                value(*required(value))


def required(function: Any) -> list[None]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return [None for each in parameters if each.kind in kinds and each.default is each.empty]


def test_every_advised_name_is_there() -> None:
    missing = []
    for key, given in advice().items():
        if given.target is None:
            continue
        if given.target.startswith(_quarantine.PREFIX):
            known = bool(_quarantine.releases(given.target) & HERE) == exists(given.target)
        elif given.target.startswith("tfcompat."):
            known = exists(given.target)
        else:
            found = rules.resolve(given.target)
            # Where a column stands for several versions of Keras, one of them may lack it.
            claimed = found is not None and bool(found[0].usable & HERE)
            known = exists(given.target) or not claimed
        if not known:
            missing.append((key, given.target))
    assert not missing


def test_every_name_that_a_rule_can_write_is_there() -> None:
    targets = {
        twin.public
        for module in _table.modules()
        for name in _table.names(module)
        for twin in name.twins
        if twin.public.startswith("tensorflow.")
    }
    usable = [target for target in targets if _usable(target) & HERE]
    assert not [target for target in sorted(usable) if not exists(target)]
    assert len(usable) > 4000


def _usable(name: str) -> int:
    found = rules.find(name)
    assert found is not None
    return found.usable


BY_ATTRIBUTE = tuple(f"{path}." for path in problems.ATTRIBUTES_ALONE)
# These are modules in no release, so that no code imports them.
NEVER_MODULES = (
    "tensorflow.compat.v1.app.flags",
    "tensorflow.compat.v1.flags",
    "tensorflow.distribute.",
    "tensorflow.initializers",
    "tensorflow.lite.experimental.authoring",
    "tensorflow.losses",
    "tensorflow.metrics",
    "tensorflow.optimizers",
    "tensorflow.summary.experimental",
)


def imports(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


# An attribute alone in 2.13 and 2.14. Later releases have it not at all, which is reported anyway.
_LAYERS = "tensorflow.compat.v1.layers.experimental"


def test_modules_that_cannot_be_imported_by_name() -> None:
    """`tfcompat check` knows which public modules are attributes alone, and where."""
    for path in problems.ATTRIBUTES_ALONE:
        assert exists(f"{path}.backend")
        assert imports(f"{path}.backend") == imports(path) == bool(problems.KERAS_2 & HERE)
    others = [
        name
        for name in _table.modules()
        if name.startswith("tensorflow.")
        and not f"{name}.".startswith((*BY_ATTRIBUTE, *NEVER_MODULES))
        and not rules.is_private(name)
        and exists(name)
    ]
    assert len(others) > 200
    assert {name for name in others if not imports(name)} <= {_LAYERS}


def test_what_compat_v2_has_alone() -> None:
    """All other names of `tf.compat.v2` are judged as those of `tf`."""
    tf = resolve("tensorflow")
    alone = set(dir(tf.compat.v2)) - set(dir(tf))
    assert {name for name in alone if not name.startswith("_")} == set(problems.V2_ALONE)


@pytest.mark.legacy_keras
def test_the_package_keras_with_legacy_keras() -> None:
    """It is Keras 3, with the names that the plain releases have, whichever Keras is installed."""
    plain = _columns.parse("2.16..2.21")
    names = [
        name.name
        for module in ("keras.ops", "keras.layers", "keras.config", "keras.src.layers")
        for name in _table.names(module)
        if not plain & ~name.releases
    ]
    assert len(names) > 400
    assert not [name for name in names if not exists(name)]


@pytest.mark.parametrize(
    "module",
    [
        "tensorflow.compiler.xla.xla_data_pb2",
        "tensorflow.core.framework.dataset_options_pb2",
        "tensorflow.core.framework.types_pb2",
        "tensorflow.core.protobuf.error_codes_pb2",
        "tensorflow.core.util.test_log_pb2",
    ],
)
def test_protocol_buffers(module: str) -> None:
    """From 2.12 on they are built at import, and some are those of another package."""
    holds = vars(importlib.import_module(module))
    wrong = [
        name.name
        for name in _table.names(module)
        if (name.name.rpartition(".")[2] in holds) != bool(name.releases & HERE)
    ]
    assert not wrong
    assert rules.find("tensorflow.core.framework.types_pb2.DT_INT64").releases == rules.ALL  # type: ignore[union-attr]


def test_optimizers_of_the_package_keras() -> None:
    """Which are those of `tf.keras`, and which the ones before."""
    if not rules.find("keras.optimizers.Adam").releases & HERE:  # type: ignore[union-attr]
        pytest.skip("the package keras of this release has no API of its own")
    for leaf in ("Adam", "Adadelta", "Adagrad", "Adamax", "Ftrl", "Nadam", "RMSprop", "SGD"):
        found = rules.find(f"keras.optimizers.{leaf}")
        assert found is not None
        (twin,) = (twin for twin in found.twins if twin.public == f"tensorflow.{found.name}")
        assert bool(twin.releases & HERE) == (resolve(found.name) is resolve(twin.public))
