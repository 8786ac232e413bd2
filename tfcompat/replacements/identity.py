"""Collections that tell their elements apart by identity, not by `==`.

Tensors and tracked lists have an `==` of their own and no hash, so that dictionaries and sets do
not take them. These replace `tensorflow.python.util.object_identity`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, MutableMapping, MutableSet
from collections.abc import Set as AbstractSet
from typing import Any

__all__ = [
    "ObjectIdentityDictionary",
    "ObjectIdentitySet",
    "ObjectIdentityWeakKeyDictionary",
    "ObjectIdentityWeakSet",
]


class ObjectIdentityDictionary(MutableMapping[Any, Any]):
    """A dictionary whose keys are told apart by identity and need no hash."""

    def __init__(self) -> None:
        # A key's id, and what gives the key back with the value. It keeps the key alive, so that
        # no other object gets the id.
        self._items: dict[int, tuple[Callable[[], Any], Any]] = {}

    def _hold(self, key: Any) -> Callable[[], Any]:
        return lambda: key

    def __getitem__(self, key: Any) -> Any:
        try:
            return self._items[id(key)][1]
        except KeyError:
            raise KeyError(key) from None

    def __setitem__(self, key: Any, value: Any) -> None:
        self._items[id(key)] = (self._hold(key), value)

    def __delitem__(self, key: Any) -> None:
        try:
            del self._items[id(key)]
        except KeyError:
            raise KeyError(key) from None

    def __contains__(self, key: object) -> bool:
        return id(key) in self._items

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Any]:
        for held, _ in list(self._items.values()):
            yield held()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.items())!r})"


class ObjectIdentityWeakKeyDictionary(ObjectIdentityDictionary):
    """The same, with keys that go when nothing else refers to them."""

    def _hold(self, key: Any) -> Callable[[], Any]:
        # Entries go as soon as their keys do: an id is given again to new objects.
        items, number = self._items, id(key)
        return weakref.ref(key, lambda _: items.pop(number, None) and None)


class ObjectIdentitySet(MutableSet[Any]):
    """A set whose elements are told apart by identity and need no hash."""

    _dictionary: type[ObjectIdentityDictionary] = ObjectIdentityDictionary

    def __init__(self, items: Iterable[Any] = ()) -> None:
        self._elements = self._dictionary()
        self.update(items)

    def __contains__(self, item: object) -> bool:
        return item in self._elements

    def __len__(self) -> int:
        return len(self._elements)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._elements)

    def add(self, value: Any) -> None:
        """Add an element."""
        self._elements[value] = None

    def discard(self, value: Any) -> None:
        """Remove an element, if it is there."""
        self._elements.pop(value, None)

    def update(self, items: Iterable[Any]) -> None:
        """Add several elements."""
        for item in items:
            self.add(item)

    def clear(self) -> None:
        """Remove all elements."""
        self._elements.clear()

    def intersection(self, items: Iterable[Any]) -> ObjectIdentitySet:
        """Return the elements that are also among the items."""
        return ObjectIdentitySet(item for item in items if item in self)

    def difference(self, items: Iterable[Any]) -> ObjectIdentitySet:
        """Return the elements that are not among the items."""
        others = ObjectIdentitySet(items)
        return ObjectIdentitySet(item for item in self if item not in others)

    def __le__(self, other: AbstractSet[Any]) -> bool:
        if not isinstance(other, AbstractSet):
            return NotImplemented
        return len(self) <= len(other) and all(item in other for item in self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self)!r})"


class ObjectIdentityWeakSet(ObjectIdentitySet):
    """The same, with elements that go when nothing else refers to them."""

    _dictionary = ObjectIdentityWeakKeyDictionary
