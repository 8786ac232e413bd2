"""Random nests of objects, against the NumPy arrays and Python values they were made of.

`TFCOMPAT_EXAMPLES` sets how many, which are then others each time.
"""

from __future__ import annotations

import collections
import dataclasses
import math
import os
import struct
import tempfile
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import tfcompat as tfc

pytestmark = pytest.mark.once_per_era

EXAMPLES = int(os.environ.get("TFCOMPAT_EXAMPLES", "0"))
profile = settings(
    max_examples=EXAMPLES or 40,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    # To look for a smaller nest takes minutes.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

VARIABLE, ARRAY, VALUE, SHARED = "variable", "array", "value", "shared"


@dataclasses.dataclass(frozen=True)
class Leaf:
    """What one key of a state holds; of a shared variable which of those before it is meant."""

    kind: str
    content: Any


@dataclasses.dataclass(frozen=True)
class Branch:
    """A dictionary, list, tuple or module."""

    kind: type
    children: tuple[tuple[Any, Any], ...]


@dataclasses.dataclass(frozen=True)
class Training:
    """Weights, and an optimizer that has taken steps."""

    optimizer: str
    options: dict
    sizes: tuple[int, ...]
    steps: int
    steps_of_reader: int


# What is drawn.

VARIABLES = [
    tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.int8, tf.int16, tf.int32, tf.int64,
    tf.uint8, tf.uint16, tf.uint32, tf.uint64, tf.bool, tf.complex64, tf.complex128,
]  # fmt: skip
ARRAYS = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", "c8", "c16", ">f4"]
shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)


@st.composite
def contents(draw, dtypes) -> np.ndarray:
    """Draw an array of any bits."""
    dtype, shape = np.dtype(draw(dtypes)), draw(shapes)
    size = math.prod(shape) * dtype.itemsize
    array = np.frombuffer(draw(st.binary(min_size=size, max_size=size)), np.uint8)
    array = (array & 1).astype(dtype) if dtype.kind == "b" else array.view(dtype)
    return array.reshape(shape)


def of_texts(texts) -> Any:
    return st.lists(texts, min_size=1, max_size=3).map(np.array)


variables = st.builds(
    Leaf,
    st.just(VARIABLE),
    contents(st.sampled_from([dtype.as_numpy_dtype for dtype in VARIABLES]))
    | st.lists(st.binary(max_size=4), max_size=3).map(lambda found: np.array(found, object)),
)
# A shared variable stands for a number where there is none yet.
shared = st.builds(Leaf, st.just(SHARED), st.integers(0, 9))
arrays = st.builds(
    Leaf,
    st.just(ARRAY),
    contents(st.sampled_from(ARRAYS))
    | contents(st.sampled_from(ARRAYS)).filter(np.size).map(lambda array: array.reshape(-1)[0])
    | st.text(max_size=3).map(np.str_)
    | st.binary(max_size=3).map(np.bytes_)
    | of_texts(st.text(st.characters(), max_size=3))
    | of_texts(st.binary(max_size=3)),
)
python_values = st.builds(
    Leaf,
    st.just(VALUE),
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers()
    | st.text(st.characters(), max_size=5) | st.binary(max_size=5),
)  # fmt: skip
letters = st.sampled_from("abcdef")
names = st.text(st.sampled_from("ab/%~.:-_ 0ü😀\\\0\ud800"), max_size=4) | st.integers(-3, 99)


def branches(children, keys, kinds=(dict, list, tuple)) -> Any:
    numbered = st.lists(children, max_size=4).map(lambda found: tuple(enumerate(found)))
    named = st.lists(st.tuples(keys, children), max_size=4, unique_by=lambda pair: str(pair[0]))
    return st.one_of(
        st.builds(Branch, st.just(kind), named.map(tuple) if kind is dict else numbered)
        for kind in kinds
    )


def modules(children) -> Any:
    named = st.lists(st.tuples(letters, children), max_size=4, unique_by=lambda pair: pair[0])
    return st.builds(Branch, st.just(tf.Module), named.map(tuple))


def tracked(leaves) -> Any:
    """What a module may have: of its attributes those without variables are no state."""
    return st.recursive(
        leaves,
        lambda children: branches(children, letters) | modules(children),
        max_leaves=4,
    )


def nests(leaves, keys) -> Any:
    return st.recursive(
        leaves | modules(tracked(variables)),
        lambda children: branches(children, keys),
        max_leaves=8,
    )


trainings = st.builds(
    Training,
    st.just("Adam"), st.sampled_from([{}, {"amsgrad": True}]),
    st.lists(st.integers(1, 3), min_size=1, max_size=2).map(tuple), st.integers(0, 2),
    st.integers(0, 1),
) | st.builds(
    Training,
    st.just("SGD"), st.sampled_from([{}, {"momentum": 0.9}]),
    st.lists(st.integers(1, 3), min_size=1, max_size=2).map(tuple), st.integers(0, 2),
    st.integers(0, 1),
)  # fmt: skip


# What it stands for.


def made(node: Any, empty: bool, sharing: list) -> Any:
    """Make the objects, of the same form but other values where they are to be empty."""
    if isinstance(node, Branch):
        found = [(key, made(child, empty, sharing)) for key, child in node.children]
        if node.kind is tf.Module:
            module = tf.Module()
            for key, child in found:
                setattr(module, key, child)
            return module
        return dict(found) if node.kind is dict else node.kind(child for _, child in found)
    content = node.content
    if node.kind == SHARED:
        return sharing[content % len(sharing)] if sharing else content
    if node.kind == VARIABLE:
        text = content.dtype == object
        other = np.full_like(content, b"other") if text else np.zeros_like(content)
        dtype = tf.string if text else None
        sharing.append(tf.Variable(other if empty else content, dtype=dtype))
        return sharing[-1]
    if not empty or content is None:
        return content.copy() if isinstance(content, np.ndarray) else content
    return np.zeros_like(content) if isinstance(content, np.ndarray) else type(content)()


def bits(value: Any) -> tuple:
    """Return what makes values the same bit by bit."""
    if isinstance(value, tf.Variable):
        value = value.numpy()
        value = np.array(value, object) if isinstance(value, bytes) else value
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.astype(value.dtype.newbyteorder("="))
        texts = value.dtype.kind in "OSU"
        return (
            value.dtype.kind if texts else value.dtype.name,
            value.shape,
            repr(value.tolist()) if texts else value.tobytes(),
        )
    if isinstance(value, float):
        return "float", struct.pack("d", value)
    if isinstance(value, complex):
        return "complex", struct.pack("dd", value.real, value.imag)
    return type(value).__name__, value


def leaves(node: Any, objects: Any, path: tuple = ()) -> dict[tuple, tuple]:
    """Return the bits of objects by where they stand in a nest."""
    if not isinstance(node, Branch):
        return {path: bits(objects)}
    found = {}
    for key, child in node.children:
        held = getattr(objects, key) if node.kind is tf.Module else objects[key]
        found.update(leaves(child, held, (*path, key)))
    return found


def flat(node: Any, path: tuple = ()) -> dict[tuple, Leaf]:
    """Return the leaves by where they stand in a nest."""
    if isinstance(node, Leaf):
        return {path: node}
    found = {}
    for key, child in node.children:
        found.update(flat(child, (*path, key)))
    return found


def originals(node: Any) -> dict[tuple, tuple]:
    """Return the bits of what a nest is made of by where it stands."""
    sharing: list = []
    found = {}
    for path, leaf in flat(node).items():
        content = leaf.content
        if leaf.kind == VARIABLE:
            sharing.append(content)
        elif leaf.kind == SHARED and sharing:
            content = sharing[content % len(sharing)]
        found[path] = bits(content)
    return found


def trained(training: Training, empty: bool) -> dict[str, Any]:
    weights = [tf.Variable(tf.fill((size,), 0.0 if empty else 1.5)) for size in training.sizes]
    optimizer = getattr(tf.keras.optimizers, training.optimizer)(0.5, **training.options)
    for step in range(training.steps_of_reader if empty else training.steps):
        gradients = [tf.random.stateless_normal(weight.shape, (step, 3)) for weight in weights]
        optimizer.apply_gradients(zip(gradients, weights))
    return {"weights": weights, "optimizer": optimizer}


def values_of(objects: dict[str, Any]) -> list[np.ndarray]:
    found = objects["optimizer"].variables
    variables = [*objects["weights"], *(found() if callable(found) else found)]
    return [variable.numpy() for variable in variables]


@profile
@given(nests(variables | arrays | python_values | shared, names))
def test_any_nest_is_restored_bit_by_bit(nest) -> None:
    expected = originals(nest)
    assume(expected)
    saved, live = made(nest, False, []), made(nest, True, [])
    assert leaves(nest, saved) == expected
    with tempfile.TemporaryDirectory() as directory:
        tfc.save_state(directory, saved)
        report = tfc.restore_state(directory, live)
    assert leaves(nest, report.objects) == expected
    if isinstance(nest, Branch) and nest.kind is not tuple:
        assert report.objects is live


@settings(profile, max_examples=max(10, EXAMPLES // 4))
@given(trainings, nests(variables | python_values, names))
def test_any_optimizer_is_restored_bit_by_bit(training, nest) -> None:
    saved, live = trained(training, False), trained(training, True)
    expected = values_of(saved)
    nested = made(nest, True, [])
    with tempfile.TemporaryDirectory() as directory:
        tfc.save_state(directory, {**saved, "nest": made(nest, False, [])})
        report = tfc.restore_state(directory, {**live, "nest": nested})
    assert leaves(nest, report.objects["nest"]) == originals(nest)
    found = values_of(live)
    for array, original in zip(found, expected):
        assert bits(array) == bits(original)
    # Without a step there are no slots, and SGD of 2.11 to 2.15 has some that it does not use.
    shorter = min(len(found), len(expected))
    # Up to 2.10 an optimizer without a step has no variables at all.
    assert shorter > len(training.sizes) or not training.steps
    assert not any(array.any() for array in found[shorter:] + expected[shorter:])


# Nests that are not the same.


@st.composite
def changed(draw, node, in_module: bool = False) -> Any:
    """Draw a nest that differs from another one in one place, or hardly."""
    inside = in_module or (isinstance(node, Branch) and node.kind is tf.Module)
    content = getattr(node, "content", None)
    if isinstance(content, np.ndarray) and draw(st.booleans()):
        # Of another rank alone, or another dtype.
        integers = content.dtype.kind in "iu"
        options = [content[None], content.astype("f4")] if integers else [content[None]]
        return Leaf(node.kind, draw(st.sampled_from(options)))
    if not isinstance(node, Branch) or draw(st.integers(0, 3)) == 0:
        return draw(tracked(variables) if in_module else variables | arrays | python_values)
    children = list(node.children)
    how = draw(st.sampled_from(["in", "in", "add", "remove"] if children else ["add"]))
    index = draw(st.integers(0, len(children) - (how != "add")))
    if how == "in":
        key, child = children[index]
        children[index] = key, draw(changed(child, inside))
    elif how == "remove":
        del children[index]
    else:
        added = draw(tracked(variables) if inside else variables | arrays | python_values)
        left = sorted(set("abcdef") - {key for key, _ in children})
        key = draw(st.sampled_from(left)) if node.kind in (dict, tf.Module) else 0
        children.insert(index, (key, added))
    if node.kind in (list, tuple):
        children = [*enumerate(child for _, child in children)]
    return Branch(node.kind, tuple(children))


def fit(saved: Leaf, live: Leaf) -> bool:
    """Tell whether a value may be restored where another one is, as it is documented."""
    kinds = {saved.kind, live.kind}
    if VARIABLE in kinds or kinds == {ARRAY}:
        if len(kinds) == 2 or saved.content.shape != live.content.shape:
            return False
        dtypes = [one.content.dtype for one in (saved, live)]
        if kinds == {ARRAY}:
            # All texts are strings in a state.
            dtypes = ["text" if dtype.kind in "SU" else dtype for dtype in dtypes]
        return dtypes[0] == dtypes[1]
    if saved.content is None or live.content is None:
        return True
    types = [type(one.content) for one in (saved, live)]
    return kinds == {VALUE} and (types[0] == types[1] or set(types) <= {int, float, complex})


def text_form(leaf: Leaf) -> str | None:
    """Return which texts an array holds, nothing of other values, None of what takes any."""
    if leaf.content is None:
        return None
    kind = leaf.content.dtype.kind if leaf.kind == ARRAY else ""
    return kind if kind in ("S", "U") else ""


@profile
@given(st.data(), st.none() | trainings)
def test_every_difference_is_told(data, training) -> None:
    nest = data.draw(nests(variables | arrays | python_values, letters))
    other = nest
    for _ in range(data.draw(st.integers(1, 3))):
        other = data.draw(changed(other))
    saved_leaves, live_leaves = flat(nest), flat(other)
    saved = {"nest": made(nest, False, []), "number": 7}
    live = {"nest": made(other, True, []), "number": 0}
    if training:
        saved["training"] = trained(training, False)
    before = leaves(other, live["nest"])

    def keys(paths) -> set[str]:
        return {"/".join(("nest", *map(str, path))) for path in paths}

    missing = keys(live_leaves.keys() - saved_leaves.keys())
    unexpected = keys(saved_leaves.keys() - live_leaves.keys())
    both = saved_leaves.keys() & live_leaves.keys()
    for path in both:
        # Whether bytes are text a state does not tell: the array that takes them does.
        texts = text_form(saved_leaves[path]), text_form(live_leaves[path])
        assume(not texts[0] or texts[0] == texts[1] or texts[1] == "")
    fitting = {path for path in both if fit(saved_leaves[path], live_leaves[path])}
    different = keys(both - fitting)
    with tempfile.TemporaryDirectory() as directory:
        prefix = tfc.save_state(directory, saved).prefix
        entries = tf.train.load_checkpoint(prefix).get_variable_to_shape_map()
        unexpected |= {key for key in entries if key.startswith("training/")}
        if missing or unexpected or different:
            with pytest.raises(tfc.StateMismatchError) as caught:
                tfc.restore_state(directory, live)
            told = caught.value
            assert leaves(other, live["nest"]) == before
            assert live["number"] == 0
            report = tfc.restore_state(directory, live, strict=False)
            assert report.missing == told.missing
            assert report.unexpected == told.unexpected
            assert report.different == told.different
        else:
            report = told = tfc.restore_state(directory, live)
    for expected, found in ((missing, told.missing), (unexpected, told.unexpected)):
        # Of a slot it is told which option makes one.
        assert collections.Counter(line.partition(" ")[0] for line in found) == (
            collections.Counter(expected)
        )
    assert sorted(line.partition(":")[0] for line in told.different) == sorted(different)
    assert set(report.restored) == keys(fitting) | {"number"}
    assert report.objects["number"] == 7
    now, truth = leaves(other, report.objects["nest"]), originals(nest)
    for path in live_leaves:
        assert now[path] == (truth if path in fitting else before)[path]
