"""TensorFlow checkpoints and the variables of SavedModels, which are checkpoints as well."""

from __future__ import annotations

import base64
from typing import Any

from tfcompat import _naming
from tfcompat.errors import BadStateError
from tfcompat.state.keys import LiveState
from tfcompat.state.native.artifact import Mapping
from tfcompat.state.native.bundle_artifact import BundleArtifact
from tfcompat.state.native.object_graph import BOOKKEEPING, KEY, ObjectGraph
from tfcompat.state.native.object_optimizer import StoredOptimizer
from tfcompat.state.native.tensor_bundle import TensorBundle
from tfcompat.state.native.walk import Walk
from tfcompat.state.optimizers import KERAS_3


class Checkpoint(BundleArtifact):
    """What `tf.train.Checkpoint` and everything that is built on it wrote.

    Attributes:
        graph: the stored object graph.
    """

    def __init__(
        self, opened: TensorBundle, step: int, form: str, graph: bytes | None = None
    ) -> None:
        super().__init__(opened, step, form)
        self._stored = opened.read(KEY).item() if graph is None else graph
        try:
            self.graph = ObjectGraph(self._stored)
        except (ValueError, IndexError) as error:
            raise BadStateError(
                f"{self.path!r}: its object graph cannot be read: {error}"
            ) from error
        for key in (KEY, *self.graph.configurations()):
            self.entries.pop(key, None)

    def structure(self) -> dict[str, Any]:  # noqa: D102 - as in the base class
        return {"graph": base64.b64encode(self._stored).decode()}

    def match(self, live: LiveState) -> Mapping:  # noqa: D102 - as in the base class
        graph = self.graph
        shapes = {key: entry.shape for key, entry in self.entries.items()}
        walk = Walk(graph, shapes, live)
        found = dict(walk.pairs)
        ignored: set[int] = set()
        key_of = {number: key for key, number in walk.pairs.items()}
        objects: dict[str, dict[str, Any]] = {}
        families = set()
        for path, number in walk.optimizers.items():
            order = live.optimizers[path].build_order()
            weights = {found[one.key]: one.key for one in order if one.key in found}
            stored = StoredOptimizer(graph, shapes, number, weights)
            walk.differences += [f"{path}: {text}" for text in stored.unsure]
            keys = stored.keys(live.optimizers[path], key_of)
            unused = set(stored.unused(live.optimizers[path]))
            found.update((key, number) for key, number in keys.items() if number not in unused)
            ignored |= stored.hyperparameters | unused
            objects[path] = {**stored.describe(), "stepped": self._has_stepped(stored)}
            families.add(stored.family)
        mapping = Mapping(
            pairs={key: graph.nodes[number].key for key, number in found.items()},
            objects=objects,
            differences=walk.differences,
            without_optimizer=[path for path in live.optimizers if path not in objects],
        )
        for path, number in walk.tables.items():
            self._add_table(mapping, path, number)
        mapping.ignored = self._ignored(set(found.values()), ignored)
        self._describe_layers(mapping, live, KERAS_3 in families)
        return mapping

    def _has_stepped(self, stored: StoredOptimizer) -> bool:
        number = stored.scalars.get("iterations")
        if stored.slots or number is None:
            return bool(stored.slots)
        key = self.graph.nodes[number].key
        return key in self.entries and bool(self.read([key])[key])

    def _add_table(self, mapping: Mapping, path: str, number: int) -> None:
        """A lookup table has two tensors under one key of the graph.

        2.9 writes that without its last part.
        """
        for _, _, key in self.graph.nodes[number].tensors:
            for part in ("keys", "values"):
                whole = key[: -len(part) - 1] if key.endswith("-" + part) else key
                for name in self.entries:
                    if name.startswith(whole) and name.endswith("-" + part):
                        mapping.pairs[_naming.join(path, part)] = name

    def _ignored(self, used: set[int], ignored: set[int]) -> set[str]:
        """Return the keys of what is bookkeeping of the writer."""
        graph = self.graph
        # What no path reaches but those of bookkeeping, and the generators inside of Keras 2's
        # layers, which 2.8 and 2.9 save where `enable_tf_random_generator` was called.
        kept = set(graph.below(0, BOOKKEEPING | {"_random_generator"}))
        for number, node in enumerate(graph.nodes):
            if number in used or not node.tensors:
                continue
            is_seed = node.name.endswith("seed_generator_state")
            if number not in kept or is_seed:
                ignored.add(number)
        return {key for number in ignored for _, _, key in graph.nodes[number].tensors}

    def _describe_layers(self, mapping: Mapping, live: LiveState, keras_3: bool) -> None:
        """Say how the writer's Keras tracks a variance; see `arithmetic`."""
        edges = {edge for node in self.graph.nodes for edge in node.children}
        keras_3 = keras_3 or "_operations" in edges
        keras_2 = any(edge.startswith("layer_with_weights-") for edge in edges)
        if keras_3 is keras_2:
            return
        for path, described in live.normalizations.items():
            variance = "biased" if keras_3 else "unbiased"
            mapping.objects[path] = {**described, "variance": variance}
