"""Functions that encode, decode and hash strings and files."""

from __future__ import annotations

from posturio_iac.core.model import Unknown
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.unknown import EACH_RUN
from posturio_iac.frontends.terraform.functions.signature import TEXT, Environment, function, limit_text
from posturio_iac.frontends.terraform.values import EvaluationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_BASE64 = lazy_pattern(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
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


@function("base64encode", TEXT)
def base64_encode(value: str) -> str:
    limit_text(len(value))
    return encode(utf8(value))


@function("base64decode", TEXT)
def base64_decode(value: str) -> str:
    limit_text(len(value))
    return _read_utf8(decode(value))


@function("urlencode", TEXT)
def url_encode(value: str) -> str:
    """Escape a string for the query of a URL; a space becomes ``+``."""
    from urllib.parse import quote_plus

    limit_text(len(value))
    return quote_plus(value, errors="replace")


@function("urldecode", TEXT)
def url_decode(value: str) -> str:
    """Undo ``urlencode``."""
    from urllib.parse import unquote_to_bytes

    limit_text(len(value))
    if _BAD_PERCENT.search(value):
        raise EvaluationError("a percent sign is not followed by two hexadecimal digits")
    return _read_utf8(unquote_to_bytes(utf8(value.replace("+", " "))))


_SCHEMES = (
    ("md5", "md5", False),
    ("sha1", "sha1", False),
    ("sha256", "sha256", False),
    ("sha512", "sha512", False),
    ("base64sha256", "sha256", True),
    ("base64sha512", "sha512", True),
)
"""Name of the function, algorithm, and whether the digest is written in base64 rather than in hexadecimal digits."""


def _digest(value: str, algorithm: str, *, base64: bool) -> str:
    import hashlib

    digest = hashlib.new(algorithm, utf8(value), usedforsecurity=False)
    return encode(digest.digest()) if base64 else digest.hexdigest()


def _declare(name: str, algorithm: str, *, base64: bool) -> None:
    def of_text(value: str) -> str:
        return _digest(value, algorithm, base64=base64)

    def of_file(environment: Environment, path: str) -> str | Unknown:
        content = environment.read_file(path)
        return content if isinstance(content, Unknown) else _digest(content, algorithm, base64=base64)

    register: Callable[[Callable[..., str]], object] = function(name, TEXT)
    register(of_text)
    function(f"file{name}", TEXT, environment=True)(of_file)


for _name, _algorithm, _base64 in _SCHEMES:
    _declare(_name, _algorithm, base64=_base64)


@function("uuid")
def random_uuid() -> Unknown:
    return EACH_RUN("uuid()")
