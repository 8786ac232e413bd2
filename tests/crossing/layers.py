"""Every built-in layer with state: how to make it, and its way from release to release.

One environment saves all its layers as one state, beside the truth in NumPy's own format,
which comes from `get_weights()`. A reader restores the layers that it has, and compares.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import pathlib
from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

import tfcompat as tfc

keras = tf.keras

# What a layer computes from the same weights may differ by this between releases.
TOLERANCE = 1e-5


class MissingError(Exception):
    """This release has no such layer, or the layer no such option."""


def _places() -> list[Any]:
    """Return the modules that hold public layers: some were experimental once."""
    experimental = getattr(keras.layers, "experimental", None)
    places = (keras.layers, experimental, getattr(experimental, "preprocessing", None))
    return [place for place in places if place is not None]


def public_classes() -> dict[str, type]:
    """Return every public layer class of this release by its name."""
    found: dict[str, type] = {}
    for place in _places():
        for name in dir(place):
            value = getattr(place, name, None)
            if inspect.isclass(value) and issubclass(value, keras.layers.Layer):
                found.setdefault(name, value)
    return found


class Layers:
    """The layers of this release by name; notes which of them were asked for."""

    def __init__(self) -> None:
        self.used: set[type] = set()

    def __getattr__(self, name: str) -> Any:
        for place in _places():
            found = getattr(place, name, None)
            if found is not None:
                self.used.add(found)
                return found
        raise MissingError(name)

    def with_option(self, name: str, option: str) -> Any:
        """Return a class if its constructor has an option."""
        found = getattr(self, name)
        if option not in inspect.signature(found.__init__).parameters:
            raise MissingError(f"{name}({option}=)")
        return found


def _numbers(seed: int, *shape: int) -> np.ndarray:
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(np.float32)


FLAT = _numbers(1, 2, 4)
SEQUENCE = _numbers(2, 2, 3, 4)
IMAGE = _numbers(3, 2, 6, 6, 4)
VOLUME = _numbers(4, 2, 4, 4, 4, 2)
LINES = _numbers(5, 2, 3, 6, 2)
FILM = _numbers(6, 2, 3, 6, 6, 2)
CLIPS = _numbers(7, 2, 2, 4, 4, 4, 2)
IDS = np.array([[1, 2, 0], [3, 4, 2]])
WORDS = np.array([["ant"], ["cow"], ["zebu"]])
TEXTS = np.array([["ant bee"], ["cow ant zebu"]])


def distinct_weights(layer: Any, seed: int = 11) -> None:
    """Give a layer values that tell every weight and every element from the others."""
    random = np.random.RandomState(seed)
    values = []
    for weight in layer.get_weights():
        if np.issubdtype(weight.dtype, np.integer):
            values.append(random.randint(1, 100, weight.shape).astype(weight.dtype))
        else:
            values.append(random.uniform(0.1, 0.9, weight.shape).astype(weight.dtype))
    layer.set_weights(values)


def _adapt(layer: Any) -> None:
    layer.adapt(_numbers(8, 20, 4))


def _set_words(layer: Any) -> None:
    layer.set_vocabulary(["ant", "bee", "cow"])


def _set_integers(layer: Any) -> None:
    layer.set_vocabulary([4, 2, 9])


def _adapt_texts(layer: Any) -> None:
    layer.adapt(np.array(["ant bee cow", "cow bee", "cow ant cow"]))


def _learn(layer: Any) -> None:
    for _ in range(3):
        layer(tf.constant(WORDS[1:]), learn_vocab=True)


def _cell_states(*sizes: int) -> list[np.ndarray]:
    return [_numbers(20 + index, 2, size) for index, size in enumerate(sizes)]


def _built(layer: Any, shape: tuple[Any, ...]) -> Any:
    layer.build(shape)
    return layer


def _quantized(layer: Any, inputs: np.ndarray) -> Any:
    if not hasattr(layer, "quantize"):
        raise MissingError("quantize")
    layer(inputs)
    layer.quantize("int8")
    return layer


@dataclasses.dataclass(frozen=True)
class Case:
    """A layer.

    Attributes:
        make: returns a new layer.
        inputs: what it is called on, as positional arguments.
        fill: gives it a state that tells everything in it apart.
        eager_build: whether it can be called before it has its state.
        computes: whether its outputs are compared too.
    """

    make: Callable[[Layers], Any]
    inputs: tuple[Any, ...]
    fill: Callable[[Any], None] = distinct_weights
    eager_build: bool = True
    computes: bool = True

    def build(self, layers: Layers | None = None) -> Any:
        """Return a layer that has its variables, or None where this release has no such layer."""
        try:
            layer = self.make(layers or Layers())
        except MissingError:
            return None
        if self.eager_build:
            self.call(layer)
        return layer

    def call(self, layer: Any) -> Any:
        """Call a layer on tensors: a recurrent cell of Keras 2 takes no NumPy arrays."""
        return layer(*tf.nest.map_structure(tf.constant, self.inputs))


def _case(make: Callable[[Layers], Any], *inputs: Any, **options: Any) -> Case:
    return Case(make, inputs, **options)


LAYERS: dict[str, Case] = {
    "Dense": _case(lambda new: new.Dense(3), FLAT),
    "Dense(use_bias=False)": _case(lambda new: new.Dense(3, use_bias=False), FLAT),
    "Dense(trainable=False)": _case(lambda new: new.Dense(3, trainable=False), FLAT),
    "Dense(dtype=float16)": _case(lambda new: new.Dense(3, dtype="float16"), FLAT, computes=False),
    "Dense(dtype=float64)": _case(lambda new: new.Dense(3, dtype="float64"), FLAT),
    # Low-rank adaptation adds two weights, in Keras 3.
    "Dense(lora_rank=2)": _case(
        lambda new: new.with_option("Dense", "lora_rank")(3, lora_rank=2), FLAT
    ),
    "EinsumDense(lora_rank=2)": _case(
        lambda new: new.with_option("EinsumDense", "lora_rank")("ab,bc->ac", 3, lora_rank=2), FLAT
    ),
    "Embedding(lora_rank=2)": _case(
        lambda new: new.with_option("Embedding", "lora_rank")(6, 3, lora_rank=2), IDS
    ),
    # Quantization replaces a kernel by integers and a scale, in Keras 3.
    "Dense(int8)": _case(lambda new: _quantized(new.Dense(3), FLAT), FLAT, computes=False),
    "EinsumDense": _case(
        lambda new: new.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de"), SEQUENCE
    ),
    "Embedding": _case(lambda new: new.Embedding(6, 3), IDS),
    "ReversibleEmbedding": _case(lambda new: new.ReversibleEmbedding(6, 3), IDS),
    "ReversibleEmbedding(tie_weights=False)": _case(
        lambda new: new.ReversibleEmbedding(6, 3, tie_weights=False), IDS
    ),
    "TernaryDense": _case(lambda new: new.TernaryDense(3), FLAT),
    "Conv1D": _case(lambda new: new.Conv1D(3, 2), SEQUENCE),
    "Conv1D(groups=2)": _case(lambda new: new.Conv1D(4, 2, groups=2), SEQUENCE, computes=False),
    "Conv2D": _case(lambda new: new.Conv2D(3, 2), IMAGE),
    "Conv3D": _case(lambda new: new.Conv3D(3, 2), VOLUME),
    "Conv1DTranspose": _case(lambda new: new.Conv1DTranspose(3, 2), SEQUENCE),
    "Conv2DTranspose": _case(lambda new: new.Conv2DTranspose(3, 2), IMAGE),
    "Conv3DTranspose": _case(lambda new: new.Conv3DTranspose(3, 2), VOLUME),
    "DepthwiseConv1D": _case(lambda new: new.DepthwiseConv1D(2, depth_multiplier=2), SEQUENCE),
    "DepthwiseConv2D": _case(lambda new: new.DepthwiseConv2D(2, depth_multiplier=2), IMAGE),
    "SeparableConv1D": _case(lambda new: new.SeparableConv1D(3, 2), SEQUENCE),
    "SeparableConv2D": _case(lambda new: new.SeparableConv2D(3, 2), IMAGE),
    "LocallyConnected1D": _case(lambda new: new.LocallyConnected1D(3, 2), SEQUENCE),
    "LocallyConnected2D": _case(lambda new: new.LocallyConnected2D(3, 2), IMAGE),
    "BatchNormalization": _case(lambda new: new.BatchNormalization(), FLAT),
    "BatchNormalization(scale=False)": _case(lambda new: new.BatchNormalization(scale=False), FLAT),
    "BatchNormalization(center=False)": _case(
        lambda new: new.BatchNormalization(center=False), FLAT
    ),
    "BatchNormalization(synchronized=True)": _case(
        lambda new: new.with_option("BatchNormalization", "synchronized")(synchronized=True), FLAT
    ),
    "SyncBatchNormalization": _case(lambda new: new.SyncBatchNormalization(), FLAT),
    "LayerNormalization": _case(lambda new: new.LayerNormalization(), SEQUENCE),
    "LayerNormalization(axis=[1, 2])": _case(
        lambda new: new.LayerNormalization(axis=[1, 2]), SEQUENCE
    ),
    "LayerNormalization(center=False)": _case(
        lambda new: new.LayerNormalization(center=False), SEQUENCE
    ),
    "GroupNormalization": _case(lambda new: new.GroupNormalization(2), IMAGE),
    "RMSNormalization": _case(lambda new: new.RMSNormalization(), FLAT),
    "SpectralNormalization": _case(lambda new: new.SpectralNormalization(new.Dense(3)), FLAT),
    "Normalization": _case(lambda new: new.Normalization(), FLAT, fill=_adapt),
    "Pipeline": _case(
        lambda new: new.Pipeline([new.Rescaling(2.0), _built(new.Normalization(), (None, 4))]), FLAT
    ),
    "PReLU": _case(lambda new: new.PReLU(), IMAGE),
    "PReLU(shared_axes=[1, 2])": _case(lambda new: new.PReLU(shared_axes=[1, 2]), IMAGE),
    "RandomFourierFeatures": _case(lambda new: new.RandomFourierFeatures(3, trainable=True), FLAT),
    "STFTSpectrogram": _case(
        lambda new: new.STFTSpectrogram(frame_length=4, frame_step=2, fft_length=4),
        _numbers(9, 2, 12, 1),
    ),
    "LSTM": _case(lambda new: new.LSTM(3), SEQUENCE),
    "LSTM(dropout=0.5)": _case(
        lambda new: new.LSTM(3, dropout=0.5, recurrent_dropout=0.5), SEQUENCE
    ),
    "LSTM(stateful=True)": _case(
        # Without its states: those of the last batch are no weights in Keras 3.
        lambda new: new.LSTM(3, stateful=True),
        SEQUENCE,
        computes=False,
    ),
    "GRU": _case(lambda new: new.GRU(3), SEQUENCE),
    "GRU(reset_after=False)": _case(lambda new: new.GRU(3, reset_after=False), SEQUENCE),
    "SimpleRNN": _case(lambda new: new.SimpleRNN(3), SEQUENCE),
    "RNN(LSTMCell)": _case(lambda new: new.RNN(new.LSTMCell(3)), SEQUENCE),
    "RNN([GRUCell, SimpleRNNCell, GRUCell])": _case(
        lambda new: new.RNN([new.GRUCell(3), new.SimpleRNNCell(3), new.GRUCell(3)]), SEQUENCE
    ),
    "LSTMCell": _case(lambda new: new.LSTMCell(3), FLAT, _cell_states(3, 3)),
    "GRUCell": _case(lambda new: new.GRUCell(3), FLAT, _cell_states(3)),
    "SimpleRNNCell": _case(lambda new: new.SimpleRNNCell(3), FLAT, _cell_states(3)),
    "StackedRNNCells": _case(
        lambda new: new.StackedRNNCells([new.SimpleRNNCell(3), new.SimpleRNNCell(3)]),
        FLAT,
        _cell_states(3, 3),
    ),
    "Bidirectional(LSTM)": _case(lambda new: new.Bidirectional(new.LSTM(3)), SEQUENCE),
    "Bidirectional(GRU, SimpleRNN)": _case(
        lambda new: new.Bidirectional(
            new.GRU(3), backward_layer=new.SimpleRNN(3, go_backwards=True), merge_mode="sum"
        ),
        SEQUENCE,
    ),
    # Their default, `hard_sigmoid`, is another function in Keras 3.
    "ConvLSTM1D": _case(lambda new: new.ConvLSTM1D(2, 2, recurrent_activation="sigmoid"), LINES),
    "ConvLSTM2D": _case(lambda new: new.ConvLSTM2D(2, 2, recurrent_activation="sigmoid"), FILM),
    "ConvLSTM3D": _case(lambda new: new.ConvLSTM3D(2, 2, recurrent_activation="sigmoid"), CLIPS),
    "TimeDistributed(Dense)": _case(lambda new: new.TimeDistributed(new.Dense(3)), SEQUENCE),
    "TimeDistributed(BatchNormalization)": _case(
        lambda new: new.TimeDistributed(new.BatchNormalization()), SEQUENCE
    ),
    "MultiHeadAttention": _case(lambda new: new.MultiHeadAttention(2, 3), SEQUENCE, SEQUENCE),
    "MultiHeadAttention(value_dim=2, output_shape=5)": _case(
        lambda new: new.MultiHeadAttention(2, 3, value_dim=2, output_shape=5, use_bias=False),
        SEQUENCE,
        SEQUENCE,
    ),
    "GroupQueryAttention": _case(lambda new: new.GroupQueryAttention(3, 4, 2), SEQUENCE, SEQUENCE),
    "Attention(use_scale=True)": _case(
        lambda new: new.Attention(use_scale=True), [SEQUENCE, SEQUENCE]
    ),
    "Attention(score_mode=concat)": _case(
        lambda new: new.with_option("Attention", "score_mode")(score_mode="concat", use_scale=True),
        [SEQUENCE, SEQUENCE],
    ),
    "AdditiveAttention": _case(lambda new: new.AdditiveAttention(), [SEQUENCE, SEQUENCE]),
    # Both have strings and integers among their weights; tf_keras alone has them.
    "DynamicEmbedding": _case(
        lambda new: new.DynamicEmbedding(3, 2, tf.constant(["ant", "bee", "cow"]), input_length=1),
        WORDS,
        fill=_learn,
    ),
    "DynamicLookup": _case(
        lambda new: new.DynamicLookup(3, tf.constant(["ant", "bee", "cow"])), WORDS, fill=_learn
    ),
    # TensorFlow 2.5 reserves the first place for a mask, unless told.
    "StringLookup": _case(
        lambda new: new.StringLookup(mask_token=None), WORDS, fill=_set_words, eager_build=False
    ),
    "StringLookup(invert=True)": _case(
        lambda new: new.StringLookup(invert=True, mask_token=None),
        IDS,
        fill=_set_words,
        eager_build=False,
        computes=False,
    ),
    "IntegerLookup": _case(
        lambda new: new.IntegerLookup(mask_token=None), IDS, fill=_set_integers, eager_build=False
    ),
    "TextVectorization": _case(
        lambda new: new.TextVectorization(), TEXTS, fill=_adapt_texts, eager_build=False
    ),
}

# Public classes that the table leaves out on purpose, with the reason.
EXCLUDED = {
    "AbstractRNNCell": "abstract",
    "Layer": "abstract",
    "PreprocessingLayer": "abstract",
    "Wrapper": "abstract; Bidirectional, TimeDistributed and SpectralNormalization are wrappers",
    "Discretization": "Keras 3 keeps what adapt() finds in NumPy arrays and no variable",
}


def cases() -> Iterator[tuple[str, Case]]:
    """Yield the layers of the table that this release has."""
    for name, case in LAYERS.items():
        layers = Layers()
        try:
            case.make(layers)
        except MissingError:
            continue
        yield name, case


# What lookup layers add to a vocabulary by themselves; it is another in TensorFlow 2.5.
_SPECIAL_TOKENS = ("", "[UNK]", "-1", "0")


def state_of(layer: Any) -> list[np.ndarray]:
    """Return a layer's state as NumPy arrays, in an order that all releases share."""
    if hasattr(layer, "get_vocabulary"):
        words = [
            word.decode("utf-8") if isinstance(word, bytes) else str(word)
            for word in layer.get_vocabulary()
        ]
        return [np.array([word for word in words if word not in _SPECIAL_TOKENS])]
    weights = list(zip(layer.weights, layer.get_weights()))
    # SpectralNormalization has its vector before the bias in Keras 3 and after it in Keras 2.
    weights.sort(key=lambda pair: "vector_u" in pair[0].name)
    return [
        value.astype("S") if value.dtype == object else value  # strings
        for _, value in weights
    ]


def seeds_of(layer: Any) -> list[np.ndarray]:
    """Return the states of a layer's seed generators, which Keras 3 has in `variables`."""
    if hasattr(layer, "get_vocabulary"):
        return []
    weights = {id(weight) for weight in layer.weights}
    # 32 bits in Keras 3.0, 64 in later ones.
    return [v.numpy().astype(np.int64) for v in layer.variables if id(v) not in weights]


def outputs_of(case: Case, layer: Any) -> np.ndarray:
    """Return what a layer computes, as one array."""
    # A recurrent cell returns its states as well.
    outputs = tf.nest.flatten(case.call(layer))
    return np.concatenate([np.ravel(tensor.numpy()) for tensor in outputs])


def write(directory: pathlib.Path) -> None:
    """Save every layer of this release as one state, and the truth beside it."""
    layers: dict[str, Any] = {}
    truth: dict[str, np.ndarray] = {}
    for name, case in LAYERS.items():
        layer = case.build()
        if layer is None:
            continue
        case.fill(layer)
        if case.computes:
            truth[f"{name}/outputs"] = outputs_of(case, layer)
        for part, arrays in (("state", state_of(layer)), ("seeds", seeds_of(layer))):
            for index, array in enumerate(arrays):
                truth[f"{name}/{part}/{index}"] = array
        layers[name] = layer
    here = directory / "layers"
    here.mkdir(parents=True)
    tfc.save_state(here / "state", layers)
    np.savez(here / "truth.npz", **truth)
    (here / "names.json").write_text(json.dumps(list(layers)))


def _part(truth: dict[str, np.ndarray], prefix: str) -> list[np.ndarray]:
    count = sum(key.startswith(prefix + "/") for key in truth)
    return [truth[f"{prefix}/{index}"] for index in range(count)]


def same(found: list[np.ndarray], expected: list[np.ndarray]) -> bool:
    """Tell whether two lists of arrays are equal bit by bit."""
    return [(a.dtype.kind, a.shape, a.tobytes()) for a in map(_plain, found)] == [
        (a.dtype.kind, a.shape, a.tobytes()) for a in map(_plain, expected)
    ]


def _plain(array: np.ndarray) -> np.ndarray:
    """Give integers one width: counters have 32 bits in one Keras and 64 in another."""
    array = np.asarray(array)
    return array.astype(np.int64) if array.dtype.kind in "iu" and array.ndim == 0 else array


def compare(name: str, layer: Any, truth: dict[str, np.ndarray], problems: list[str]) -> str:
    """Return `"resumed"`, or in words what is wrong with a restored layer."""
    if problems:
        return "; ".join(problems)
    if not same(state_of(layer), _part(truth, f"{name}/state")):
        return "the restored values differ"
    seeds, expected = seeds_of(layer), _part(truth, f"{name}/seeds")
    # Only Keras 3 has seeds; where both sides have them they come along.
    if len(seeds) == len(expected) and not same(seeds, expected):
        return "the restored seeds differ"
    if f"{name}/outputs" in truth:
        difference = np.max(
            np.abs(outputs_of(LAYERS[name], layer) - truth[f"{name}/outputs"]), initial=0
        )
        if not difference <= TOLERANCE:
            return f"the outputs differ by {difference}"
    return "resumed"


def problems_of(
    report: Any, saved: set[str], written: set[str], here: set[str]
) -> dict[str, list[str]]:
    """Sort what a restore reported by the object concerned.

    Whatever the two sides share must fit, and whatever only one has must be reported in full.

    Args:
        report: what `restore_state(strict=False)` returned.
        saved: all keys of the state.
        written: the names of the objects in the state.
        here: the names of the live objects.

    Returns:
        Problems by the name of an object; the empty name stands for the report as a whole.
    """
    problems: dict[str, list[str]] = {}
    for field, expected in (("missing", here - written), ("unexpected", written - here)):
        for line in getattr(report, field):
            name = line.partition("/")[0]
            if name not in expected:
                problems.setdefault(name, []).append(f"{field}: {line}")
    for line in report.different:
        problems.setdefault(line.partition("/")[0].partition(":")[0], []).append(line)
    silent = {key for key in saved if key.partition("/")[0] not in here}
    silent -= {*report.unexpected, *report.skipped}
    if silent:
        problems[""] = [f"not reported as unexpected: {sorted(silent)}"]
    return problems


def read(
    directory: pathlib.Path, environment: str, writers: Collection[str]
) -> list[dict[str, Any]]:
    """Restore the layers that some environments wrote into those of this one."""
    cells = []
    for written in sorted(directory.glob("*/environment.json")):
        writer = json.loads(written.read_text())["environment"]
        here = written.parent / "layers"
        if writer not in writers or not here.exists():
            continue
        names = json.loads((here / "names.json").read_text())
        built = {name: case.build() for name, case in LAYERS.items()}
        layers = {name: layer for name, layer in built.items() if layer is not None}
        with np.load(here / "truth.npz") as archive:
            truth = dict(archive)
        results: dict[str, str] = {}
        try:
            report = tfc.restore_state(here / "state", layers, strict=False)
        except Exception as error:  # every cell of this pair fails; other pairs go on
            results = dict.fromkeys(names, f"{type(error).__name__}: {error}"[:2000])
        else:
            saved = set(tfc.describe_state(here / "state").entries)
            problems = problems_of(report, saved, set(names), set(layers))
            for name in names:
                if name in layers:
                    found = [*problems.get("", ()), *problems.get(name, ())]
                    results[name] = compare(name, layers[name], truth, found)
        cells += [
            {
                "writer": writer,
                "reader": environment,
                "state": f"layer:{name}",
                "tfcompat": result,
            }
            for name, result in results.items()
        ]
    return cells
