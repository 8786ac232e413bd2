"""Stable names: what the user wrote, and the order of what Keras made up."""

from __future__ import annotations

import re
from typing import Any

from tfcompat import _kinds, _runtime

# Weights of Keras's own layers whose short name differs between the eras: (class, Keras 2) to
# the name that Keras 3 gives it.
_RENAMED_WEIGHTS = {
    ("DepthwiseConv1D", "depthwise_kernel"): "kernel",
    ("DepthwiseConv2D", "depthwise_kernel"): "kernel",
}

# Keras 2 names a functional model `model`, Keras 3 `functional`.
_CANONICAL_BASES = {"functional": "model", "model": "model"}


def escape(name: Any) -> str:
    """Make one component of a key: a slash in a name must not look like a border.

    TensorFlow takes names in UTF-8, and those that begin with a zero byte for slices of tensors:
    a zero becomes what modified UTF-8 has for it.
    """
    text = str(name).encode("utf-8", "backslashreplace").decode("utf-8")
    return text.replace("%", "%25").replace("/", "%2F").replace("\0", "%C0%80") or "%00"


def join(*parts: str) -> str:
    """Join components and prefixes of keys; an empty one adds nothing."""
    return "/".join(part for part in parts if part)


def is_within(key: str, path: str) -> bool:
    """Tell whether a key is a path or lies below it; everything lies below the empty one."""
    return not path or key == path or key.startswith(path + "/")


def tensor_variable(variable: Any) -> Any:
    """Return the `tf.Variable` of a variable: a Keras 3 variable holds one."""
    return variable if isinstance(variable, _runtime.tensorflow().Variable) else variable.value


def short_name(variable: Any) -> str:
    """Return the last component of a variable's name: `kernel` of `dense/kernel:0`."""
    return path_of(variable).rpartition("/")[2]


def path_of(variable: Any) -> str:
    """Return a variable's name without the output number: Keras 3 calls it `path`."""
    name = getattr(variable, "path", None) or variable.name
    return str(name).partition(":")[0]


def squeezed(name: str) -> str:
    """Return a name in small letters, without what is neither letter nor digit."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def automatic_base(layer: Any) -> tuple[str, int] | None:
    """Return (base, number) when a layer's name is one that Keras made up, else None.

    Keras names a layer after its class, in snake case, with a number that counts the layers
    of the class in the process: `dense`, `dense_1`. The releases disagree about underscores
    (`conv_lst_m2d`, `conv_lstm2d`), so they do not count here.
    """
    name = layer.name
    base, _, number = name.rpartition("_")
    if not number.isdigit():
        base, number = name, "0"
    letters, cls = squeezed(base), squeezed(type(layer).__name__)
    # `model` and `functional` are the automatic names of a functional model, in Keras 2 and 3.
    if letters in (cls, "private" + cls) or (
        letters in ("model", "functional") and _kinds.kind_of(layer) == _kinds.FUNCTIONAL
    ):
        return _CANONICAL_BASES.get(letters) or _snake_case(type(layer).__name__), int(number)
    return None


def _snake_case(name: str) -> str:
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def layer_names(layers: list[Any]) -> list[tuple[str, bool]]:
    """Name the layers of one model: (name, whether Keras made the layer's name up).

    A name that the user gave stays. Of the names that Keras made up only the order of their
    numbers is kept, so that a second model built in the same process gets the same names.
    """
    found = [automatic_base(layer) for layer in layers]
    numbers: dict[str, list[int]] = {}
    for automatic in found:
        if automatic:
            numbers.setdefault(automatic[0], []).append(automatic[1])
    for ranked in numbers.values():
        ranked.sort()
    given = {layer.name for layer, automatic in zip(layers, found) if not automatic}
    named = []
    for layer, automatic in zip(layers, found):
        if not automatic:
            named.append((escape(layer.name), False))
            continue
        base, number = automatic
        rank = numbers[base].index(number)
        name = f"{base}_{rank}" if rank else base
        # A layer of another class may carry this very name, given by the user.
        named.append((f"{name}~" if name in given else name, True))
    return named


def weight_names(layer: Any, paths: list[str]) -> list[str]:
    """Name the weights of one of Keras's own layers, given by their paths, by their short names.

    Where several share one (the four projections of an attention layer) the component before
    it tells them apart: `query/kernel`.
    """
    classes = [cls.__name__ for cls in type(layer).__mro__]

    def renamed(name: str) -> str:
        for cls in classes:
            if (cls, name) in _RENAMED_WEIGHTS:
                return _RENAMED_WEIGHTS[cls, name]
        return name

    components = [path.split("/") for path in paths]
    names = [renamed(path[-1]) for path in components]
    if len(set(names)) < len(names):
        names = [join(*path[-2:-1], name) for path, name in zip(components, names)]
    return distinct(names)


def distinct(names: list[str]) -> list[str]:
    """Number the names that occur more than once."""
    seen: dict[str, int] = {}
    numbered = []
    for name in names:
        count = seen[name] = seen.get(name, -1) + 1
        numbered.append(f"{name}_{count}" if count else name)
    return numbered
