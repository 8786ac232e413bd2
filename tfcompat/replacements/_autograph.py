"""Keep autograph out of functions that call back nothing of the user's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from tfcompat import _runtime

_Function = TypeVar("_Function", bound=Callable[..., Any])


def unconverted(function: _Function) -> _Function:
    """Decorate a function that autograph must not rewrite where a `tf.function` calls it.

    TensorFlow keeps autograph out of its own modules, and so the private originals; rewriting a
    function costs up to a second at its first call.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        # autograph rewrites these two lines once for all.
        plain = _runtime.tensorflow().autograph.experimental.do_not_convert(function)
        return plain(*args, **kwargs)

    return cast(_Function, call)
