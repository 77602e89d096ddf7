"""Text: files as they are opened, JSON with places, globs, patterns, and what a terminal shows."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from typing import Any, AnyStr

_SEPARATORS = str.maketrans("", "", "-_:./")
_SHOWN = 40  # how much of a value a message quotes


def lazy_pattern(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """A stand-in for a compiled pattern, which compiles it when one of its attributes is first used."""
    return _Lazy(source, flags)  # type: ignore[return-value]  # it has the attributes of a pattern


def normalise(name: str) -> str:
    """``name`` in lower case and without ``-``, ``_``, ``:``, ``.``, ``/`` and white space."""
    return "".join(name.translate(_SEPARATORS).split()).casefold()


def quote(text: str) -> str:
    """``text`` in double quotes, short and on one line."""
    shown = "".join(c if c.isprintable() else " " for c in text).strip()
    return f'"{shown[:_SHOWN]}…"' if len(shown) > _SHOWN else f'"{shown}"'


class _Lazy:
    def __init__(self, source: Any, flags: int) -> None:
        self._stated = source, flags

    def __getattr__(self, name: str) -> Any:
        """An attribute of the pattern; the next time it is found without this method."""
        import re

        found = self.__dict__[name] = getattr(re.compile(*self._stated), name)
        return found
