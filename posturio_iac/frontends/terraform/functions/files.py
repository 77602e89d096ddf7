"""Functions of paths and of files beside the code, and those that encode, decode and hash texts and files."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import takewhile
from posixpath import normpath

from posturio_iac.core.model import Unknown
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.unknown import BEYOND, DEPENDS_ON, EACH_RUN
from posturio_iac.frontends.terraform.functions import signature
from posturio_iac.frontends.terraform.values import EvaluationError, ResultTooLargeError, SetValue, Value, make_set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_BASE64 = lazy_pattern(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_OPEN = frozenset("*?{")  # what a pattern leaves open
_BAD_PERCENT = lazy_pattern("%(?![0-9A-Fa-f]{2})")


def utf8(value: str) -> bytes:
    return value.encode("utf-8", "replace")


def encode(data: bytes) -> str:
    """Write bytes in base64."""
    import binascii

    return binascii.b2a_base64(data, newline=False).decode("ascii")


def decode(value: str) -> bytes:
    """Read bytes in base64; line breaks do not count. Raise EvaluationError when it is none."""
    import binascii

    compact = value.replace("\n", "").replace("\r", "")
    if not _BASE64.fullmatch(compact):
        raise EvaluationError("the string is not valid base64")
    return binascii.a2b_base64(compact)


def _read_utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise EvaluationError("the decoded bytes are not valid UTF-8") from None


@signature.function("base64encode", signature.TEXT)
def base64_encode(value: str) -> str:
    signature.limit_text(len(value))
    return encode(utf8(value))


@signature.function("base64decode", signature.TEXT)
def base64_decode(value: str) -> str:
    signature.limit_text(len(value))
    return _read_utf8(decode(value))


@signature.function("urlencode", signature.TEXT)
def url_encode(value: str) -> str:
    """Escape a string for the query of a URL; a space becomes ``+``."""
    from urllib.parse import quote_plus

    signature.limit_text(len(value))
    return quote_plus(value, errors="replace")


@signature.function("urldecode", signature.TEXT)
def url_decode(value: str) -> str:
    """Undo ``urlencode``."""
    from urllib.parse import unquote_to_bytes

    signature.limit_text(len(value))
    if _BAD_PERCENT.search(value):
        raise EvaluationError("a percent sign is not followed by two hexadecimal digits")
    return _read_utf8(unquote_to_bytes(utf8(value.replace("+", " "))))


_SCHEMES = ("md5", "sha1", "sha256", "sha512", "base64sha256", "base64sha512")
"""Names of functions: the algorithm, behind the word for a digest that is written in base64 rather than in hexadecimal digits."""


def _digest(value: str, algorithm: str, *, base64: bool) -> str:
    import hashlib

    digest = hashlib.new(algorithm, utf8(value), usedforsecurity=False)
    return encode(digest.digest()) if base64 else digest.hexdigest()


def _declare(name: str, algorithm: str, *, base64: bool) -> None:
    def of_text(value: str) -> str:
        return _digest(value, algorithm, base64=base64)

    def of_file(environment: signature.Environment, path: str) -> str | Unknown:
        content = environment.read_file(path)
        return content if isinstance(content, Unknown) else _digest(content, algorithm, base64=base64)

    register: Callable[[Callable[..., str]], object] = signature.function(name, signature.TEXT)
    register(of_text)
    signature.function(f"file{name}", signature.TEXT, environment=True)(of_file)


for _name in _SCHEMES:
    _declare(_name, _name.removeprefix("base64"), base64=_name.startswith("base64"))

signature.function("uuid")(lambda: EACH_RUN("uuid()"))
signature.function("file", signature.TEXT, environment=True)(lambda environment, path: environment.read_file(path))
signature.function("templatestring", signature.TEXT, signature.mapping(), environment=True)(
    lambda environment, text, variables: environment.render(text, variables)
)


@signature.function("filebase64", signature.TEXT, environment=True)
def file_base64(environment: signature.Environment, path: str) -> str | Unknown:
    """Read a file, in base64."""
    content = environment.read_file(path)
    if isinstance(content, Unknown):
        return content
    signature.limit_text(len(content))
    return encode(utf8(content))


@signature.function("fileexists", signature.TEXT, environment=True)
def file_exists(environment: signature.Environment, path: str) -> bool | Unknown:
    """True if there is a file."""
    try:
        content = environment.read_file(path)
    except EvaluationError:
        return False
    return content if isinstance(content, Unknown) else True


@signature.function("fileset", signature.TEXT, signature.TEXT, environment=True)
def file_set(environment: signature.Environment, path: str, pattern: str) -> SetValue | Unknown:
    """The files below a folder that match a pattern."""
    cleaned = normpath(pattern)
    if "[" in cleaned or "\\" in cleaned:
        raise signature.NotEvaluatedError(f"the pattern {pattern} of fileset()")
    if cleaned.startswith(("../", "/")):
        return BEYOND(pattern, f"the folder {path}")
    fixed = "".join(takewhile(_OPEN.isdisjoint, (f"{part}/" for part in cleaned.split("/")[:-1])))
    names = environment.list_files(path + f"/{fixed}".rstrip("/"))  # whose folders may be links, which a wildcard does not follow
    if isinstance(names, Unknown):
        return names
    signature.limit_elements(len(names))
    if any(name.endswith("/") and may_match_at(cleaned, fixed + name[:-1]) for name in names):
        return DEPENDS_ON(f"fileset({path}, {pattern})", "terraform init, which adds files")
    return make_set(fixed + name for name in names if matches(cleaned, fixed + name))


@signature.function("templatefile", signature.TEXT, signature.mapping(), environment=True)
def template_file(environment: signature.Environment, path: str, variables: dict[str, Value]) -> Value:
    template = environment.read_file(path)
    return template if isinstance(template, Unknown) else environment.render(template, variables)


def _clean(path: str) -> str:
    cleaned = normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


@signature.function("basename", signature.TEXT)
def base_name(path: str) -> str:
    """The last part of a path."""
    stripped = path.rstrip("/")
    if not stripped:
        return "/" if path else "."
    return stripped.rpartition("/")[2]


@signature.function("dirname", signature.TEXT)
def directory_name(path: str) -> str:
    head, slash, _ = path.rpartition("/")
    return _clean(head + slash)


@signature.function("abspath", signature.TEXT)
def absolute_path(path: str) -> str | Unknown:
    """The absolute path, which depends on where Terraform runs unless it is absolute already."""
    return _clean(path) if path.startswith("/") else DEPENDS_ON("abspath()", "where Terraform runs")


@signature.function("pathexpand", signature.TEXT)
def path_expand(path: str) -> str | Unknown:
    """Replace a leading ``~`` by the home directory, which depends on who runs Terraform."""
    return DEPENDS_ON("pathexpand()", "who runs Terraform") if path.startswith("~") else path


_BRACES = lazy_pattern(r"\{([^{}]*)\}")
_MAX_ALTERNATIVES = 100
_MAX_PATTERN = 1_000


def matches(pattern: str, path: str) -> bool:
    """True if a path with forward slashes matches a pattern; only ``**`` as a whole part spans folders."""
    return any(_match(tuple(alternative.split("/")), tuple(path.split("/"))) for alternative in alternatives(pattern))


def may_match_at(pattern: str, path: str) -> bool:
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
    found = _BRACES.search(pattern)
    if found is None and "{" in pattern:
        raise EvaluationError("pattern: a brace is not closed")
    if found is None:
        return (pattern,)
    result = [tail for choice in found[1].split(",") for tail in alternatives(pattern[: found.start()] + choice + pattern[found.end() :])]
    if len(result) > _MAX_ALTERNATIVES:
        raise ResultTooLargeError
    return tuple(result)


def _match(parts: tuple[str, ...], names: tuple[str, ...]) -> bool:
    reached = {0}
    for part in parts:
        if part == "**":
            reached = set(range(min(reached), len(names) + 1)) if reached else reached
        else:
            reached = {place + 1 for place in reached if place < len(names) and fnmatchcase(names[place], part)}
    return len(names) in reached
