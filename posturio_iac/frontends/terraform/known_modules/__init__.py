"""The table of well-known modules that create access keys, and how a source and a version are looked up in it.

Imports ``syntax``, values and the configuration.
"""

from __future__ import annotations

LOCAL = ("./", "../", ".\\", "..\\")  # how a source begins that is a folder


def decoded(path: str) -> str:
    """Text of a URL without percent signs."""
    if "%" not in path:
        return path
    from urllib.parse import unquote

    return unquote(path)
