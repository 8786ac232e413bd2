"""The part of live objects that a restore is about."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from tfcompat import _naming
from tfcompat.errors import TfcompatError
from tfcompat.state.keys import LiveState


@dataclasses.dataclass(frozen=True)
class Part:
    """The part of the objects that is restored.

    Attributes:
        paths: of what is restored with all below it.
    """

    paths: tuple[str, ...]

    @classmethod
    def of(cls, only: str | Iterable[str] | None, live: LiveState) -> Part:
        """Return what the user asked for.

        Raises:
            TfcompatError: some of it is not in the objects.
        """
        if only is None:
            return cls(("",))
        given = [only] if isinstance(only, str) else list(only)
        aliases = live.graph.aliases
        part = cls(tuple(aliases.get(path, path) for path in given))
        known = [*live.entries, *live.values, *live.optimizers, *live.unbuilt]
        unknown = [
            repr(name)
            for name, path in zip(given, part.paths)
            if not any(_naming.is_within(key, path) for key in known)
        ]
        if unknown or not given:
            roots = ", ".join(repr(key) for key in dict.fromkeys(k.split("/")[0] for k in known))
            raise TfcompatError(
                f"The objects have nothing at {', '.join(unknown) or 'an empty list of paths'}, "
                f"which `only` asks for. Their parts are {roots}, and what `tfcompat.variables` "
                "lists below them."
            )
        return part

    def holds(self, key: str) -> bool:
        """Tell whether something is restored."""
        return self.paths == ("",) or any(_naming.is_within(key, path) for path in self.paths)

    def touches(self, path: str) -> bool:
        """Tell whether something, or a part of it, is restored."""
        return self.holds(path) or any(_naming.is_within(one, path) for one in self.paths)
