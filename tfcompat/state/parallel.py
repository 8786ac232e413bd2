"""Call functions in threads of their own."""

from __future__ import annotations

import collections
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


def shared(
    function: Callable[[_Item], _Result], items: Sequence[_Item], threads: int
) -> list[_Result]:
    """Call a function with each item, in this thread and others, and return the results in order.

    This thread takes part for the memory that it has: up to 2.8 what a thread that ends has
    allocated for tensors goes back to the system, and costs as much time again as reading them.
    """
    found: dict[int, _Result] = {}
    left = collections.deque(enumerate(items))

    def work() -> None:
        while left:
            try:
                index, item = left.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                found[index] = function(item)
            except BaseException:
                left.clear()  # what has not begun is of no use
                raise

    others = min(threads, len(items)) - 1
    with ThreadPoolExecutor(max(others, 1)) as pool:
        futures = [pool.submit(work) for _ in range(others)]
        work()
    for future in futures:
        future.result()
    return [found[index] for index in range(len(items))]


def apart(function: Callable[[], _Result]) -> _Result:
    """Call a function in a thread of its own.

    There nothing is in force of what a caller may have around him for its thread alone: a device,
    a strategy or its scope, variable creators, a tape, checks of numerics.
    """
    return each(lambda call: call(), [function], 1)[0]
