"""The generated table, and looking names up in it. Needs no TensorFlow."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tfcompat import rules
from tfcompat.errors import UnknownReleaseError
from tfcompat.rules import _columns, _table

MAIN = [f"2.{minor}" for minor in range(5, 22)]
LEGACY = [f"2.{minor}-legacy" for minor in range(16, 22)]


def mask(*labels: str) -> int:
    return sum(1 << rules.COLUMNS.index(label) for label in labels)


def between(first: int, last: int) -> int:
    return mask(*(f"2.{minor}" for minor in range(first, last + 1)))


def test_columns_are_the_releases_of_the_matrix() -> None:
    assert list(rules.COLUMNS) == [*MAIN, "nightly", *LEGACY]
    assert mask(*rules.COLUMNS) == rules.ALL


@pytest.mark.parametrize(
    ("specifier", "labels"),
    [
        (None, [*MAIN, "nightly", *LEGACY]),
        (">=2.5", [*MAIN, "nightly", *LEGACY]),
        ("<2.7", ["2.5", "2.6"]),
        ("~=2.10.0", ["2.10"]),
        ("==2.10.1", ["2.10"]),
        (">=2.10.1,<2.12", ["2.10", "2.11"]),
        (">2.19,<2.22", ["2.19", "2.20", "2.21", "2.19-legacy", "2.20-legacy", "2.21-legacy"]),
        (">=2.21", ["2.21", "nightly", "2.21-legacy"]),
        ("!=2.6.*,<=2.8", ["2.5", "2.7", "2.8"]),
    ],
)
def test_columns_of_a_specifier(specifier: str | None, labels: list[str]) -> None:
    assert rules.columns(specifier) == mask(*labels)


@pytest.mark.parametrize("specifier", ["2.8", "nightly", "<2.0", ">=3"])
def test_a_specifier_without_releases_is_an_error(specifier: str) -> None:
    with pytest.raises(UnknownReleaseError, match=r"specifier|releases that tfcompat knows"):
        rules.columns(specifier)


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (["2.5", "2.6", "2.7"], "2.5-2.7"),
        (["2.5", "2.7"], "2.5, 2.7"),
        ([*MAIN, "nightly", *LEGACY], "2.5-nightly"),
        (LEGACY, "2.16-2.21 (legacy Keras)"),
        (["2.15", *LEGACY], "2.15, 2.16-2.21 (legacy Keras)"),
        ([*MAIN[-6:], "nightly"], "2.16-nightly (not legacy Keras)"),
        (["nightly"], "nightly"),
        (["2.20", "nightly"], "nightly, 2.20 (not legacy Keras)"),
        ([], "no release"),
    ],
)
def test_describe(labels: list[str], text: str) -> None:
    assert rules.describe(mask(*labels)) == text


def test_every_line_can_be_read() -> None:
    modules = _table.modules()
    assert list(modules) == sorted(modules)
    assert len(modules) > 3000
    total = 0
    for module in modules:
        block = _table._block(module)
        assert block is not None
        head = block.module
        assert head.releases, module
        seen = set()
        for name in _table.names(module):
            total += 1
            leaf = name.name.rpartition(".")[2]
            assert leaf.isidentifier(), name
            assert leaf not in seen, name
            seen.add(leaf)
            assert name.kind in _table.KINDS.values(), name
            assert name.releases, name
            assert not name.releases & ~head.releases, name
            assert not name.raises & ~name.releases, name
            assert name.is_private or not head.is_private
            assert rules.find(name.name) == name
    assert total > 50_000


def test_each_block_is_found_by_its_bracket() -> None:
    with open(_columns.TABLE, encoding="utf-8") as file:
        text = file.read()
    heads = [line for line in text.splitlines() if line.startswith("[")]
    assert text.count("[") == len(heads)
    assert _table.modules() == tuple(head[1:].partition("|")[0] for head in heads)
    assert _table.modules("keras.layers") == tuple(
        module for module in _table.modules() if f"{module}.".startswith("keras.layers.")
    )
    for missing in ("", "a", "keras.layers.nothing", "zzz"):
        assert rules.find(missing) is None


def test_twins_are_public_names_that_exist_where_they_are_the_same() -> None:
    checked = 0
    for module in _table.modules():
        for name in _table.names(module):
            for public, releases in name.twins:
                twin = rules.find(public)
                assert twin is not None, name
                assert not twin.is_private, name
                assert not releases & ~twin.usable, name
                assert not releases & ~name.releases, name
                checked += 1
    assert checked > 10_000


# Independent of the generator: from the release notes and API pages of TensorFlow and Keras.
@pytest.mark.parametrize(
    ("name", "releases"),
    [
        # https://github.com/tensorflow/tensorflow/releases/tag/v2.7.0
        ("tensorflow.keras.utils.set_random_seed", rules.ALL & ~between(5, 6)),
        # https://github.com/tensorflow/tensorflow/releases/tag/v2.8.0
        ("tensorflow.config.experimental.enable_op_determinism", rules.ALL & ~between(5, 7)),
        # https://github.com/tensorflow/tensorflow/releases/tag/v2.16.1: "tf.estimator API removed"
        ("tensorflow.estimator.Estimator", between(5, 15)),
        ("tensorflow.function", rules.ALL),
        # Keras left tensorflow.python.keras in 2.6, and moved to keras.src in 2.13.
        ("keras.engine.base_layer.Layer", between(6, 12)),
        ("keras.src.engine.base_layer.Layer", between(13, 15)),
        ("tf_keras.src.engine.base_layer.Layer", mask(*LEGACY)),
    ],
)
def test_known_lives(name: str, releases: int) -> None:
    found = rules.find(name)
    assert found is not None
    assert rules.describe(found.usable) == rules.describe(releases)


def test_what_the_package_keras_has_outside_of_its_sources_is_public() -> None:
    # Keras 2.13 moved its implementation to keras.src.
    later = between(13, 21) | mask("nightly")
    modules = [m for m in _table.modules() if f"{m}.".startswith("keras.")]
    names = [
        name
        for module in modules
        if not _table.is_private_path(module)
        for name in _table.names(module)
        if name.releases & later and not _table.is_private_path(name.name)
    ]
    assert len(names) > 1000
    assert not [name.name for name in names if name.is_private]


def test_names_are_found_through_imported_modules() -> None:
    path = "tensorflow.python.keras.engine.training.backend.learning_phase"
    found = rules.find(path)
    assert found is not None
    assert found.name == path
    assert "tensorflow.python.keras.backend.learning_phase" in found.origins
    assert rules.find("tensorflow.compat.v2.function") is not None
    generated = rules.find("tensorflow._api.v2.v2")
    assert generated is None
    function = rules.find("tensorflow._api.v2.function")
    assert function is not None
    assert function.is_private
    assert function.twins[0].public == "tensorflow.function"


def test_members_are_resolved_to_their_class() -> None:
    resolved = rules.resolve("tensorflow.python.framework.ops.Graph.as_default")
    assert resolved is not None
    assert resolved[0].name == "tensorflow.python.framework.ops.Graph"
    assert resolved[1] == "as_default"
    assert rules.resolve("numpy.array") is None


@pytest.mark.parametrize(
    "name",
    [
        "tensorflow.python",
        "tensorflow.python.whatever",
        "tensorflow.core.framework.graph_pb2",
        "tensorflow.lite.python.interpreter",
        "tensorflow.__internal__.tracking",
        "tensorflow.keras.__internal__.layers",
        "tensorflow._api.v2",
        "keras.src.layers",
        "keras.engine",
        "keras.utils.generic_utils",
        "keras.layers.core.Dense",
        "tf_keras.src.backend",
        "tensorflow_estimator.python.estimator",
    ],
)
def test_private(name: str) -> None:
    assert rules.is_private(name)


@pytest.mark.parametrize(
    "name",
    [
        "tensorflow",
        "tensorflow.keras.layers.Dense",
        "tensorflow.lite.Interpreter",
        "tensorflow.nothing.like.that",
        "tensorflow.__version__",
        "keras.layers.Dense",
        "keras.utils.to_categorical",
        "tf_keras.layers.Dense",
        "numpy.core",
        "tensorflow_probability.python",
        "tensorflow_addons",
    ],
)
def test_public(name: str) -> None:
    assert not rules.is_private(name)


def test_looking_up_needs_neither_tensorflow_nor_packaging() -> None:
    code = (
        "import sys; from tfcompat import rules; assert rules.rule('tensorflow.python.tf2.enabled')"
        "; print({'tensorflow', 'numpy', 'packaging'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_masks_are_written_as_columns() -> None:
    assert _columns.parse("2.5..2.7,2.10") == mask("2.5", "2.6", "2.7", "2.10")


def test_what_a_module_has_imported_is_there_as_long_as_the_module() -> None:
    """`tensorflow.python.tpu.tpu_embedding` went with 2.16, control_flow_ops is still there."""
    found = rules.find("tensorflow.python.tpu.tpu_embedding.control_flow_ops.group")
    assert found is not None
    assert found.releases == found.usable == rules.columns("<2.16")
    assert ("tensorflow.group", found.releases) in found.twins
