"""The words of lookup layers, which Keras keeps beside the configuration.

A layer of 2.5 must have them before it is called, so that they are put into its configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

LOOKUPS = ("StringLookup", "IntegerLookup", "TextVectorization")
# Where the weights of the words would be needed as well.
_WEIGHTED = ("tf_idf", "tf-idf")


def collect(model: Any, config: Any) -> None:
    """Put the words of the lookup layers of a live model into its configuration."""
    layers = {layer.name: layer for layer in getattr(model, "layers", ())}
    for layer in _layers_of(config):
        inner = layer["config"]
        live = layers.get(inner.get("name"))
        if live is None:
            continue
        if _class_of(layer) not in LOOKUPS:
            collect(live, inner)
        elif not inner.get("vocabulary") and inner.get("output_mode") not in _WEIGHTED:
            words = [_plain(word) for word in live.get_vocabulary()]
            inner["vocabulary"] = _without_special(inner, words)


def fill(config: Any, stored: Mapping[str, list[str]]) -> bool:
    """Put the words that a `.keras` archive has in files into the configuration.

    Args:
        config: of a model.
        stored: the words by the path in the archive, such as
            `assets/layers/string_lookup/vocabulary.txt`.

    Returns:
        Whether every lookup layer has its words in the configuration.
    """
    complete = True
    for layer, place in _lookups(config.get("config"), "layers"):
        inner = layer["config"]
        for name, words in stored.items():
            if name.startswith(f"assets/{place}/"):
                integers = _class_of(layer) == "IntegerLookup"
                given: list[Any] = [int(word) for word in words] if integers else words
                inner["vocabulary"] = _without_special(inner, given)
        complete = complete and isinstance(inner.get("vocabulary"), list)
    return complete


def _class_of(layer: Mapping[str, Any]) -> str:
    return str(layer.get("class_name")).rpartition(">")[2]


def _layers_of(config: Any) -> Iterator[dict[str, Any]]:
    found = config.get("layers") if isinstance(config, dict) else None
    for layer in found if isinstance(found, list) else ():
        if isinstance(layer, dict) and isinstance(layer.get("config"), dict):
            yield layer


def _lookups(config: Any, place: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each lookup layer with its path in an archive: numbered by class, as Keras does."""
    counts: dict[str, int] = {}
    for layer in _layers_of(config):
        base = _snake(_class_of(layer))
        number = counts[base] = counts.get(base, -1) + 1
        inner = f"{place}/{base}_{number}" if number else f"{place}/{base}"
        if _class_of(layer) in LOOKUPS:
            yield layer, inner
        else:
            yield from _lookups(layer["config"], f"{inner}/layers")


def _without_special(config: Mapping[str, Any], words: list[Any]) -> list[Any]:
    """Take away the tokens for padding and the unknown, which the layer adds by itself."""
    names = ("mask_token", "oov_token", "mask_value", "oov_value")
    special = {"", "[UNK]", *(config[name] for name in names if config.get(name) is not None)}
    while words and words[0] in special:
        words = words[1:]
    return words


def _plain(word: Any) -> Any:
    word = word.item() if hasattr(word, "item") else word
    return word.decode("utf-8") if isinstance(word, bytes) else word


def _snake(name: str) -> str:
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
