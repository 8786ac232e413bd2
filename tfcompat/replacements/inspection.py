"""Signatures of functions that TensorFlow decorated, and decorators that show signatures.

They replace `tensorflow.python.util.tf_inspect`, `tf_decorator`, `tf_contextlib` and
`function_utils`. TensorFlow's own decorators are seen through; those of `functools.wraps` are
not, as in the originals.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from types import CodeType
from typing import Any, NamedTuple

__all__ = [
    "ArgSpec",
    "FullArgSpec",
    "contextmanager",
    "fn_args",
    "get_func_code",
    "get_func_name",
    "getargspec",
    "getcallargs",
    "getdoc",
    "getfile",
    "getfullargspec",
    "getmembers",
    "getmodule",
    "getmro",
    "getsource",
    "getsourcefile",
    "getsourcelines",
    "has_kwargs",
    "isbuiltin",
    "isclass",
    "isframe",
    "isfunction",
    "isgenerator",
    "isgeneratorfunction",
    "ismethod",
    "ismodule",
    "isroutine",
    "make_decorator",
    "unwrap",
]

FullArgSpec = inspect.FullArgSpec


class ArgSpec(NamedTuple):
    """What `inspect.getargspec` returned until Python 3.11, which has it no more."""

    args: list[str]
    varargs: str | None
    keywords: str | None
    defaults: tuple[Any, ...] | None


def unwrap(maybe_tf_decorator: Any) -> tuple[list[Any], Any]:
    """Return the decorators of TensorFlow around a callable, outermost first, and what is inside.

    Replaces `tensorflow.python.util.tf_decorator.unwrap`, which returns its own description of
    each decorator, while these are the decorated callables themselves.
    """
    decorators = []
    target = maybe_tf_decorator
    # functools.wraps sets __wrapped__ too, only TensorFlow's make_decorator the other.
    while hasattr(target, "__original_wrapped__") and hasattr(target, "__wrapped__"):
        decorators.append(target)
        target = target.__wrapped__
    return decorators, target


def make_decorator(
    target: Callable[..., Any],
    decorator_func: Any,
    decorator_name: str | None = None,
    decorator_doc: str = "",
    decorator_argspec: inspect.FullArgSpec | None = None,
) -> Any:
    """Make a wrapper look like what it wraps, as `functools.update_wrapper` does.

    Replaces `tensorflow.python.util.tf_decorator.make_decorator`.

    Args:
        target: what is wrapped.
        decorator_func: the wrapper; it gets the attributes and the signature of the target.
        decorator_name: has no effect.
        decorator_doc: the wrapper's docstring, that of the target if empty.
        decorator_argspec: the wrapper's signature, that of the target if None.

    Returns:
        The wrapper.
    """
    own = dict(getattr(decorator_func, "__dict__", {}))
    functools.update_wrapper(decorator_func, target)
    decorator_func.__dict__.update({key: own[key] for key in own if key != "__wrapped__"})
    decorator_func.__original_wrapped__ = target
    decorator_func.__doc__ = decorator_doc or getattr(target, "__doc__", None) or ""
    if decorator_argspec is not None:
        decorator_func.__signature__ = _signature(decorator_argspec)
    return decorator_func


def _signature(spec: inspect.FullArgSpec) -> inspect.Signature:
    kind = inspect.Parameter
    defaults = dict(
        zip(spec.args[len(spec.args) - len(spec.defaults or ()) :], spec.defaults or ())
    )
    parameters = [
        kind(name, kind.POSITIONAL_OR_KEYWORD, default=defaults.get(name, kind.empty))
        for name in spec.args
    ]
    if spec.varargs:
        parameters.append(kind(spec.varargs, kind.VAR_POSITIONAL))
    keyword_defaults = spec.kwonlydefaults or {}
    parameters += [
        kind(name, kind.KEYWORD_ONLY, default=keyword_defaults.get(name, kind.empty))
        for name in spec.kwonlyargs
    ]
    if spec.varkw:
        parameters.append(kind(spec.varkw, kind.VAR_KEYWORD))
    return inspect.Signature(parameters)


def contextmanager(target: Callable[..., Any]) -> Callable[..., Any]:
    """Do as `contextlib.contextmanager`, in a way that these functions see through.

    Replaces `tensorflow.python.util.tf_contextlib.contextmanager`.
    """
    return make_decorator(target, contextlib.contextmanager(target))  # type: ignore[no-any-return]


def getfullargspec(obj: Any) -> inspect.FullArgSpec:
    """Do as `inspect.getfullargspec`, through TensorFlow's decorators.

    Up to 2.13 these do not set `__signature__`, so that Python's own function shows `*args`.
    """
    decorators, target = unwrap(obj)
    for decorator in decorators:
        if decorator.__dict__.get("__signature__") is not None and not _sees(decorator):
            return inspect.getfullargspec(decorator)
    return inspect.getfullargspec(target)


def _sees(decorator: Any) -> bool:
    """Tell whether the signature of a decorator is just that of what it decorates."""
    try:
        return bool(inspect.signature(decorator.__wrapped__) == decorator.__signature__)
    except (TypeError, ValueError):
        return True


def getargspec(obj: Any) -> ArgSpec:
    """Do as `inspect.getargspec` did, through TensorFlow's decorators and `functools.partial`.

    Keyword-only arguments stand after the others, as in TensorFlow from 2.13 on; before, it left
    them out.

    Raises:
        ValueError: the signature of a partial cannot be told by names and defaults alone.
        TypeError: the object has no signature.
    """
    if not isinstance(obj, functools.partial):
        full = getfullargspec(obj)
        values = (*(full.defaults or ()), *(full.kwonlydefaults or {}).values())
        return ArgSpec([*full.args, *full.kwonlyargs], full.varargs, full.varkw, values or None)
    spec = getargspec(obj.func)
    names = spec.args[len(obj.args) :]
    defaults = dict(zip(reversed(spec.args), reversed(spec.defaults or ())))
    known = {name: defaults[name] for name in names if name in defaults}
    unknown = [name for name in obj.keywords if name not in names]
    if unknown and not spec.keywords:
        raise ValueError(f"{obj} has no parameters of the names {unknown}.")
    known.update({name: obj.keywords[name] for name in names if name in obj.keywords})
    with_default = [name for name in names if name in known]
    if with_default != names[len(names) - len(with_default) :]:
        raise ValueError(f"{obj} has parameters without a default after others that have one.")
    given = tuple(known[name] for name in with_default)
    return ArgSpec(names, spec.varargs, spec.keywords, given or None)


def getcallargs(*func_and_positional: Any, **named: Any) -> dict[str, Any]:
    """Return which values the parameters of a function get by a call with these arguments.

    Replaces `tensorflow.python.util.tf_inspect.getcallargs`. As there, arguments that the
    function does not take, and parameters that get no value, raise nothing.
    """
    func, *positional = func_and_positional
    spec = getfullargspec(func)
    if inspect.ismethod(unwrap(func)[1]) or inspect.ismethod(func):
        positional.insert(0, func.__self__)
    values = dict(named)
    free = [name for name in spec.args if name not in values]
    values.update(zip(free, positional))
    defaults = dict(zip(reversed(spec.args), reversed(spec.defaults or ())))
    return {**defaults, **(spec.kwonlydefaults or {}), **values}


def fn_args(fn: Any) -> tuple[str, ...]:
    """Return the names of the arguments of a function, method, partial or callable object.

    Replaces `tensorflow.python.util.function_utils.fn_args`. Those that are bound are left out.
    """
    if isinstance(fn, functools.partial):
        names = fn_args(fn.func)[len(fn.args) :]
        return tuple(name for name in names if name not in fn.keywords)
    if _is_callable_object(fn):
        fn = fn.__call__
    names = tuple(getfullargspec(fn).args)
    return names[1:] if inspect.ismethod(unwrap(fn)[1]) else names


def has_kwargs(fn: Any) -> bool:
    """Tell whether a function, method, partial or callable object takes any keyword.

    Replaces `tensorflow.python.util.function_utils.has_kwargs`.

    Raises:
        TypeError: it is not callable.
    """
    if isinstance(fn, functools.partial):
        fn = fn.func
    elif _is_callable_object(fn):
        fn = fn.__call__
    elif not callable(fn):
        raise TypeError(f"{fn!r} is not callable.")
    return getfullargspec(fn).varkw is not None


def _is_callable_object(value: Any) -> bool:
    call = getattr(value, "__call__", None)  # noqa: B004 - a class has one too
    return inspect.ismethod(unwrap(call)[1])


def get_func_name(func: Any) -> str:
    """Return the name of a function or method, or the class of a callable object as text.

    Replaces `tensorflow.python.util.function_utils.get_func_name`.

    Raises:
        ValueError: it is not callable.
    """
    _, func = unwrap(func)
    if inspect.isfunction(func):
        return func.__name__
    if inspect.ismethod(func):
        return f"{type(func.__self__).__name__}.{func.__func__.__name__}"
    if callable(func):
        return str(type(func))
    raise ValueError(f"{func!r} is not callable.")


def get_func_code(func: Any) -> CodeType | None:
    """Return the code of a function, method or callable object, None where it has none.

    Replaces `tensorflow.python.util.function_utils.get_func_code`.

    Raises:
        ValueError: it is not callable.
    """
    _, func = unwrap(func)
    if not callable(func):
        raise ValueError(f"{func!r} is not callable.")
    if not inspect.isfunction(func) and not inspect.ismethod(func):
        func = func.__call__
    return getattr(func, "__code__", None)


def _through(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of `inspect` see through TensorFlow's decorators."""

    def inspected(object: Any) -> Any:
        return function(unwrap(object)[1])

    inspected.__name__ = inspected.__qualname__ = function.__name__
    inspected.__doc__ = f"Do as `inspect.{function.__name__}`, through TensorFlow's decorators."
    return inspected


getdoc = inspect.getdoc
getfile = _through(inspect.getfile)
getmembers = inspect.getmembers
getmodule = inspect.getmodule
getmro = inspect.getmro
getsource = _through(inspect.getsource)
getsourcefile = _through(inspect.getsourcefile)
getsourcelines = _through(inspect.getsourcelines)
isbuiltin = _through(inspect.isbuiltin)
isclass = _through(inspect.isclass)
isframe = _through(inspect.isframe)
isfunction = _through(inspect.isfunction)
isgenerator = _through(inspect.isgenerator)
isgeneratorfunction = _through(inspect.isgeneratorfunction)
ismethod = _through(inspect.ismethod)
ismodule = _through(inspect.ismodule)
isroutine = _through(inspect.isroutine)
