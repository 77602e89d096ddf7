"""Addresses of resources in Terraform, taken apart and put together."""

from __future__ import annotations

from posturio_iac.core.text import lazy_pattern

INDEX_PATTERN = r'\[(?:-?[0-9]+|"(?:[^"\\]|\\.)*")\]'
INDEX = lazy_pattern(INDEX_PATTERN)
_MODULE = lazy_pattern(rf"module\.([^.\[]+)(?:{INDEX_PATTERN})?\.?")
_SEGMENT = lazy_pattern(rf"([^.\[\]]+)({INDEX_PATTERN})?")
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


def bare(address: str) -> str:
    return INDEX.sub("", address) if "[" in address else address


def calls(address: str) -> tuple[str, ...]:
    """The names of the module calls that lead to a resource, the outermost first."""
    names: list[str] = []
    at = 0
    while address.startswith("module.", at) and (found := _MODULE.match(address, at)):
        names.append(found[1])
        at = found.end()
    return tuple(names)


def fits(code: str, deployed: str) -> bool:
    """True if the code's address can be that of a deployed resource; code may leave out an index, and Terraform moves ``x`` to ``x[0]``."""
    ours, theirs = _SEGMENT.findall(code), _SEGMENT.findall(deployed)
    if [name for name, _ in ours] != [name for name, _ in theirs]:
        return False
    return all(mine in ("", its) or (its == "" and mine == "[0]") for (_, mine), (_, its) in zip(ours, theirs, strict=True))


def index(value: object) -> str:
    """An index as an address shows it: ``[0]``, ``["a"]``, or nothing."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return ""
    if isinstance(value, int):
        return f"[{value}]"
    escaped = "".join(_ESCAPES.get(character, character) for character in value)
    return '["{}"]'.format(escaped.replace("${", "$${").replace("%{", "%%{"))
