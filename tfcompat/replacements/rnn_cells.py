"""Recurrent cells of TensorFlow 1: `tf.compat.v1.nn.rnn_cell`, which Keras 3 does not have.

They are modules, not layers of Keras. Their variables come from `tf.compat.v1.get_variable` and
have the names, shapes and order of gates that the originals gave them, so that scopes and
checkpoints by names go on. `tf.compat.v1.nn.dynamic_rnn` takes them.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from tfcompat import _runtime
from tfcompat.replacements.keras_utils import to_snake_case
from tfcompat.replacements.rnn import LSTMStateTuple, zero_state_tensors

if TYPE_CHECKING:
    BasicLSTMCell: Any
    BasicRNNCell: Any
    GRUCell: Any
    LSTMCell: Any
    MultiRNNCell: Any
    RNNCell: Any

__all__ = ["BasicLSTMCell", "BasicRNNCell", "GRUCell", "LSTMCell", "MultiRNNCell", "RNNCell"]


@functools.cache
def _classes() -> dict[str, type]:
    tf = _runtime.tensorflow()
    v1 = tf.compat.v1
    module: Any = tf.Module

    class RNNCell(module):  # type: ignore[misc]
        """What a cell is: `call(inputs, state)` returns an output and the next state.

        Args:
            trainable: whether the variables of `add_weight` are.
            name: of the variable scope; that of the class, as `lstm_cell`, if None.
            dtype: of the variables of `add_weight`; that of the inputs if None.
            reuse: whether the variables exist already.
        """

        def __init__(
            self,
            trainable: bool = True,
            name: str | None = None,
            dtype: Any = None,
            reuse: bool | None = None,
            *,
            _reuse: bool | None = None,
        ) -> None:
            self._scope_name = name or to_snake_case(type(self).__name__)
            super().__init__(name=self._scope_name)
            self.trainable = trainable
            self.dtype = None if dtype is None else tf.as_dtype(dtype)
            self.built = False
            self._reuse = reuse or _reuse
            self._scope: Any = None

        @property
        def state_size(self) -> Any:
            """The size of the state, or a nest of sizes."""
            raise NotImplementedError(f"{type(self).__name__} has no state_size.")

        @property
        def output_size(self) -> Any:
            """The size of the output."""
            raise NotImplementedError(f"{type(self).__name__} has no output_size.")

        @property
        def weights(self) -> list[Any]:
            return list(self.variables)

        @property
        def trainable_weights(self) -> list[Any]:
            return list(self.trainable_variables)

        def build(self, inputs_shape: Any) -> None:
            """Make the variables, with the scope entered."""

        def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
            """Return the output and the next state."""
            raise NotImplementedError(f"{type(self).__name__} has no call.")

        def add_weight(self, name: str, shape: Any, initializer: Any = None, **options: Any) -> Any:
            """Make a variable of the cell's scope."""
            options.setdefault("trainable", self.trainable)
            return v1.get_variable(name, shape, self.dtype, initializer, **options)

        def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
            inputs = tf.convert_to_tensor(inputs)
            for tensor in tf.nest.flatten([inputs, state]):
                if not (tensor.dtype.is_floating or tensor.dtype.is_complex):
                    raise ValueError(
                        f"A cell takes floating or complex numbers, but received {tensor.dtype}."
                    )
            if self.dtype is None:
                self.dtype = inputs.dtype
            if self._scope is None:
                own = scope or (self._scope_name if self._reuse else None)
                entered = v1.variable_scope(own, self._scope_name, reuse=self._reuse)
            else:
                # What a call made before is there again.
                entered = v1.variable_scope(
                    self._scope, reuse=True if self.built else None, auxiliary_name_scope=False
                )
            with entered as self._scope:
                if not self.built:
                    self.build(inputs.shape)
                result = self.call(inputs, state)
            self.built = True
            return result

        def zero_state(self, batch_size: Any, dtype: Any) -> Any:
            """Return zeros of shape (batch_size, size) for each size of the state."""
            with v1.name_scope(f"{type(self).__name__}ZeroState"):
                return zero_state_tensors(self.state_size, batch_size, dtype)

        def get_initial_state(
            self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
        ) -> Any:
            """Return zeros for the batch and dtype of the inputs, or for those that are given.

            Raises:
                ValueError: neither are the inputs given, nor batch size and dtype.
            """
            if inputs is not None:
                inputs = tf.convert_to_tensor(inputs)
                known = inputs.shape[0]
                batch_size, dtype = tf.shape(inputs)[0] if known is None else known, inputs.dtype
            if batch_size is None or dtype is None:
                raise ValueError("An initial state needs inputs, or batch_size and dtype.")
            return self.zero_state(batch_size, dtype)

    class Cell(RNNCell):
        """A cell of one size, with an activation: its name, a function, or tanh if None."""

        def __init__(
            self,
            num_units: int,
            activation: Any,
            reuse: bool | None,
            name: str | None,
            dtype: Any,
            **options: Any,
        ) -> None:
            super().__init__(name=name, dtype=dtype, reuse=reuse, **options)
            self._num_units = num_units
            self._activation = tf.keras.activations.get(activation) if activation else tf.tanh

        @property
        def state_size(self) -> Any:
            return self._num_units

        @property
        def output_size(self) -> Any:
            return self._num_units

        def linear(self, name: str, inputs: Any, state: Any) -> Any:
            kernel, bias = self._linear[name]
            return tf.nn.bias_add(tf.concat([inputs, state], 1) @ kernel, bias)

        def add_linear(
            self,
            name: str,
            inputs: int,
            outputs: int,
            kernel_initializer: Any = None,
            bias_initializer: Any = None,
        ) -> None:
            bias_initializer = bias_initializer or v1.zeros_initializer()
            self._linear = {
                **getattr(self, "_linear", {}),
                name: (
                    self.add_weight(f"{name}kernel", [inputs, outputs], kernel_initializer),
                    self.add_weight(f"{name}bias", [outputs], bias_initializer),
                ),
            }

    class BasicRNNCell(Cell):
        """A cell whose output is its state.

        Args:
            num_units: the size of both.
            activation: a function, or its name; tanh if None.
            reuse: whether the variables exist already.
            name: of the variable scope.
            dtype: of the variables; that of the inputs if None.
            **options: of `RNNCell`.
        """

        def __init__(
            self,
            num_units: int,
            activation: Any = None,
            reuse: bool | None = None,
            name: str | None = None,
            dtype: Any = None,
            **options: Any,
        ) -> None:
            super().__init__(num_units, activation, reuse, name, dtype, **options)

        def build(self, inputs_shape: Any) -> None:
            self.add_linear("", inputs_shape[-1] + self._num_units, self._num_units)

        def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
            output = self._activation(self.linear("", inputs, state))
            return output, output

    class GRUCell(Cell):
        """A gated recurrent unit.

        Args:
            num_units: the size of the state and the output.
            activation: a function, or its name; tanh if None.
            reuse: whether the variables exist already.
            kernel_initializer: that of the variable scope if None.
            bias_initializer: ones for the gates and zeros for the candidate if None.
            name: of the variable scope.
            dtype: of the variables; that of the inputs if None.
            **options: of `RNNCell`.
        """

        def __init__(
            self,
            num_units: int,
            activation: Any = None,
            reuse: bool | None = None,
            kernel_initializer: Any = None,
            bias_initializer: Any = None,
            name: str | None = None,
            dtype: Any = None,
            **options: Any,
        ) -> None:
            super().__init__(num_units, activation, reuse, name, dtype, **options)
            self._initializers = (kernel_initializer, bias_initializer)

        def build(self, inputs_shape: Any) -> None:
            kernel, bias = self._initializers
            size, units = inputs_shape[-1] + self._num_units, self._num_units
            gates = bias or v1.constant_initializer(1.0)
            self.add_linear("gates/", size, 2 * units, kernel, gates)
            self.add_linear("candidate/", size, units, kernel, bias)

        def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
            gates = tf.sigmoid(self.linear("gates/", inputs, state))
            reset, update = tf.split(gates, 2, axis=1)
            candidate = self._activation(self.linear("candidate/", inputs, reset * state))
            new = update * state + (1 - update) * candidate
            return new, new

    class LSTMCell(Cell):
        """A long short-term memory.

        Args:
            num_units: the size of the cell state.
            use_peepholes: whether the gates see the cell state.
            cell_clip: the largest absolute value of the cell state.
            initializer: of the kernels; that of the variable scope if None.
            num_proj: the size of the output, which a kernel then projects.
            proj_clip: the largest absolute value of that.
            num_unit_shards: into how many parts the kernel is divided.
            num_proj_shards: the same of the kernel of the projection.
            forget_bias: what is added to the forget gate.
            state_is_tuple: whether the state is an `LSTMStateTuple`, or both side by side.
            activation: a function, or its name; tanh if None.
            reuse: whether the variables exist already.
            name: of the variable scope.
            dtype: of the variables; that of the inputs if None.
            **options: of `RNNCell`.
        """

        def __init__(
            self,
            num_units: int,
            use_peepholes: bool = False,
            cell_clip: float | None = None,
            initializer: Any = None,
            num_proj: int | None = None,
            proj_clip: float | None = None,
            num_unit_shards: int | None = None,
            num_proj_shards: int | None = None,
            forget_bias: float = 1.0,
            state_is_tuple: bool = True,
            activation: Any = None,
            reuse: bool | None = None,
            name: str | None = None,
            dtype: Any = None,
            **options: Any,
        ) -> None:
            super().__init__(num_units, activation, reuse, name, dtype, **options)
            if num_unit_shards is not None or num_proj_shards is not None:
                raise ValueError(
                    "Kernels are not divided by num_unit_shards and num_proj_shards: use the "
                    "partitioner of a variable scope."
                )
            self._use_peepholes = use_peepholes
            self._cell_clip = cell_clip
            self._initializer = initializer
            self._num_proj = num_proj
            self._proj_clip = proj_clip
            self._forget_bias = forget_bias
            self._state_is_tuple = state_is_tuple

        @property
        def state_size(self) -> Any:
            sizes = LSTMStateTuple(self._num_units, self.output_size)
            return sizes if self._state_is_tuple else sum(sizes)

        @property
        def output_size(self) -> Any:
            return self._num_proj or self._num_units

        def build(self, inputs_shape: Any) -> None:
            units, initializer = self._num_units, self._initializer
            self.add_linear("", inputs_shape[-1] + self.output_size, 4 * units, initializer)
            self._peepholes = (
                [self.add_weight(f"w_{gate}_diag", [units], initializer) for gate in "fio"]
                if self._use_peepholes
                else [0, 0, 0]
            )
            self._projection = (
                self.add_weight("projection/kernel", [units, self._num_proj], initializer)
                if self._num_proj
                else None
            )

        def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
            sizes = [self._num_units, self.output_size]
            c, h = state if self._state_is_tuple else tf.split(state, sizes, axis=1)
            i, j, f, o = tf.split(self.linear("", inputs, h), 4, axis=1)
            to_f, to_i, to_o = self._peepholes
            kept = tf.sigmoid(f + self._forget_bias + to_f * c) * c
            c = kept + tf.sigmoid(i + to_i * c) * self._activation(j)
            if self._cell_clip is not None:
                c = tf.clip_by_value(c, -self._cell_clip, self._cell_clip)
            h = tf.sigmoid(o + to_o * c) * self._activation(c)
            if self._projection is not None:
                h = h @ self._projection
                if self._proj_clip is not None:
                    h = tf.clip_by_value(h, -self._proj_clip, self._proj_clip)
            return h, LSTMStateTuple(c, h) if self._state_is_tuple else tf.concat([c, h], 1)

    class BasicLSTMCell(LSTMCell):
        """A long short-term memory without peepholes, clipping and projection.

        Args:
            num_units: the size of the cell state and the output.
            forget_bias: what is added to the forget gate.
            state_is_tuple: whether the state is an `LSTMStateTuple`, or both side by side.
            activation: a function, or its name; tanh if None.
            reuse: whether the variables exist already.
            name: of the variable scope.
            dtype: of the variables; that of the inputs if None.
            **options: of `RNNCell`.
        """

        def __init__(
            self,
            num_units: int,
            forget_bias: float = 1.0,
            state_is_tuple: bool = True,
            activation: Any = None,
            reuse: bool | None = None,
            name: str | None = None,
            dtype: Any = None,
            **options: Any,
        ) -> None:
            super().__init__(
                num_units,
                forget_bias=forget_bias,
                state_is_tuple=state_is_tuple,
                activation=activation,
                reuse=reuse,
                name=name,
                dtype=dtype,
                **options,
            )

    class MultiRNNCell(RNNCell):
        """Cells one after another.

        Args:
            cells: the first gets the inputs.
            state_is_tuple: whether the state is the tuple of theirs, or all side by side.

        Raises:
            ValueError: there are no cells, or one has a nest of states while `state_is_tuple` is
                False.
        """

        def __init__(self, cells: Any, state_is_tuple: bool = True) -> None:
            super().__init__()
            if not cells:
                raise ValueError("Must specify at least one cell for MultiRNNCell.")
            self._cells = list(cells)
            self._state_is_tuple = state_is_tuple
            if not state_is_tuple and any(tf.nest.is_nested(c.state_size) for c in self._cells):
                raise ValueError("Some cells return tuples of states: use state_is_tuple=True.")

        @property
        def state_size(self) -> Any:
            sizes = tuple(cell.state_size for cell in self._cells)
            return sizes if self._state_is_tuple else sum(sizes)

        @property
        def output_size(self) -> Any:
            return self._cells[-1].output_size

        def zero_state(self, batch_size: Any, dtype: Any) -> Any:
            if not self._state_is_tuple:
                return super().zero_state(batch_size, dtype)
            return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)

        def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
            sizes = [cell.state_size for cell in self._cells]
            states = state if self._state_is_tuple else tf.split(state, sizes, axis=1)
            new = []
            for i, (cell, before) in enumerate(zip(self._cells, states)):
                with v1.variable_scope(f"cell_{i}"):
                    inputs, after = cell(inputs, before)
                new.append(after)
            return inputs, tuple(new) if self._state_is_tuple else tf.concat(new, 1)

    classes = (BasicLSTMCell, BasicRNNCell, GRUCell, LSTMCell, MultiRNNCell, RNNCell)
    return {each.__name__: each for each in classes}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _classes()[name]
