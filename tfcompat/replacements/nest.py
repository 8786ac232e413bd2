"""Nests beyond `tf.nest`: with the path of each value, or flattened down to a shallower nest.

They replace functions of `tensorflow.python.util.nest`. What is a nest is as `tf.nest` has it.
Composite tensors are values; their parts are not looked into.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, MappingView
from typing import Any

from tfcompat import _runtime
from tfcompat.replacements._autograph import unconverted

__all__ = [
    "assert_shallow_structure",
    "flatten_dict_items",
    "flatten_up_to",
    "flatten_with_joined_string_paths",
    "flatten_with_tuple_paths",
    "flatten_with_tuple_paths_up_to",
    "get_traverse_shallow_structure",
    "list_to_tuple",
    "map_structure_up_to",
    "map_structure_with_paths",
    "map_structure_with_tuple_paths",
    "map_structure_with_tuple_paths_up_to",
    "yield_flat_paths",
]

_Path = tuple[Any, ...]


def _is_nested(value: Any) -> bool:
    return _runtime.tensorflow().nest.is_nested(value)  # type: ignore[no-any-return]


def _items(nest: Any) -> list[tuple[Any, Any]]:
    """Return the keys and values of the top level of a nest, in the order of `tf.nest`."""
    if isinstance(nest, Mapping):
        try:
            return [(key, nest[key]) for key in sorted(nest)]
        except TypeError as error:
            raise TypeError(f"The keys of a nest must be sortable: {list(nest)}.") from error
    if hasattr(type(nest), "__attrs_attrs__"):
        return [(field.name, getattr(nest, field.name)) for field in type(nest).__attrs_attrs__]
    if hasattr(nest, "__tf_flatten__"):  # data classes of the user's, from 2.13
        return list(enumerate(nest.__tf_flatten__()[1]))
    if _is_namedtuple(nest):
        return [(name, getattr(nest, name)) for name in nest._fields]
    return list(enumerate(nest))


def _is_namedtuple(nest: Any) -> bool:
    return isinstance(nest, tuple) and hasattr(nest, "_fields")


def _like(nest: Any, values: list[Any]) -> Any:
    """Return a nest whose top level is as that of another, with other values."""
    if isinstance(nest, Mapping):
        new = dict(zip((key for key, _ in _items(nest)), values))
        pairs = [(key, new[key]) for key in nest]
        if isinstance(nest, defaultdict):
            return type(nest)(nest.default_factory, pairs)
        return type(nest)(pairs)  # type: ignore[call-arg]
    if isinstance(nest, MappingView):
        return values
    if hasattr(nest, "__tf_unflatten__"):
        return nest.__tf_unflatten__(nest.__tf_flatten__()[0], tuple(values))
    if hasattr(type(nest), "__attrs_attrs__") or _is_namedtuple(nest):
        return type(nest)(*values)
    return type(nest)(values)


def yield_flat_paths(nest: Any) -> Iterator[_Path]:
    """Yield the path of each value of a nest: a tuple of keys, field names and indices."""
    for path, _ in _walk(nest, nest, ()):
        yield path


def _walk(shallow: Any, nest: Any, path: _Path) -> Iterator[tuple[_Path, Any]]:
    if not _is_nested(shallow):
        yield path, nest
        return
    below = _items(nest)
    if isinstance(shallow, Mapping) and isinstance(nest, Mapping):
        below = [(key, nest[key]) for key, _ in _items(shallow)]
    for (key, inner), (_, value) in zip(_items(shallow), below):
        yield from _walk(inner, value, (*path, key))


@unconverted
def flatten_with_tuple_paths(structure: Any) -> list[tuple[_Path, Any]]:
    """Return the values of a nest, each with its path as a tuple."""
    return list(_walk(structure, structure, ()))


def flatten_with_joined_string_paths(structure: Any, separator: str = "/") -> list[tuple[str, Any]]:
    """Return the values of a nest, each with its path as a string."""
    return [
        (separator.join(map(str, path)), value)
        for path, value in flatten_with_tuple_paths(structure)
    ]


@unconverted
def assert_shallow_structure(shallow_tree: Any, input_tree: Any, check_types: bool = True) -> None:
    """Check that a nest has all levels of a shallower one.

    Args:
        shallow_tree: the shallower nest.
        input_tree: the nest.
        check_types: whether the types of lists, tuples and so on must agree; mappings of any
            type agree.

    Raises:
        TypeError: one level is a value where the shallower has a nest, or of another type.
        ValueError: one level has another length or other keys.
    """
    if not _is_nested(shallow_tree):
        return
    if not _is_nested(input_tree):
        raise TypeError(
            f"The nest has the value {input_tree!r} where the shallow one has a "
            f"{type(shallow_tree).__name__}."
        )
    both_mappings = isinstance(shallow_tree, Mapping) and isinstance(input_tree, Mapping)
    # A tracked dictionary has the class of the plain one, but not its type.
    if check_types and not isinstance(input_tree, shallow_tree.__class__):
        same_fields = (
            _is_namedtuple(shallow_tree)
            and _is_namedtuple(input_tree)
            and type(shallow_tree).__name__ == type(input_tree).__name__
            and shallow_tree._fields == input_tree._fields
        )
        # A tracked list is of another class.
        both_lists = isinstance(shallow_tree, list) and isinstance(input_tree, list)
        if not (both_mappings or both_lists or same_fields):
            raise TypeError(
                f"The nest has a {type(input_tree).__name__} where the shallow one has a "
                f"{type(shallow_tree).__name__}."
            )
    inner, outer = _items(shallow_tree), _items(input_tree)
    if len(inner) != len(outer):
        raise ValueError(
            f"The nest has {len(outer)} elements where the shallow one has {len(inner)}."
        )
    if both_mappings:
        missing = [key for key, _ in inner if key not in input_tree]
        if missing:
            raise ValueError(f"The nest lacks the keys {missing} of the shallow one.")
        outer = [(key, input_tree[key]) for key, _ in inner]
    for (_, shallow), (_, value) in zip(inner, outer):
        assert_shallow_structure(shallow, value, check_types=check_types)


@unconverted
def flatten_with_tuple_paths_up_to(
    shallow_tree: Any, input_tree: Any, check_types: bool = True
) -> list[tuple[_Path, Any]]:
    """Return what a nest has in place of the values of a shallower one, each with its path.

    Raises:
        TypeError: see `assert_shallow_structure`.
        ValueError: see `assert_shallow_structure`.
    """
    assert_shallow_structure(shallow_tree, input_tree, check_types=check_types)
    return list(_walk(shallow_tree, input_tree, ()))


def flatten_up_to(shallow_tree: Any, input_tree: Any, check_types: bool = True) -> list[Any]:
    """Return what a nest has in place of the values of a shallower one.

    Raises:
        TypeError: see `assert_shallow_structure`.
        ValueError: see `assert_shallow_structure`.
    """
    found = flatten_with_tuple_paths_up_to(shallow_tree, input_tree, check_types=check_types)
    return [value for _, value in found]


def map_structure_with_tuple_paths_up_to(
    shallow_tree: Any, func: Callable[..., Any], *inputs: Any, **kwargs: Any
) -> Any:
    """Call a function with each path of a shallower nest and what the nests have there.

    Args:
        shallow_tree: the shallower nest.
        func: called with the path, a tuple, and one argument for each of the nests.
        *inputs: nests that have all levels of the shallower one.
        **kwargs: passed to `func`, except for `check_types`, see `assert_shallow_structure`.

    Returns:
        A nest like the shallower one of what the function returned.

    Raises:
        TypeError: see `assert_shallow_structure`.
        ValueError: there are no nests; else see `assert_shallow_structure`.
    """
    check_types = kwargs.pop("check_types", True)
    if not inputs:
        raise ValueError("There are no nests to map.")
    flat = [
        flatten_with_tuple_paths_up_to(shallow_tree, nest, check_types=check_types)
        for nest in inputs
    ]
    results = [func(items[0][0], *(value for _, value in items), **kwargs) for items in zip(*flat)]
    return _runtime.tensorflow().nest.pack_sequence_as(shallow_tree, results)


def map_structure_up_to(
    shallow_tree: Any, func: Callable[..., Any], *inputs: Any, **kwargs: Any
) -> Any:
    """Do as `map_structure_with_tuple_paths_up_to`, without the paths."""
    return map_structure_with_tuple_paths_up_to(
        shallow_tree, lambda _, *values, **named: func(*values, **named), *inputs, **kwargs
    )


def map_structure_with_tuple_paths(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """Do as `tf.nest.map_structure`, with the path, a tuple, as first argument of the function.

    Nests after the first may go deeper than it.

    Raises:
        TypeError: the nests differ in type.
        ValueError: the nests differ in length or keys, or there are none.
    """
    if not structure:
        raise ValueError("There are no nests to map.")
    return map_structure_with_tuple_paths_up_to(structure[0], func, *structure, **kwargs)


def map_structure_with_paths(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """Do as `map_structure_with_tuple_paths`, with the path as a string: `"layers/0/kernel"`."""
    return map_structure_with_tuple_paths(
        lambda path, *values, **named: func("/".join(map(str, path)), *values, **named),
        *structure,
        **kwargs,
    )


@unconverted
def flatten_dict_items(dictionary: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a dictionary from each value of the keys to that value of the values.

    `{(4, 5): (6, 7)}` becomes `{4: 6, 5: 7}`.

    Raises:
        TypeError: it is no dictionary, or a key and its value differ in structure.
        ValueError: a key and its value differ in length, or two keys hold the same.
    """
    if not isinstance(dictionary, Mapping):
        raise TypeError(f"Not a dictionary: {dictionary!r}.")
    nest = _runtime.tensorflow().nest
    flat: dict[Any, Any] = {}
    for keys, values in dictionary.items():
        if not _is_nested(keys):
            keys, values = [keys], [values]
        else:
            nest.assert_same_structure(keys, values)
            keys, values = nest.flatten(keys), nest.flatten(values)
        for key, value in zip(keys, values):
            if key in flat:
                raise ValueError(f"The key {key!r} is not unique.")
            flat[key] = value
    return flat


def get_traverse_shallow_structure(traverse_fn: Callable[[Any], Any], structure: Any) -> Any:
    """Return a shallower nest of bools from a function that says where to go on.

    Args:
        traverse_fn: called with the nest and each part of it that is gone into. It returns True
            or False, or a nest of one level of them, one for each part.
        structure: the nest.

    Raises:
        TypeError: the function returned something else.
    """
    decision = traverse_fn(structure)
    if isinstance(decision, bool):
        if not _is_nested(structure) or not decision:
            return decision
        choices = [True] * len(_items(structure))
    else:
        if not _is_nested(structure) or not _is_nested(decision):
            raise TypeError(f"traverse_fn returned {decision!r} for {structure!r}.")
        assert_shallow_structure(decision, structure)
        choices = [choice for _, choice in _items(decision)]
        if not all(isinstance(choice, bool) for choice in choices):
            raise TypeError(f"traverse_fn returned {decision!r}, not a nest of one level of bools.")
    return _like(
        structure,
        [
            get_traverse_shallow_structure(traverse_fn, value) if choice else False
            for choice, (_, value) in zip(choices, _items(structure))
        ],
    )


@unconverted
def list_to_tuple(structure: Any) -> Any:
    """Return a nest like another with tuples in place of lists, at any depth."""
    if not _is_nested(structure):
        return structure
    values = [list_to_tuple(value) for _, value in _items(structure)]
    return tuple(values) if isinstance(structure, list) else _like(structure, values)
