"""Functions of strings. Lengths and offsets count grapheme clusters, as Terraform does."""

from __future__ import annotations

from posturio_iac.frontends.terraform.functions.signature import TEXT, TEXTS, WHOLE, characters, function, limit_elements, limit_text
from posturio_iac.frontends.terraform.values import EvaluationError, normal

_SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""White space as Unicode, and Go, define it; Python's own list has four control characters more."""

function("chomp", TEXT)(lambda value: value.rstrip("\r\n"))
function("endswith", TEXT, TEXT)(lambda value, suffix: value.endswith(suffix))
function("startswith", TEXT, TEXT)(lambda value, prefix: value.startswith(prefix))
function("strcontains", TEXT, TEXT)(lambda value, part: part in value)
function("strrev", TEXT)(lambda value: characters(value)[::-1])
function("trim", TEXT, TEXT)(lambda value, characters: value.strip(characters) if characters else value)
function("trimprefix", TEXT, TEXT)(lambda value, prefix: value.removeprefix(prefix))
function("trimsuffix", TEXT, TEXT)(lambda value, suffix: value.removesuffix(suffix))
function("trimspace", TEXT)(lambda value: value.strip(_SPACES))
function("lower", TEXT)(lambda value: value.lower() if value.isascii() else "".join(char.lower()[0] for char in characters(value)))
function("upper", TEXT)(
    lambda value: (
        value.upper() if value.isascii() else "".join(char.upper() if len(char.upper()) == 1 else char for char in characters(value))
    )
)


@function("join", TEXT, TEXTS, rest=TEXTS)
def join(separator: str, *lists: tuple[str | None, ...]) -> str:
    """Join the elements of all lists."""
    items = []
    for place, item in enumerate(element for elements in lists for element in elements):
        if item is None:
            raise EvaluationError(f"element {place} is null")
        items.append(item)
    limit_text(sum(map(len, items)) + len(separator) * len(items))
    return separator.join(items)


@function("split", TEXT, TEXT)
def split(separator: str, value: str) -> tuple[str, ...]:
    """Split at each separator; an empty one separates all characters."""
    limit_elements(value.count(separator))
    return tuple(map(normal, value.split(separator) if separator else characters(value)))


@function("substr", TEXT, WHOLE, WHOLE)
def substring(value: str, offset: int, length: int) -> str:
    """Cut out a part. A negative offset counts from the end; a negative length, and with it one of 0, means all the rest."""
    if offset >= 0 and length == 0:
        return ""
    counted = characters(value)
    start = max(0, offset + len(counted) if offset < 0 else offset)
    return counted[start : start + length] if length > 0 else counted[start:]


@function("title", TEXT)
def title(value: str) -> str:
    """Convert the first letter of each word to upper case."""
    return "".join(
        char.title() if _separates(before) and len(char.title()) == 1 else char
        for before, char in zip(f" {value}", characters(value), strict=False)
    )


def _separates(char: str) -> bool:
    """True if ``char`` ends a word: no letter, digit or underscore, and beyond ASCII a space."""
    return not (char.isalnum() or char == "_") if char.isascii() else char in _SPACES
