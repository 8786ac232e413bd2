"""Replacements within a `tf.function`, whose autograph rewrites what it calls."""

import tensorflow as tf

from tfcompat import replacements


def test_contexts_and_functions_in_a_tf_function():
    variable = tf.Variable([1.0, 2.0])

    @tf.function
    def step(value):
        with replacements.name_scope("scope", values=[value]) as scope:
            inner = tf.identity(value, name="inner")
        with replacements.name_scope(None, "default", skip_on_eager=False):
            pass
        with replacements.eager_mode():
            replacements.numpy_text(tf.constant(1))
        with replacements.NullContextmanager(), replacements.use_gpu():
            weights = replacements.broadcast_weights([1.0], inner)
        moved = replacements.assign_moving_average(variable, value, 0.5, zero_debias=False)
        after = replacements.with_dependencies([moved], weights + inner)
        nested = replacements.map_structure_up_to([1, 2], lambda one: one * 2, [after, moved])
        known = replacements.smart_cond(tf.rank(value) > 0, lambda: nested, lambda: [value, value])
        assert replacements.is_resource_variable(variable)
        assert isinstance(value, replacements.SymbolicTensor)
        assert scope == "scope/"
        return known, replacements.get_name_scope()

    (first, second), scope = step(tf.constant([3.0, 4.0]))
    assert first.numpy().tolist() == [8.0, 10.0]
    assert second.numpy().tolist() == [4.0, 6.0]
    assert scope.numpy().decode() == ""
    assert variable.numpy().tolist() == [2.0, 3.0]
