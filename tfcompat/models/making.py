"""Plans to objects, by the constructors of this release's Keras."""

from __future__ import annotations

from typing import Any

from tfcompat import _runtime
from tfcompat.errors import BadStateError
from tfcompat.models import functional, known
from tfcompat.models.operations import Operation
from tfcompat.models.planning import Plan, Value


class Maker:
    """Makes the objects of one file."""

    def __init__(self) -> None:
        self._shared: dict[Any, Any] = {}

    def make(self, plan: Any) -> Any:
        """Return what a plan says, and any other value as it is."""
        if isinstance(plan, Value):
            return plan.value
        if isinstance(plan, dict):
            return {key: self.make(value) for key, value in plan.items()}
        if isinstance(plan, (list, tuple)):
            return type(plan)(self.make(value) for value in plan)
        if not isinstance(plan, Plan):
            return plan
        if plan.shared is not None and plan.shared in self._shared:
            return self._shared[plan.shared]
        made = self._object(plan)
        if plan.shared is not None:
            self._shared[plan.shared] = made
        return made

    def _object(self, plan: Plan) -> Any:
        if plan.layers is not None:
            is_sequential = issubclass(plan.cls, _runtime.keras().Sequential)
            return self._sequential(plan) if is_sequential else self._functional(plan)
        if not plan.own:
            return plan.cls.from_config(self._serialized(plan.arguments))
        if plan.cls.__name__ == "InputLayer":
            return self._input(plan)
        return plan.cls(**self.make(plan.arguments))

    def _input(self, plan: Plan) -> Any:
        """Return the tensor of an input. Its shape is `batch_shape` in Keras 3 alone."""
        config = plan.config
        shape = input_shape(config)
        if shape is None:
            raise BadStateError(f"The input {config.get('name')!r} has no shape.")
        options = {key: config[key] for key in ("sparse", "ragged", "optional") if config.get(key)}
        return _runtime.keras().Input(
            shape=tuple(shape[1:]),
            batch_size=shape[0],
            dtype=self.make(plan.arguments.get("dtype")) or config.get("dtype"),
            name=config.get("name"),
            **options,
        )

    def _sequential(self, plan: Plan) -> Any:
        model = plan.cls(name=plan.arguments.get("name"))
        planned = plan.layers or []
        for number, layer in enumerate(planned):
            if number == 0 and isinstance(layer, Plan) and layer.cls.__name__ != "InputLayer":
                shape = input_shape(layer.config)
                if shape is not None and not layer.layers:
                    dtype = layer.config.get("dtype")
                    keras = _runtime.keras()
                    model.add(
                        keras.Input(
                            shape=tuple(shape[1:]),
                            batch_size=shape[0],
                            dtype=dtype if isinstance(dtype, str) and _is_input(layer) else None,
                        )
                    )
            model.add(self.make(layer))
        self._set_trainable(model, plan)
        shape = plan.config.get("build_input_shape")
        if not model.built and isinstance(shape, list):
            model.build(shape_of(shape))
        return model

    def _functional(self, plan: Plan) -> Any:
        config = plan.config
        names = functional.names_of_layers(config["layers"])
        layers: dict[str, Any] = {}
        inputs: dict[str, Any] = {}
        for name, layer in zip(names, plan.layers or []):
            made = layer if isinstance(layer, Operation) else self.make(layer)
            is_input = isinstance(layer, Plan) and layer.cls.__name__ == "InputLayer"
            (inputs if is_input else layers)[name] = made
        where = f"the model {plan.arguments.get('name')!r}"
        graph = functional.Graph({**layers, **inputs}, inputs, where)
        graph.run(config["layers"], config.get("output_layers"))
        outputs = graph.ends(config.get("output_layers"))
        # Keras 2 always writes a list, Keras 3 a single tensor as such.
        if isinstance(outputs, list) and len(outputs) == 1:
            outputs = outputs[0]
        ends = graph.ends(config.get("input_layers"))
        if isinstance(ends, list) and len(ends) == 1:
            ends = ends[0]
        model = plan.cls(inputs=ends, outputs=outputs, name=plan.arguments.get("name"))
        self._set_trainable(model, plan)
        return model

    def _set_trainable(self, model: Any, plan: Plan) -> None:
        # The layers have their own flags, which this one would overwrite.
        if plan.config.get("trainable") is False:
            model.trainable = False

    def _serialized(self, value: Any) -> Any:
        """Return the configuration of a class of the user's as this release would write it."""
        if isinstance(value, Plan):
            made = self.make(value)
            if value.kind == known.LAYER:
                return _runtime.keras().layers.serialize(made)
            if not value.own:
                return _runtime.keras().utils.serialize_keras_object(made)
            module = getattr(_runtime.keras(), known.place(value.kind).partition(".")[0])
            if value.kind == known.SCHEDULE:
                module = _runtime.keras().optimizers.schedules
            return module.serialize(made)
        if isinstance(value, Value):
            return value.value
        if isinstance(value, dict):
            return {key: self._serialized(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self._serialized(item) for item in value)
        return value


def input_shape(config: Any) -> Any:
    """Return the shape of a batch that a configuration of a layer has, or None."""
    for key in ("batch_shape", "batch_input_shape"):
        if isinstance(config.get(key), list) and config[key]:
            return config[key]
    return None


def _is_input(layer: Plan) -> bool:
    return bool(layer.cls.__name__ == "Embedding")


def shape_of(value: Any) -> Any:
    """Return a shape, or a nest of shapes, with tuples for lists."""
    if isinstance(value, dict):
        return {key: shape_of(item) for key, item in value.items()}
    if isinstance(value, list):
        if all(item is None or isinstance(item, int) for item in value):
            return tuple(value)
        return [shape_of(item) for item in value]
    return value
