"""Text from the bytes of a file, and signs that somebody has still to finish it: markup of template engines, and merge conflicts."""

from __future__ import annotations

import sys

from posturio_iac.core.text import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

GIT_CRYPT = b"\0GITCRYPT\0"  # the first bytes of a file that git-crypt has locked
GIT_LFS = b"version https://git-lfs"  # the first bytes of what stands for a file that Git LFS has not fetched
UTF16 = (b"\xff\xfe", b"\xfe\xff")  # the byte order marks of UTF-16, which PowerShell writes
_UTF8 = b"\xef\xbb\xbf"
_UTF32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_MARKUP = r"\{\{(?!resolve:)|\{%|<%|\{#"
UNRESOLVED = "this merge conflict is not resolved"

_words = lazy_pattern(rb"(?m)^[\w\x80-\xff \t-]+")
_other_blanks = lazy_pattern(rb"\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2(?:\x80[\x80-\x8a\xa8\xa9\xaf]|\x81\x9f)|\xe3\x80\x80")
_LETTER, _LINE = rb"(?:u00|U000000|x)([2-7][0-9A-Fa-f])", rb"(?:\r?\n|\r|\xc2\x85|\xe2\x80[\xa8\xa9])[ \t]*"  # YAML joins lines
_escape = lazy_pattern(rb"\\(?=[uUx/\r\n\xc2\xe2\\])(?<!\\\\)\\*(?:" + _LETTER + b"|(/)|" + _LINE + b")")


def spelled_out(data: bytes) -> bytes:
    """A text with letters for their escapes, as parsers read it; in a text within a text an escape has more than one backslash."""
    if data.find(b"\\") < 0:
        return data
    return _escape.sub(lambda found: bytes((int(found[1], 16),)) if found[1] else found[2] or b"", data)


def holds_any(data: bytes, signs: tuple[bytes, ...]) -> bool:
    """True if a text holds one of the signs. For bytes ``in`` takes twice as long as ``find``: it tries its operand as a number first."""
    for sign in signs:  # noqa: SIM110 - a generator costs more than the loop
        if data.find(sign) >= 0:
            return True
    return False


def decode(data: bytes, errors: str = "strict") -> str:
    """The text in ``data``: UTF-8, or UTF-16 or UTF-32 with its mark, which is left out. Raises `UnicodeDecodeError`."""
    encoding = "utf-32" if data.startswith(_UTF32) else "utf-16" if data.startswith(UTF16) else "utf-8"
    return data.removeprefix(_UTF8).decode(encoding, errors)  # the codec that leaves it out has to be imported


def with_plain_markers(data: bytes) -> bytes:
    """A file with spaces for the other white space of Unicode around a word alone on its line: Terraform ends heredocs there too."""
    if data.isascii() or b"<<" not in data or not _other_blanks.search(data):
        return data

    def plain(line: re.Match[bytes]) -> bytes:
        spaced = _other_blanks.sub(lambda blank: b" " * len(blank[0]), line[0])
        return spaced if len(spaced.split()) == 1 else line[0]

    return _words.sub(plain, data)


def not_text(error: UnicodeDecodeError) -> str:
    """The clause about a file whose bytes are no text: ``is not UTF-8 text (byte 12)``."""
    return f"is not {error.encoding[:6].rstrip('-').upper()} text (byte {error.start})"


def markup(text: str) -> int | None:
    """Where the first markup stands in a text, or None. CloudFormation's dynamic references (``{{resolve:…``) are none."""
    import re  # which a search that finds nothing does not need

    found = re.search(_MARKUP, text)
    return found.start() if found else None


def conflict_line(text: str) -> int | None:
    """The line of the first conflict, from 1, or None: the lines ``<<<<<<< …``, ``=======`` and ``>>>>>>> …``, in this order."""
    framed = f"\n{text}"
    start = framed.find("\n<<<<<<< ")
    middle = framed.find("\n=======", start + 1) if start >= 0 else -1
    end = framed.find("\n>>>>>>> ", middle + 1) if middle >= 0 else -1
    return framed.count("\n", 0, start) + 1 if end >= 0 else None


def sha256(data: bytes) -> str:
    """In hexadecimal digits, without OpenSSL where that can be: its library takes longer to load than a small scan to judge."""
    from posturio_iac.core import module

    try:
        own = module("_sha2" if sys.version_info >= (3, 12) else "_sha256")
    except ImportError:  # a Python that leaves its own out
        own = module("hashlib")
    return str(own.sha256(data).hexdigest())
