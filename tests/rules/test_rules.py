"""What is said about a name. Needs no TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tfcompat import rules
from tfcompat.rules import _columns, _rules, _table
from tfcompat.rules.advice import Advice, facade, nothing, public, replacement, unstable
from tfcompat.rules.codes import CODES


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Advice]]:
    """Hand-written rules of the test alone."""
    advice: dict[str, Advice] = {}

    def read() -> Mapping[str, Advice]:
        return advice

    monkeypatch.setattr(_rules, "advice", read)
    _rules._rule.cache_clear()
    yield advice
    _rules._rule.cache_clear()


def rule(name: str, specifier: str | None = None) -> rules.Rule:
    _rules._rule.cache_clear()
    found = rules.rule(name, rules.columns(specifier))
    assert found is not None
    return found


def nothing_wrong(name: str, specifier: str | None = None) -> bool:
    return rules.rule(name, rules.columns(specifier)) is None


def test_the_public_name_of_the_same_object_is_safe(given: dict[str, Advice]) -> None:
    # Not tf.where: array_ops.where is the function of compat.v1.
    name = "tensorflow.python.ops.array_ops.where"
    given[name] = nothing("must not be asked")
    found = rule(name)
    assert (found.code, found.target, found.safe) == ("TFC101", "tensorflow.compat.v1.where", True)
    assert found.call is None
    assert found.since_gone == ""


def test_a_name_that_moved_on_is_still_the_same_object(given: dict[str, Advice]) -> None:
    found = rule("tensorflow.python.framework.ops.Tensor")
    assert (found.code, found.target, found.safe) == ("TFC101", "tensorflow.Tensor", True)
    assert found.since_gone == "2.15"
    assert rules.describe(found.available) == "2.5-2.14"


def test_ops_take_keywords(given: dict[str, Advice]) -> None:
    found = rule("tensorflow.python.ops.gen_nn_ops.bias_add_grad")
    assert (found.code, found.target) == ("TFC101", "tensorflow.raw_ops.BiasAddGrad")
    assert found.safe
    assert found.call is not None
    assert found.call.keywords_only
    # https://www.tensorflow.org/api_docs/python/tf/raw_ops/BiasAddGrad
    assert found.call.parameters == ("out_backprop", "data_format", "name")
    itself = rule("tensorflow.python.ops.gen_nn_ops.BiasAddGrad")
    assert itself.target == found.target
    assert itself.call is None


def test_advice_comes_before_a_name_that_is_sometimes_the_same(given: dict[str, Advice]) -> None:
    # From 2.6 tensorflow.python.keras is a stale copy.
    name = "tensorflow.python.keras.layers.core.Dense"
    found = rule(name)
    assert (found.code, found.safe) == ("TFC102", False)
    assert found.target == "tensorflow.keras.layers.Dense"
    assert found.reason.startswith("the same object in 2.5, another one in 2.6")
    assert rule(name, "<2.6").code == "TFC101"
    given[name] = facade("layers.Dense")
    found = rule(name)
    assert (found.code, found.target, found.safe) == ("TFC103", "tfcompat.layers.Dense", True)


def test_advice_reaches_every_path_to_an_object(given: dict[str, Advice]) -> None:
    given["tensorflow.python.framework.ops.name_scope"] = public(
        "tensorflow.compat.v1.name_scope", safe=False, reason="another class"
    )
    found = rule("tensorflow.python.framework.framework_lib.name_scope")
    through = rule("tensorflow.python.ops.array_ops.ops.name_scope")
    for each in (found, through):
        assert each.target == "tensorflow.compat.v1.name_scope"
        assert (each.code, each.safe, each.reason) == ("TFC102", False, "another class")


def test_the_closest_advice_wins(given: dict[str, Advice]) -> None:
    name = "tensorflow.python.eager.context.context"
    given["tensorflow.python.*"] = nothing("all of it")
    assert rule(name).reason == "all of it"
    given["tensorflow.python.eager.context.*"] = nothing("the module")
    assert rule(name).reason == "the module"
    assert rule("tensorflow.python.eager.context").reason == "the module"
    given[name] = replacement("context")
    assert rule(name).target == "tfcompat.replacements.context"
    assert rule("tensorflow.python.eager.context.nothing").reason == "the module"


def test_advice_for_a_module_keeps_the_rest_of_the_path(given: dict[str, Advice]) -> None:
    given["tensorflow.core.protobuf.rewriter_config_pb2.*"] = unstable("rewriter_config_pb2")
    module = rule("tensorflow.core.protobuf.rewriter_config_pb2")
    assert (module.code, module.target) == ("TFC106", "tfcompat.unstable.rewriter_config_pb2")
    leaf = rule("tensorflow.core.protobuf.rewriter_config_pb2.RewriterConfig")
    assert leaf.target == "tfcompat.unstable.rewriter_config_pb2.RewriterConfig"
    assert not leaf.safe


def test_a_target_must_exist_in_all_supported_releases(given: dict[str, Advice]) -> None:
    # tf.keras.utils.set_random_seed came in 2.7.
    name = "tensorflow.python.tf2.enabled"
    given[name] = public("tensorflow.keras.utils.set_random_seed")
    assert rule(name, ">=2.7").target == "tensorflow.keras.utils.set_random_seed"
    found = rule(name)
    assert (found.code, found.target) == ("TFC105", None)
    assert "set_random_seed" in found.reason
    assert "2.7" in found.reason


def test_nothing_to_use_says_why(given: dict[str, Advice]) -> None:
    found = rule("tensorflow.python.ops.gen_math_ops.add_eager_fallback")
    assert (found.code, found.target, found.safe) == ("TFC105", None, False)
    assert found.reason == "private, no public name, exists in 2.5-nightly"


def test_modules(given: dict[str, Advice]) -> None:
    found = rule("tensorflow.python.autograph.converters")
    assert (found.code, found.target) == ("TFC106", None)
    assert nothing_wrong("tensorflow.keras.layers")


def test_names_that_never_existed(given: dict[str, Advice]) -> None:
    found = rule("tensorflow.python.ops.array_ops.no_such_function")
    assert (found.code, found.target) == ("TFC107", None)
    assert "had no no_such_function" in found.reason
    found = rule("tensorflow.python.no_such_module.name")
    assert found.code == "TFC107"
    given["tensorflow.python.no_such_module.name"] = public("tensorflow.function")
    assert rule("tensorflow.python.no_such_module.name").target == "tensorflow.function"


def test_advice_for_all_of_a_module_is_for_what_it_has() -> None:
    schema = "tensorflow.lite.python.schema_py_generated"
    assert (
        rule(f"{schema}.ModelT").target
        == "tfcompat.replacements.lite_schemas.schema_py_generated.ModelT"
    )
    assert rule(f"{schema}.no_such_name").target is None


def test_members_follow_their_class(given: dict[str, Advice]) -> None:
    found = rule("tensorflow.python.framework.ops.Graph.as_default")
    assert (found.code, found.target) == ("TFC101", "tensorflow.Graph.as_default")
    assert found.name == "tensorflow.python.framework.ops.Graph.as_default"
    assert nothing_wrong("tensorflow.Graph.as_default")


def test_public_names_that_are_gone(given: dict[str, Advice]) -> None:
    # Keras 3 dropped the long names of losses, https://keras.io/guides/migrating_to_keras_3.
    name = "tensorflow.keras.losses.mean_squared_error"
    found = rule(name)
    assert (found.code, found.target, found.safe) == ("TFC201", "tensorflow.keras.losses.mse", True)
    assert found.since_gone == "2.16"
    assert nothing_wrong(name, "<2.16")


def test_present_is_not_usable(given: dict[str, Advice]) -> None:
    # On Keras 3 the legacy optimizers are there, but raise when they are made.
    name = "tensorflow.keras.optimizers.legacy.Adam"
    assert rule(name, ">=2.9").code == "TFC202"
    assert rule(name).code == "TFC201"
    assert nothing_wrong(name, ">=2.9,<2.16")


def test_public_names_with_nothing_to_use(given: dict[str, Advice]) -> None:
    found = rule("tensorflow.estimator.Estimator")
    assert (found.code, found.target) == ("TFC203", None)
    assert found.reason.startswith("works in 2.5-2.15, does not exist in 2.16-nightly")


def test_names_of_tensorflow_1(given: dict[str, Advice]) -> None:
    found = rule("tensorflow.Session")
    assert (found.code, found.target) == ("TFC201", "tensorflow.compat.v1.Session")
    assert not found.safe
    assert rule("tensorflow.contrib.layers.fully_connected").code == "TFC203"


@pytest.mark.parametrize(
    "name",
    [
        "tensorflow.function",
        "tensorflow.keras.layers.Dense",
        "tensorflow.compat.v1.Session",
        "tensorflow.compat.v2.function",
        "keras.layers.Dense",
        "tf_keras.layers.Dense",
        "tensorflow.no_such_name",
        "numpy.array",
        "tensorflow",
    ],
)
def test_names_with_nothing_wrong(name: str) -> None:
    assert nothing_wrong(name)


def test_life_of_a_private_name() -> None:
    periods = rules.life("tensorflow.python.framework.ops.Tensor")
    rows = [(rules.describe(row.releases), row.state, row.twin) for row in periods]
    assert rows[0] == ("2.5-2.14", "private", "tensorflow.Tensor")
    assert {state for _, state, _ in rows[1:]} == {"absent"}
    assert sum(row.releases for row in periods) == rules.ALL
    assert rules.life("tensorflow.python.nothing") == ()


def test_keras_optimizers_is_another_module_in_two_releases() -> None:
    """In 2.11 and 2.12 `keras.optimizers` has the optimizers before, `tf.keras.optimizers` not."""
    found = rule("keras.optimizers.Adam")
    assert (found.code, found.target) == ("TFC201", "tensorflow.keras.optimizers.Adam")
    assert not found.safe
    assert found.reason.endswith("another one in 2.11-2.12")
    assert rules.rule("keras.optimizers.Adam", rules.columns(">=2.9")) is None


def test_the_package_keras_is_keras_3_with_legacy_keras_too() -> None:
    plain, legacy = rules.life("keras.ops.qr")[1:]
    assert (plain.state, plain.twin) == ("public", "tensorflow.keras.ops.qr")
    assert (legacy.releases, legacy.state, legacy.twin) == (_columns.LEGACY, "public", "")
    assert rule("keras.ops.qr").reason.startswith(
        "works in 2.16-nightly, does not exist in 2.6-2.15; "
    )
    assert rules.describe_of("keras", rules.columns("<2.17")) == "2.5-2.16"


def test_life_of_a_public_name() -> None:
    assert [row.state for row in rules.life("tensorflow.function")] == ["public", "public"]
    states = [row.state for row in rules.life("tensorflow.keras.optimizers.legacy.Adam")]
    assert states == ["absent", "public", "raises", "public"]


def test_every_code_is_explained() -> None:
    for code, text in CODES.items():
        assert code == text.code
        assert text.title
        assert text.text.endswith(".")
        compile(text.before, code, "exec")
        compile(text.after, code, "exec")


@pytest.mark.parametrize(
    ("code", "name", "specifier"),
    [
        ("TFC101", "tensorflow.python.ops.array_ops.where", None),
        ("TFC102", "tensorflow.python.keras.layers.Dense", None),
        ("TFC105", "tensorflow.python.ops.gen_math_ops.add_eager_fallback", None),
        ("TFC107", "tensorflow.python.ops.rnn_cell_impl._linear", None),
        ("TFC201", "tensorflow.keras.losses.mean_squared_error", None),
        ("TFC202", "tensorflow.keras.optimizers.legacy.Adam", ">=2.9"),
        ("TFC203", "tensorflow.estimator.Estimator", None),
    ],
)
def test_the_examples_are_right(
    given: dict[str, Advice], code: str, name: str, specifier: str | None
) -> None:
    found = rule(name, specifier)
    assert found.code == code
    assert name.rpartition(".")[2] in CODES[code].before
    if found.target:
        written = found.target.replace("tensorflow.", "tf.", 1)
        assert written in CODES[code].after


def test_a_target_exists_in_all_releases_that_were_asked_for() -> None:
    some = [module for module in _table.modules()[::20] if rules.is_private(module)]
    codes = set()
    checked = 0
    for specifier in (None, ">=2.8", "<2.16", ">=2.16", "==2.12.*"):
        supported = rules.columns(specifier)
        for module in some:
            for name in _table.names(module):
                found = rules.rule(name.name, supported)
                assert found is not None, name
                codes.add(found.code)
                if found.target and not found.target.startswith("tfcompat."):
                    checked += 1
                    target = rules.resolve(found.target)
                    assert target is not None, found
                    package = rules.find(found.target.partition(".")[0])
                    assert package is not None
                    assert not supported & package.releases & ~target[0].usable, found
    assert checked > 1000
    assert codes <= set(CODES)
