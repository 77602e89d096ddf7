"""Terraform and OpenTofu plans, as ``terraform show -json`` prints them, joined to the code they were made from."""

from __future__ import annotations

import os

from posturio_iac.core.text.decoding import UTF16, decode, spelled_out
from posturio_iac.core.text.textfile import UnreadableError
from posturio_iac.core.text.textfile import read as read_file
from posturio_iac.search.kinds import STATE_MARKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends import Reading, ReadRequest
    from posturio_iac.search import Selection

_MARKS = (('"resource_changes"',), ('"planned_values"',), *STATE_MARKS, ('"@level"', '"planned_change"'))
"""Texts in a plan, a state and the messages of ``terraform plan -json``; all texts of one line together identify one."""


def read(selection: Selection, request: ReadRequest) -> Reading:
    """Read the Terraform plans among JSON files. They know the keys of their code better."""
    from posturio_iac.frontends import Reading

    if not (paths := tuple(plans_in(selection))):
        return Reading()
    from posturio_iac.core.record import replace
    from posturio_iac.frontends.plan import scan

    found = scan.read(selection, request, paths)
    return replace(found, replaced=frozenset((key.span, key.scope) for key in found.keys))


def plans_in(selection: Selection) -> Iterator[str]:
    """Yield the files of ``selection`` that may be plans, or are easily taken for one."""
    for path in selection.templates:
        if path.lower().endswith((".yaml", ".yml", ".template", ".cfn")):
            continue
        try:
            data = read_file(os.path.join(selection.root, path), selection.search.max_file_size, selection.search.fence)
        except UnreadableError:
            continue  # whoever reads the templates says so
        if looks_like_plan(data):
            yield path


def looks_like_plan(data: bytes) -> bool:
    """True if a file can be a plan, a state, or the messages of a plan, perhaps behind some lines of a log."""
    if data[:2] in UTF16:
        data = decode(data, "replace").encode("utf-8", "replace")
    if b"\n{" not in b"\n" + data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1024]:
        return False
    data = spelled_out(data)
    return any(all(mark.encode() in data for mark in marks) for marks in _MARKS)
