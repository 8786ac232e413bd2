"""Call functions in threads of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def each(
    function: Callable[[_Item], _Result], items: Sequence[_Item], at_once: int
) -> list[_Result]:
    """Call a function with each item in several threads, and return the results in order.

    While the interpreter exits, which waits for saves in the background, no pool takes anything
    more; what is left is called by this thread.
    """
    futures: list[Future[_Result]] = []
    with ThreadPoolExecutor(at_once) as pool:
        try:
            for item in items:
                futures.append(pool.submit(function, item))
        except RuntimeError:
            rest = [function(item) for item in items[len(futures) :]]
        else:
            rest = []
        try:
            return [*(future.result() for future in futures), *rest]
        finally:
            for future in futures:  # after an error those that have not begun are of no use
                future.cancel()


def apart(function: Callable[[], _Result]) -> _Result:
    """Call a function in a thread of its own.

    There nothing is in force of what a caller may have around him for its thread alone: a device,
    a strategy or its scope, variable creators, a tape, checks of numerics.
    """
    return each(lambda call: call(), [function], 1)[0]
