"""Hashes of strings and files, and identifiers made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.core.unknown import EACH_RUN
from posturio_iac.frontends.terraform.functions.encoding import encode, utf8
from posturio_iac.frontends.terraform.functions.signature import Environment, function, text

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """Hash the UTF-8 bytes of a string."""
    import hashlib

    digest = hashlib.new(algorithm, utf8(value), usedforsecurity=False)
    return encode(digest.digest()) if base64 else digest.hexdigest()


def _declare(name: str, algorithm: str, *, base64: bool) -> None:
    """Declare the hash of a string, and that of a file."""

    def of_text(value: str) -> str:
        return _digest(value, algorithm, base64=base64)

    def of_file(environment: Environment, path: str) -> str | Unknown:
        content = environment.read_file(path)
        return content if isinstance(content, Unknown) else _digest(content, algorithm, base64=base64)

    register: Callable[[Callable[..., str]], object] = function(name, text("str"))
    register(of_text)
    function(f"file{name}", text("path"), environment=True)(of_file)


for _name, _algorithm, _base64 in _SCHEMES:
    _declare(_name, _algorithm, base64=_base64)


@function("uuid")
def random_uuid() -> Unknown:
    return EACH_RUN("uuid()")
