"""SHA-256 without OpenSSL, whose library takes longer to load than a small scan to judge; the standard library's `random` does the same."""

from __future__ import annotations

__all__ = ["sha256"]

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:  # a Python that leaves its own out
            from hashlib import sha256
