"""Functions of regular expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.open_kinds import NOT_EVALUATED
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.frontends.terraform.functions.re2.chars import UnsupportedError
from posturio_iac.frontends.terraform.functions.re2.machine import Match, Pattern, compile_pattern
from posturio_iac.frontends.terraform.functions.signature import ResultTooLargeError, function, limit_elements, limit_text, text
from posturio_iac.frontends.terraform.values import EvaluationError, Value

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

_MAX_SEARCHED = 100_000
_REFERENCE = lazy_pattern(r"\$(?:\$|\{(\w+)\}|(\w+))")


def _with_pattern(pattern: str, searched: str, use: Callable[[Pattern], Value]) -> Value:
    """Compile a pattern and use it; what is not evaluated here is unknown."""
    if len(searched) > _MAX_SEARCHED:
        raise ResultTooLargeError
    try:
        compiled = compile_pattern(pattern)
    except UnsupportedError as error:
        return NOT_EVALUATED(f"{error} in a pattern")
    return use(compiled)


@function("regex", text("pattern"), text("string"))
def regex(pattern: str, string: str) -> Value:
    """The first match: a string, a tuple of groups, or a map of named groups."""

    def first(compiled: Pattern) -> Value:
        _check_groups(compiled)
        match = next(compiled.find_all(string), None)
        if match is None:
            raise EvaluationError("the pattern does not match any part of the string")
        return _captured(compiled, match, string)

    return _with_pattern(pattern, string, first)


@function("regexall", text("pattern"), text("string"))
def regex_all(pattern: str, string: str) -> Value:
    """All matches."""

    def every(compiled: Pattern) -> Value:
        _check_groups(compiled)
        matches = tuple(_captured(compiled, match, string) for match in compiled.find_all(string))
        limit_elements(len(matches))
        return matches

    return _with_pattern(pattern, string, every)


def _check_groups(compiled: Pattern) -> None:
    if None in compiled.names and set(compiled.names) != {None}:
        raise EvaluationError("pattern: either all groups have names, or none")


def _captured(compiled: Pattern, match: Match, string: str) -> Value:
    """Return what a match holds, in the form that its groups decide."""
    parts = [None if start < 0 else string[start:end] for start, end in zip(match[::2], match[1::2], strict=True)]
    if not compiled.names:
        return parts[0]
    if compiled.names[0] is None:
        return tuple(parts[1:])
    return dict(zip(compiled.names, parts[1:], strict=True))


@function("replace", text("str"), text("substr"), text("replace"))
def replace(string: str, part: str, replacement: str) -> Value:
    """Replace a part, or the matches of a pattern that stands between slashes."""
    if len(part) > 1 and part[0] == part[-1] == "/":
        return _with_pattern(part[1:-1], string, lambda compiled: _replace_matches(compiled, string, replacement))
    limit_text(len(string) + string.count(part) * len(replacement))
    return string.replace(part, replacement)


def _replace_matches(compiled: Pattern, string: str, replacement: str) -> str:
    """Replace all matches, with ``$1`` and ``${name}`` standing for groups."""
    parts: list[str] = []
    place = size = 0
    for match in compiled.find_all(string):
        start, end = match[:2]
        parts += (string[place:start], _expand(compiled, match, string, replacement))
        size += len(parts[-1])
        limit_text(size)
        place = end
    return "".join(parts) + string[place:]


def _expand(compiled: Pattern, match: Match, string: str, replacement: str) -> str:
    """Fill the groups of a match into a replacement; one that there is not, or that took no part, is empty."""

    def group(reference: re.Match[str]) -> str:
        name = reference.group(1) or reference.group(2)
        if name is None:
            return "$"
        number = int(name[:9]) if name.isascii() and name.isdigit() else compiled.names.index(name) + 1 if name in compiled.names else -1
        if not 0 <= number <= len(compiled.names):
            return ""
        return string[match[2 * number] : match[2 * number + 1]] if match[2 * number] >= 0 else ""

    return _REFERENCE.sub(group, replacement)
