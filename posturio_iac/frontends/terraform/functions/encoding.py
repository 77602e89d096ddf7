"""Functions that encode and decode strings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posturio_iac.core.open_kinds import DEPENDS_ON, NOT_EVALUATED, VERSIONS_DIFFER
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.frontends.terraform.functions.signature import MAX_TEXT, ResultTooLargeError, function, limit_text, text
from posturio_iac.frontends.terraform.values import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.model import Unknown

_BASE64 = lazy_pattern(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_PERCENT = lazy_pattern(rb"%([0-9A-Fa-f]{2})|(%)")
_GZIP = 31
"""The window size by which zlib knows the gzip format."""
_MAX_PARTS = 100
"""Each part copies the rest of the data."""

_EXACT = lazy_pattern(r"utf-?8|utf-16(?:le|be)?|us-ascii|iso-8859-(?:[1-9]|10|1[3-6])", re.IGNORECASE)
"""IANA names that Go and Python read alike, down to what they refuse."""
_TABLES = lazy_pattern(r"windows-125[0-8]|koi8-r", re.IGNORECASE)
"""Go fills the gaps of these tables, and the rest of them is the same."""
_BEYOND_ASCII = lazy_pattern(
    r"windows-874|koi8-u|macintosh|ibm(?:437|85[0258]|86[0235])|shift_jis|euc-jp|iso-2022-jp|euc-kr|gbk|gb18030|big5", re.IGNORECASE
)
"""The tables differ beyond printable ASCII."""
_PLAIN = lazy_pattern(r"[ -~\t\r\n]*")


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
    """Decode UTF-8. Raise EvaluationError when it is none."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise EvaluationError("the decoded bytes are not valid UTF-8") from None


@function("base64encode", text("str"))
def base64_encode(value: str) -> str:
    """Write a string's UTF-8 bytes in base64."""
    limit_text(len(value))
    return encode(utf8(value))


@function("base64decode", text("str"))
def base64_decode(value: str) -> str:
    limit_text(len(value))
    return _read_utf8(decode(value))


@function("textencodebase64", text("string"), text("encoding"))
def text_encode_base64(value: str, name: str) -> str | Unknown:
    """Write a string in another encoding, in base64."""
    limit_text(len(value))
    if _BEYOND_ASCII.fullmatch(name) and _PLAIN.fullmatch(value):
        return encode(value.encode("ascii"))
    if not (_EXACT.fullmatch(name) or _TABLES.fullmatch(name)):
        return _unread(name)
    try:
        return encode(("\ufeff" + value).encode("utf-16-be") if name.lower() == "utf-16" else value.encode(name))
    except UnicodeEncodeError:
        if not _EXACT.fullmatch(name):
            return _unread(name)
        raise EvaluationError(f"string: it holds characters that {name} does not have") from None


@function("textdecodebase64", text("source"), text("encoding"))
def text_decode_base64(value: str, name: str) -> str | Unknown:
    """Read a string in another encoding from base64."""
    limit_text(len(value))
    data = decode(value)
    if _BEYOND_ASCII.fullmatch(name) and _PLAIN.fullmatch(data.decode("latin-1")):
        return data.decode("ascii")
    if not (_EXACT.fullmatch(name) or _TABLES.fullmatch(name)):
        return _unread(name)
    is_marked = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        result = data.decode("utf-16-be" if name.lower() == "utf-16" and not is_marked else name)
    except UnicodeDecodeError:
        if not _EXACT.fullmatch(name):
            return _unread(name)
        raise EvaluationError(f"source: the bytes are not {name}") from None
    return VERSIONS_DIFFER("U+FFFD in textdecodebase64()") if "\ufffd" in result else result


def _unread(name: str) -> Unknown:
    return NOT_EVALUATED(f"the encoding {name}")


@function("base64gzip", text("str"))
def base64_gzip(_: str) -> Unknown:
    """Compress a string; the bytes depend on the compressor."""
    return DEPENDS_ON("base64gzip()", "Terraform's own compressor")


@function("base64gunzip", text("str"))
def base64_gunzip(value: str) -> str | Unknown:
    """Read a compressed string from base64."""
    limit_text(len(value))
    result = b"".join(_gunzip(decode(value)))
    try:
        return result.decode("utf-8")
    except UnicodeDecodeError:
        return VERSIONS_DIFFER("bytes that are not UTF-8 in base64gunzip()")


def _gunzip(data: bytes) -> Iterator[bytes]:
    """Yield what each part of gzip data holds: parts may follow each other, and nothing else may."""
    import zlib

    room = MAX_TEXT
    for _ in range(_MAX_PARTS):
        reader = zlib.decompressobj(_GZIP)
        try:
            part = reader.decompress(data, room + 1)
        except zlib.error:
            raise EvaluationError("the decoded bytes are not gzip") from None
        room -= len(part)
        if room < 0:
            raise ResultTooLargeError
        if not reader.eof:
            raise EvaluationError("the gzip data ends early")
        yield part
        data = reader.unused_data
        if not data:
            return
    raise ResultTooLargeError


@function("urlencode", text("str"))
def url_encode(value: str) -> str:
    """Escape a string for the query of a URL; a space becomes ``+``."""
    limit_text(len(value))
    return "".join("+" if char == " " else char if char in _UNRESERVED else _percent(char) for char in value)


def _percent(char: str) -> str:
    """Write the UTF-8 bytes of a character as percent escapes."""
    return "".join(f"%{byte:02X}" for byte in utf8(char))


@function("urldecode", text("str"))
def url_decode(value: str) -> str:
    limit_text(len(value))
    return _read_utf8(_PERCENT.sub(_byte, utf8(value.replace("+", " "))))


def _byte(match: re.Match[bytes]) -> bytes:
    """The byte of an escape."""
    if match.group(2):
        raise EvaluationError("a percent sign is not followed by two hexadecimal digits")
    return bytes((int(match.group(1), 16),))
