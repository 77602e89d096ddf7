"""Functions of paths and of files beside the code."""

from __future__ import annotations

from functools import lru_cache
from posixpath import normpath

from posturio_iac.core.model import Unknown
from posturio_iac.core.record import dataclass
from posturio_iac.core.unknown import BEYOND, DEPENDS_ON
from posturio_iac.frontends.terraform.functions.encoding import encode, utf8
from posturio_iac.frontends.terraform.functions.signature import (
    Environment,
    ResultTooLargeError,
    function,
    limit_elements,
    limit_text,
    mapping,
    text,
)
from posturio_iac.frontends.terraform.values import EvaluationError, SetValue, Value, make_set


@function("file", text("path"), environment=True)
def file(environment: Environment, path: str) -> str | Unknown:
    return environment.read_file(path)


@function("filebase64", text("path"), environment=True)
def file_base64(environment: Environment, path: str) -> str | Unknown:
    """Read a file, in base64."""
    content = environment.read_file(path)
    if isinstance(content, Unknown):
        return content
    limit_text(len(content))
    return encode(utf8(content))


@function("fileexists", text("path"), environment=True)
def file_exists(environment: Environment, path: str) -> bool | Unknown:
    """True if there is a file."""
    try:
        content = environment.read_file(path)
    except EvaluationError:
        return False
    return content if isinstance(content, Unknown) else True


@function("fileset", text("path"), text("pattern"), environment=True)
def file_set(environment: Environment, path: str, pattern: str) -> SetValue | Unknown:
    """The files below a folder that match a pattern."""
    cleaned = normpath(pattern)
    if cleaned.startswith(("../", "/")):
        return BEYOND(pattern, f"the folder {path}")
    names = environment.list_files(path)
    if isinstance(names, Unknown):
        return names
    limit_elements(len(names))
    if any(name.endswith("/") and may_match_at(cleaned, name[:-1]) for name in names):
        return DEPENDS_ON(f"fileset({path}, {pattern})", "terraform init, which adds files")
    return make_set(name for name in names if matches(cleaned, name))


@function("templatefile", text("path"), mapping("vars"), environment=True)
def template_file(environment: Environment, path: str, variables: dict[str, Value]) -> Value:
    """Evaluate a file as a template; variables may be unknown."""
    template = environment.read_file(path)
    return template if isinstance(template, Unknown) else environment.render(template, variables)


@function("templatestring", text("template"), mapping("vars"), environment=True)
def template_string(environment: Environment, template: str, variables: dict[str, Value]) -> Value:
    """Evaluate a string as a template; variables may be unknown."""
    return environment.render(template, variables)


def _clean(path: str) -> str:
    cleaned = normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


@function("basename", text("path"))
def base_name(path: str) -> str:
    """The last part of a path."""
    stripped = path.rstrip("/")
    if not stripped:
        return "/" if path else "."
    return stripped.rpartition("/")[2]


@function("dirname", text("path"))
def directory_name(path: str) -> str:
    head, slash, _ = path.rpartition("/")
    return _clean(head + slash)


@function("abspath", text("path"))
def absolute_path(path: str) -> str | Unknown:
    """The absolute path, which depends on where Terraform runs unless it is absolute already."""
    return _clean(path) if path.startswith("/") else DEPENDS_ON("abspath()", "where Terraform runs")


@function("pathexpand", text("path"))
def path_expand(path: str) -> str | Unknown:
    """Replace a leading ``~`` by the home directory, which depends on who runs Terraform."""
    return DEPENDS_ON("pathexpand()", "who runs Terraform") if path.startswith("~") else path


_MAX_ALTERNATIVES = 100
_MAX_PATTERN = 1_000


def matches(pattern: str, path: str) -> bool:
    """True if a path with forward slashes matches a pattern; only ``**`` as a whole part spans folders."""
    return any(_match(tuple(alternative.split("/")), tuple(path.split("/"))) for alternative in alternatives(pattern))


def may_match_at(pattern: str, path: str) -> bool:
    """True if a pattern may match a path, or one below it."""
    names = path.split("/")
    return any(_may_match_at(alternative.split("/"), names) for alternative in alternatives(pattern))


def _may_match_at(parts: list[str], names: list[str]) -> bool:
    for part, name in zip(parts, names, strict=False):
        if part == "**":
            return True
        if not _match((part,), (name,)):
            return False
    return len(parts) >= len(names)


@lru_cache(maxsize=16)
def alternatives(pattern: str) -> tuple[str, ...]:
    """Expand the braces of a pattern. Raise EvaluationError when one is not closed."""
    if len(pattern) > _MAX_PATTERN:
        raise ResultTooLargeError
    start = pattern.find("{")
    if start < 0:
        return (pattern,)
    choices, end = _choices(pattern, start + 1)
    result = [tail for choice in choices for tail in alternatives(pattern[:start] + choice + pattern[end:])]
    if len(result) > _MAX_ALTERNATIVES:
        raise ResultTooLargeError
    return tuple(result)


def _choices(pattern: str, place: int) -> tuple[list[str], int]:
    """Split what stands in braces at its own commas; return the choices and the place after the closing brace."""
    choices = [""]
    depth = 1
    while place < len(pattern):
        char = pattern[place]
        place += 1
        depth += (char == "{") - (char == "}")
        if depth == 0:
            return choices, place
        if char == "," and depth == 1:
            choices.append("")
        else:
            choices[-1] += char
    raise EvaluationError("pattern: a brace is not closed")


def _match(parts: tuple[str, ...], names: tuple[str, ...]) -> bool:
    """Match parts of a pattern against those of a path, by the set of places that the pattern can have reached."""
    reached = {0}
    for part in parts:
        if part == "**":
            reached = set(range(min(reached), len(names) + 1)) if reached else reached
        else:
            reached = {place + 1 for place in reached if place < len(names) and _match_name(part, names[place])}
    return len(names) in reached


def _match_name(part: str, name: str) -> bool:
    """Match one part of a pattern against one name, by the set of places that the pattern can have reached."""
    reached = {0}
    for token in _tokens(part):
        if token is None:
            reached = set(range(min(reached), len(name) + 1)) if reached else reached
        else:
            reached = {place + 1 for place in reached if place < len(name) and token.allows(name[place])}
    return len(name) in reached


@dataclass(frozen=True, slots=True)
class _Class:
    """The characters that stand for one place of a name."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def allows(self, char: str) -> bool:
        return any(first <= char <= last for first, last in self.ranges) != self.negated


@lru_cache(maxsize=64)
def _tokens(part: str) -> tuple[_Class | None, ...]:
    """Split a part of a pattern into classes of characters; None stands for ``*``."""
    tokens: list[_Class | None] = []
    place = 0
    while place < len(part):
        char = part[place]
        place += 1
        if char == "[":
            token, place = _class(part, place)
            tokens.append(token)
        elif char == "*":
            tokens.append(None)
        elif char == "?":
            tokens.append(_Class((), negated=True))
        else:
            if char == "\\" and place < len(part):
                char = part[place]
                place += 1
            tokens.append(_Class(((char, char),)))
    return tuple(tokens)


def _class(part: str, place: int) -> tuple[_Class, int]:
    """Read a class from after its bracket; return it and the place after it. Raise EvaluationError when it is not closed."""
    negated = part.startswith(("!", "^"), place)
    place += negated
    ranges: list[tuple[str, str]] = []
    while not (ranges and part.startswith("]", place)):
        first, place = _class_char(part, place)
        last = first
        if part.startswith("-", place) and not part.startswith("-]", place):
            last, place = _class_char(part, place + 1)
        ranges.append((first, last))
    return _Class(tuple(ranges), negated), place + 1


def _class_char(part: str, place: int) -> tuple[str, int]:
    """Read one character of a class, which a backslash may escape."""
    place += part.startswith("\\", place)
    if place >= len(part):
        raise EvaluationError("pattern: a bracket is not closed")
    return part[place], place + 1
