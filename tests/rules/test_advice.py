"""The hand-written rules. Needs no TensorFlow; `test_releases.py` tries their targets."""

from __future__ import annotations

import pytest

from tfcompat import rules
from tfcompat.rules.advice import Call, advice, facade, nothing, public, replacement, unstable


def test_advice_is_refused_that_cannot_be_right() -> None:
    with pytest.raises(ValueError, match="does not say why"):
        public("tensorflow.function", safe=False).check()
    with pytest.raises(ValueError, match="no public name"):
        public("tfcompat.names")
    with pytest.raises(ValueError, match="no dotted name"):
        replacement("a b").check()
    with pytest.raises(ValueError, match=r"call\.parameters"):
        public("tensorflow.io.gfile.GFile", template="tf.io.gfile.GFile({name})").check()
    with pytest.raises(ValueError, match="no such parameters"):
        Call(parameters=("a",), drop=("b",)).check()
    with pytest.raises(ValueError, match="named twice"):
        Call(drop=("b",), rename={"b": "c"}).check()
    with pytest.raises(TypeError, match="tuple"):
        Call(drop="name").check()  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="keywords_only"):
        Call(keywords_only=True).check()
    with pytest.raises(ValueError, match="variadic"):
        Call(parameters=("a",), variadic=True).check()


def test_no_rule_contradicts_itself() -> None:
    for given in advice().values():
        given.check()


def test_constructors() -> None:
    assert facade("names.AUTOTUNE").target == "tfcompat.names.AUTOTUNE"
    assert replacement("smart_cond").target == "tfcompat.replacements.smart_cond"
    assert not unstable("get_tpu_context").safe
    assert unstable("get_tpu_context").reason
    assert nothing("gone").target is None
    template = "tf.io.gfile.GFile({name}, 'r').read()"
    call = Call(parameters=("name",))
    assert public("tensorflow.io.gfile.GFile", call=call, template=template).template == template


def test_every_key_speaks_of_a_name_that_code_may_have() -> None:
    unknown = []
    for key, given in advice().items():
        path = key[: -len(".*")] if key.endswith(".*") else key
        resolved = rules.resolve(path)
        # Names older than 2.5 are in no release: there need only be a module, or nothing to use.
        # The table has nothing of tensorflow_estimator.
        estimator = path.startswith("tensorflow_estimator.")
        if resolved is None and given.target is not None and not estimator:
            unknown.append(key)
        if path.partition(".")[0] not in {
            "tensorflow",
            "tensorflow_estimator",
            "keras",
            "tf_keras",
        }:
            unknown.append(key)
    assert not unknown


def test_every_public_target_exists_in_some_release() -> None:
    unknown = []
    for key, given in advice().items():
        if given.target is None or given.target.startswith("tfcompat."):
            continue
        resolved = rules.resolve(given.target)
        known = resolved is not None and not (resolved[0].kind == "module" and resolved[1])
        if not known or rules.is_private(given.target):
            unknown.append((key, given.target))
    assert not unknown
