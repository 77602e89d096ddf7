"""The sources of module calls, and the templates that others name, by the text of the code."""

from __future__ import annotations

import os

from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.decoding import holds_any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from posturio_iac.search.hcl_scanner import ScannedBlock

CALLS = frozenset(("module", "component"))  # blocks that call a module: Terraform's own, and those of stacks
_COMPUTING = (b"${", b"%{", b"\\")  # signs that a quoted text is more than what is written
NESTING = (b"TemplateURL", b"AWS::Serverless::Application")  # signs of a template that names others
_PLACES = tuple(lazy_pattern(rb"%b(?<!\w%b)[\"']?\s*:\s*(.*)" % (one, one)) for one in (b"TemplateURL", b"Location"))
_BUILDS = (b"TemplateBody", b"Custom::AWS", b"AWS::ServiceCatalog::CloudFormationP", b"AWS::Include", b"!Transform", b"!Rain::")
_TYPE = lazy_pattern(rb"Type(?<![\w-]Type)[\"']?\s*:\s*(?:[!{&*|>#]|Fn::|Ref\b|[\"']?[\w:.@-]*(?:\$\{|::MODULE\b))")
_OPEN = ((b"Type", _TYPE), (b"Modules", lazy_pattern(rb"Modules(?<![\w-]Modules)[\"']?\s*:")))  # each is compiled if its word is there
_TRANSFORM = lazy_pattern(rb"Transform(?<!\wTransform)[\"']?\s*:\s*(\[[^\]]*\]|(?:[ \t]*-[^\n]*\n?\s*)+|[^\n]*)")
_WORD = lazy_pattern(rb"[A-Za-z][\w:-]*")
_TEMPLATE = lazy_pattern(rb"(?i)[\"']?(?!\w+://)(?:file://)?([\w./-]+\.(?:ya?ml|json|template|txt|cfn))(?:[\"',}\s]|$)")


def templates_named(data: bytes) -> Iterator[str]:
    """Yield the local files that a template names as others, which are searched by themselves; an empty text for any other."""
    found = (_TEMPLATE.match(value) for one in _PLACES for value in one.findall(data))
    yield from (os.fsdecode(one[1]) if one else "" for one in found)


def leads_elsewhere(data: bytes, folder: str) -> bool:
    """True if a template in ``folder`` has to be parsed, whatever words are in it."""
    if holds_any(data, _BUILDS) or any(data.find(sign) >= 0 and one.search(data) for sign, one in _OPEN):
        return True
    names = templates_named(data) if holds_any(data, NESTING) else ()  # what leads up leads to where a scan of this folder does not go
    if any(not name or (folder and (os.pardir in name or not os.path.exists(os.path.join(folder, name)))) for name in names):
        return True
    transforms = _TRANSFORM.findall(data) if data.find(b"Transform") >= 0 else ()
    words = (word for value in transforms for word in _WORD.findall(value.partition(b"#")[0]))
    return not all(word.startswith((b"AWS::", b"Name", b"Parameters")) for word in words)


def sources_in(data: bytes, path: str) -> list[bytes]:
    """The sources that stand in a Terraform file; an empty text for each that only a parser can read."""
    found = list(written_sources(data))
    if all(found):
        return found
    plain = list(filter(None, found))
    for block in blocks_of(data, path, CALLS) if b"module" in data else ():
        if block.labels:
            written = block.expressions("source")
            constant = [] if any(mark in text for text in written for mark in (b"\\u", b"\\U")) else block.literals("source")
            plain += [*(text.encode("utf-8", "surrogateescape") for text in constant), *[b""] * (max(len(written), 1) - len(constant))]
    return plain


def blocks_of(data: bytes, path: str, kinds: Collection[str] = ()) -> list[ScannedBlock]:
    """The top-level blocks of a Terraform file in either syntax; with ``kinds`` only those of these types."""
    if path.endswith(".json"):
        from posturio_iac.search import json_scanner

        return [block for block in json_scanner.blocks(data) if not kinds or block.type in kinds]
    from posturio_iac.search import hcl_scanner

    return hcl_scanner.blocks(data, kinds)


def written_sources(data: bytes) -> Iterator[bytes]:
    """Yield what ``source`` is set to in HCL or JSON, empty where it is no plain string; importing `re` would take longer."""
    # Most are the end of ``resource "type"``. In an address the sign that takes its place is one of those that compute.
    data = data.replace(b'source "', b'\\"')
    at = -1
    while (at := data.find(b"source", at + 1)) >= 0:
        if data[at - 1 : at].replace(b"_", b"a").isalnum() and data[at - 2 : at - 1] != b"\\":
            continue  # the end of a longer word
        start = _without(data, at + 6, b'" \t\r\n\v\f')
        if data[start : start + 1] in (b"=", b":"):
            start = _without(data, start + 1, b" \t\r\n\v\f")
            end = data.find(b"\n", start)
            value = data[start : end if end >= 0 else len(data)]
            if value[:1] == b"[" and value.count(b"]") == 1 and value.rstrip(b", \t\r").endswith(b"]"):
                continue  # a list
            address = value.split(b'"', 2)
            if len(address) == 1 or address[0] or any(mark in address[1] for mark in _COMPUTING):
                yield b""
            elif address[1]:
                yield address[1]
        elif data.startswith(b"/*", start):
            yield b""


_WINDOW = 32  # bytes that are looked at together, more than there are blanks beside most signs


def _without(data: bytes, at: int, skipped: bytes) -> int:
    while window := data[at : at + _WINDOW]:
        if rest := window.lstrip(skipped):
            return at + len(window) - len(rest)
        at += _WINDOW
    return len(data)
