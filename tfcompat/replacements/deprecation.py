"""Decorators that tell users of a library that something is deprecated or belongs to its API.

They replace `tensorflow.python.util.deprecation`, and those of `tf_export`, `all_util` and
`tensorflow.tools.docs.doc_controls`, which concern TensorFlow's own builds alone and do nothing
here.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from tfcompat import _runtime
from tfcompat.replacements.inspection import getcallargs, getfullargspec, make_decorator

__all__ = [
    "deprecated",
    "deprecated_alias",
    "deprecated_arg_values",
    "deprecated_args",
    "deprecated_argument_lookup",
    "deprecated_endpoints",
    "do_not_doc_in_subclasses",
    "do_not_doc_inheritable",
    "do_not_generate_docs",
    "for_subclass_implementers",
    "keras_export",
    "keyword_args_only",
    "kwarg_only",
    "remove_undocumented",
    "rewrite_argument_docstring",
    "silence",
    "tf_export",
]

_warned: set[Any] = set()
_silent = False
_DATE = re.compile(r"20\d\d-[01]\d-[0123]\d")


def _check(date: str | None, instructions: str) -> None:
    if date is not None and not _DATE.fullmatch(date):
        raise ValueError(f"The date must be of the form YYYY-MM-DD or None, not {date!r}.")
    if not instructions:
        raise ValueError("A deprecation needs instructions for updating.")


def _warn(key: Any, once: bool, text: str) -> None:
    """Log a deprecation with the place of the call, two frames up."""
    if _silent or key in _warned:
        return
    if once:
        _warned.add(key)
    call = traceback.extract_stack(limit=3)[0]
    place = f"{call.filename}:{call.lineno}"
    _runtime.tensorflow().get_logger().warning("From %s: %s", place, text)


def _removal(date: str | None) -> str:
    return "in a future version" if date is None else f"after {date}"


def _noted(doc: str | None, mark: str, notice: str) -> str:
    """Put a notice into a docstring, below its first line."""
    first, _, rest = inspect.cleandoc(doc or "Deprecated.").partition("\n")
    return "\n".join([f"{first} ({mark})", "", f"Deprecated: {notice}", rest]).rstrip()


def deprecated(date: str | None, instructions: str, warn_once: bool = True) -> Callable[[Any], Any]:
    """Decorate a function, method or class whose use logs that it is deprecated.

    Args:
        date: when it will be removed, as `YYYY-MM-DD`, or None.
        instructions: what to do instead.
        warn_once: whether the first use alone is logged.

    Raises:
        ValueError: the date is of another form, or there are no instructions.
    """
    _check(date, instructions)
    notice = f"It will be removed {_removal(date)}. {instructions}"

    def decorate(target: Any) -> Any:
        text = (
            f"{target.__qualname__} (from {target.__module__}) is deprecated and will be removed "
            f"{_removal(date)}.\nInstructions for updating:\n{instructions}"
        )
        is_class = isinstance(target, type)
        constructor = "__init__" if is_class and target.__new__ is object.__new__ else "__new__"
        function = getattr(target, constructor) if is_class else target
        if not callable(function):
            raise ValueError(f"{target!r} is not callable.")

        @functools.wraps(function)
        def warning(*args: Any, **kwargs: Any) -> Any:
            _warn(function, warn_once, text)
            return function(*args, **kwargs)

        doc = _noted(target.__doc__, "deprecated", notice)
        make_decorator(function, warning, decorator_doc=doc)
        if not is_class:
            return warning
        setattr(target, constructor, warning)
        target.__doc__ = doc
        return target

    return decorate


def deprecated_alias(
    deprecated_name: str, name: str, func_or_class: Any, warn_once: bool = True
) -> Any:
    """Return a function or class like another whose use logs that its name is deprecated.

    Args:
        deprecated_name: the old name, in full.
        name: the new name, in full.
        func_or_class: what has the new name.
        warn_once: whether the first use alone is logged.
    """
    text = f"The name {deprecated_name} is deprecated. Please use {name} instead."
    key = object()
    if isinstance(func_or_class, type):

        class Alias(func_or_class):  # type: ignore[misc]
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                _warn(key, warn_once, text)
                super().__init__(*args, **kwargs)

        Alias.__name__, Alias.__qualname__ = func_or_class.__name__, func_or_class.__qualname__
        Alias.__doc__ = _noted(func_or_class.__doc__, "deprecated", f"Please use {name} instead.")
        return Alias

    @functools.wraps(func_or_class)
    def warning(*args: Any, **kwargs: Any) -> Any:
        _warn(key, warn_once, text)
        return func_or_class(*args, **kwargs)

    doc = _noted(func_or_class.__doc__, "deprecated", f"Please use {name} instead.")
    return make_decorator(func_or_class, warning, decorator_doc=doc)


def deprecated_args(
    date: str | None,
    instructions: str,
    *deprecated_arg_names_or_tuples: str | tuple[str, Any],
    warn_once: bool = True,
) -> Callable[[Any], Any]:
    """Decorate a function some of whose arguments are deprecated.

    A call that passes one of them logs it, as in TensorFlow in graphs alone.

    Args:
        date: when they will be removed, as `YYYY-MM-DD`, or None.
        instructions: what to do instead.
        *deprecated_arg_names_or_tuples: names, or pairs of a name and the value that may be passed.
        warn_once: whether the first call alone is logged for each.

    Raises:
        ValueError: the date is of another form, there are no instructions or no names, or the
            function has no arguments of these names.
    """
    _check(date, instructions)
    if not deprecated_arg_names_or_tuples:
        raise ValueError("Name the arguments that are deprecated.")
    allowed = {
        one if isinstance(one, str) else one[0]: () if isinstance(one, str) else (one[1],)
        for one in deprecated_arg_names_or_tuples
    }

    def decorate(function: Any) -> Any:
        spec = getfullargspec(function)
        known = [*spec.args, *spec.kwonlyargs, spec.varargs, spec.varkw]
        missing = [name for name in allowed if name not in known]
        if missing:
            raise ValueError(
                f"{function.__qualname__} has no arguments of the names {missing}, only {known}."
            )

        @functools.wraps(function)
        def warning(*args: Any, **kwargs: Any) -> Any:
            if not _runtime.tensorflow().executing_eagerly():
                passed: dict[Any, Any] = {**dict(zip(spec.args, args)), **kwargs}
                if len(args) > len(spec.args):
                    passed[spec.varargs] = None
                if kwargs.keys() - {*spec.args, *spec.kwonlyargs}:
                    passed[spec.varkw] = None
                for name, values in allowed.items():
                    if name in passed and not any(_same(passed[name], one) for one in values):
                        _warn(
                            (function, name),
                            warn_once,
                            f"calling {function.__qualname__} (from {function.__module__}) with "
                            f"{name} is deprecated and will be removed {_removal(date)}.\n"
                            f"Instructions for updating:\n{instructions}",
                        )
            return function(*args, **kwargs)

        names = ", ".join(f"`{name}`" for name in sorted(allowed))
        notice = f"{names} will be removed {_removal(date)}. {instructions}"
        doc = _noted(function.__doc__, "deprecated arguments", notice)
        return make_decorator(function, warning, decorator_doc=doc)

    return decorate


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    try:
        return (one == other) is True
    except TypeError:
        return False


def deprecated_arg_values(
    date: str | None, instructions: str, warn_once: bool = True, **deprecated_kwargs: Any
) -> Callable[[Any], Any]:
    """Decorate a function for some of whose arguments a value is deprecated.

    Args:
        date: when it will be refused, as `YYYY-MM-DD`, or None.
        instructions: what to do instead.
        warn_once: whether the first call alone is logged for each.
        **deprecated_kwargs: the deprecated value of each argument.

    Raises:
        ValueError: the date is of another form, or there are no instructions or values.
    """
    _check(date, instructions)
    if not deprecated_kwargs:
        raise ValueError("Name the values of arguments that are deprecated.")

    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def warning(*args: Any, **kwargs: Any) -> Any:
            passed = getcallargs(function, *args, **kwargs)
            for name, value in deprecated_kwargs.items():
                if name in passed and _same(passed[name], value):
                    _warn(
                        (function, name),
                        warn_once,
                        f"calling {function.__qualname__} (from {function.__module__}) with "
                        f"{name}={value} is deprecated and will be removed {_removal(date)}.\n"
                        f"Instructions for updating:\n{instructions}",
                    )
            return function(*args, **kwargs)

        values = ", ".join(f"`{name}={value!r}`" for name, value in deprecated_kwargs.items())
        notice = f"{values} will be removed {_removal(date)}. {instructions}"
        doc = _noted(function.__doc__, "deprecated argument values", notice)
        return make_decorator(function, warning, decorator_doc=doc)

    return decorate


def deprecated_argument_lookup(new_name: str, new_value: Any, old_name: str, old_value: Any) -> Any:
    """Return the value of an argument that has a new name and an old one.

    Raises:
        ValueError: both were passed, that is, are not None.
    """
    if new_value is not None and old_value is not None:
        raise ValueError(f"Cannot specify both {old_name!r} and {new_name!r}.")
    return new_value if old_value is None else old_value


def rewrite_argument_docstring(
    old_doc: str | None, old_argument: str, new_argument: str
) -> str | None:
    """Rename an argument in a docstring, where it stands in backquotes or before a colon."""
    if old_doc is None:
        return None
    doc = old_doc.replace(f"`{old_argument}`", f"`{new_argument}`")
    return doc.replace(f"{old_argument}:", f"{new_argument}:")


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Log no deprecations of these decorators within the context."""
    global _silent
    before, _silent = _silent, True
    try:
        yield
    finally:
        _silent = before


def deprecated_endpoints(*args: str) -> Callable[[Any], Any]:
    """Return a decorator that does nothing; TensorFlow's marks names for its own build."""
    return _same_object


def tf_export(*args: str, **kwargs: Any) -> _Export:
    """Return a decorator that does nothing; TensorFlow's marks names for its own build."""
    return _Export()


def keras_export(*args: str, **kwargs: Any) -> _Export:
    """Return a decorator that does nothing; Keras's marks names for its own build."""
    return _Export()


class _Export:
    """A decorator that does nothing, and takes constants as well."""

    def __call__(self, target: Any) -> Any:
        return target

    def export_constant(self, module_name: str, name: str) -> None:
        """Do nothing."""


def _same_object(target: Any) -> Any:
    return target


def do_not_generate_docs(obj: Any) -> Any:
    """Return the object; TensorFlow's decorator marks it for its own documentation."""
    return obj


do_not_doc_inheritable = do_not_doc_in_subclasses = for_subclass_implementers = do_not_generate_docs


def remove_undocumented(
    module_name: str, allowed_exception_list: Any = None, doc_string_modules: Any = None
) -> None:
    """Do nothing; TensorFlow's deletes names that the docstring of a module does not mention."""


def kwarg_only(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a function that then takes keyword arguments alone.

    Replaces `tensorflow.python.util.tf_export.kwarg_only`.
    """

    @functools.wraps(function)
    def keywords(*args: Any, **kwargs: Any) -> Any:
        if args:
            raise TypeError(
                f"{function.__name__} only takes keyword arguments. Please pass {args} by name."
            )
        return function(**kwargs)

    return make_decorator(function, keywords)  # type: ignore[no-any-return]


def keyword_args_only(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a function that then takes keyword arguments alone, and raises ValueError else.

    Replaces `tensorflow.python.util.keyword_args.keyword_args_only`.
    """

    @functools.wraps(function)
    def keywords(*args: Any, **kwargs: Any) -> Any:
        if args:
            raise ValueError(
                f"{function.__name__} only takes keyword arguments. Please pass {args} by name."
            )
        return function(**kwargs)

    return make_decorator(function, keywords)  # type: ignore[no-any-return]
