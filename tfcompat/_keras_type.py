"""A stand-in for a class that each Keras of a process has in a version of its own."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Union

from tfcompat import _kinds, _runtime
from tfcompat.errors import UnsupportedArgumentError


class KerasType:
    """A class of Keras, whichever Keras an object comes from.

    Works in `isinstance` and `issubclass`, as an annotation and as a base class. It equals the
    class, and is another object: `type(x) == Functional`, not `type(x) is Functional`. Calling it
    makes an object of the class of the active Keras, and attributes are those of that class.

    Args:
        name: of the type, for messages.
        classes: returns the classes that one Keras has for it, the one to derive from first;
            none if that Keras has no such class.
    """

    def __init__(self, name: str, classes: Callable[[Any], tuple[type, ...]]) -> None:
        self.__name__ = name
        self._classes = functools.cache(classes)

    def _every_class(self) -> tuple[type, ...]:
        return tuple(cls for keras in _kinds.kerases() for cls in self._classes(keras))

    def _active_class(self) -> type:
        classes = self._classes(_kinds.kerases()[0])
        if not classes:
            raise UnsupportedArgumentError(
                f"{_runtime.runtime()} has no class {self.__name__}: no object is an instance of "
                "it, and nothing can derive from it."
            )
        return classes[0]

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._every_class())

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self._every_class())

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (self._active_class(),)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make an object of the class of the active Keras."""
        return self._active_class()(*args, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        """What `inspect.signature` takes for the signature: that of the class."""
        return inspect.signature(self._active_class())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy and typing look for special methods on any object
            raise AttributeError(name)
        return getattr(self._active_class(), name)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, type) and other in self._every_class())

    def __hash__(self) -> int:
        return hash(next(iter(self._every_class()), self.__name__))

    def __or__(self, other: Any) -> Any:
        return Union[self, other]

    __ror__ = __or__

    def __repr__(self) -> str:
        return f"<class of Keras {self.__name__!r}>"
