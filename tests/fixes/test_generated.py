"""Edits of generated HCL: the result has no syntax error, what was not meant stays byte for byte, and a second time changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from posturio_iac.fixes import hcl_maps, hcl_rotation
from posturio_iac.fixes.hcl_source import BOM, HclSource
from posturio_iac.fixes.wanted import CannotFixError, Edit, apply
from tests.differential.generate import documents

EDITS: dict[str, Callable[[HclSource, Any], list[Edit]]] = {
    "tag": lambda source, block: hcl_maps.add_entry(source, block, "tags", "expires", "2027-01-31"),
    "argument": lambda source, block: hcl_maps.set_arguments(source, block, ("sensitive", "true")),
    "comment": lambda source, block: hcl_maps.add_metadata(source, block, "owner", 'a "b"'),
    "order": hcl_rotation.create_first,
    "schedule": lambda source, block: hcl_rotation.add_schedule(source, block, [source], "clock", 90),
}
MAPS = st.sampled_from(
    [
        "tags = {}",
        'tags = { a = "b" }',
        'tags = {\n    a  = "b"\n    cd = 1\n  }',
        'tags = {\n    "a" : 1,\n    b = {\n      c = 2\n    }\n  }',
        "tags = merge(var.a, var.b...)",
        "tags = merge(\n    var.a,\n    { b = 1 },\n  )",
        "tags = { for k, v in var.a : k => v }",
        "tags = var.a ? { b = 1 } : null",
        "tags = {\n    # nothing yet\n  }",
        "tags = {\n    a = <<EOT\nb\nEOT\n  }",
        "tags = local.tags # shared",
        "tags = [{ key = 1 }]",
        "tags {\n    a = 1\n  }",
        "lifecycle { prevent_destroy = true }",
        "lifecycle {\n    ignore_changes = [\n      tags,\n    ]\n  }",
        'lifecycle {\n    replace_triggered_by = [a.b]\n    create_before_destroy = "false"\n  }',
        "name = <<-EOT\n    x\n  EOT",
    ]
)


def texts(source: HclSource, block: Any) -> dict[str, str]:
    return {source.text(c.children[0]): " ".join(source.text(c).split()) for c in source.body(block)}


def check(data: bytes, edit: str, chosen: int) -> None:
    source = HclSource("main.tf", data)
    if source.errors():
        return
    blocks = [b for body in source.root.children if body.type == "body" for b in body.children if b.type == "block"]
    if not blocks:
        return
    number = chosen % len(blocks)
    block = blocks[number]
    try:
        edits = EDITS[edit](source, block)
    except CannotFixError:
        return
    after = HclSource("main.tf", apply(data, edits))
    assert after.errors() == 0
    found = (b for body in after.root.children if body.type == "body" for b in body.children if b.type == "block")
    now = [b for b in found if after.words(b)[1:] not in {("time_rotating", "clock"), ("time_static", "clock")}]
    assert [source.text(b) for n, b in enumerate(blocks) if n != number] == [after.text(b) for n, b in enumerate(now) if n != number]
    mine = now[number]
    changed = {name for name, text in texts(source, block).items() if texts(after, mine).get(name) != text}
    assert changed <= {"tags", "sensitive", "lifecycle"}
    again: list[Edit] = []
    with suppress(CannotFixError):
        again = EDITS[edit](after, mine)
    assert again == []


@given(documents(hard=False), st.sampled_from(sorted(EDITS)), st.integers(0, 20))
def test_any_document(text: str, edit: str, chosen: int) -> None:
    check(text.encode(), edit, chosen)


@given(st.lists(MAPS, max_size=4, unique_by=lambda text: text.split()[0]), st.sampled_from(sorted(EDITS)), st.booleans(), st.booleans())
@example(parts=["tags = merge(\n    var.a,\n    { b = 1 },\n  )"], edit="tag", carriage=False, marked=False)
def test_any_resource(parts: list[str], edit: str, carriage: bool, marked: bool) -> None:
    body = "".join(f"  {part}\n" for part in parts)
    text = f'resource "a" "b" {{\n{body}}}\n\nresource "c" "d" {{ x = 1 }}\n'
    data = text.replace("\n", "\r\n" if carriage else "\n").encode()
    check((BOM if marked else b"") + data, edit, 0)


LINES = st.sampled_from(
    [
        'name = "ci"',
        "user   = aws_iam_user.ci.name",
        "count = 2 # two",
        'path = "/é/"',
        'note = "a } b"',
        'note = "a \\" b"',
        "sum = 1 + 2",
        "a-b = true",
        "",
        "list = [1, 2]",
        "lifecycle { prevent_destroy = true }",
        "tags = {\n    a = 1\n  }",
        "text = <<EOT\n}\nEOT",
        "/* }\n} */",
    ]
)


def placed(edits: Callable[[HclSource], list[Edit]], source: HclSource) -> list[Edit] | str:
    try:
        return edits(source)
    except CannotFixError as error:
        return str(error)


ENDS, SHAPES = st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", " {} ", " {}\n", "\n  {} "])


@given(st.lists(LINES, max_size=3), st.sampled_from(sorted(EDITS)), ENDS, st.sampled_from(["", "  "]), SHAPES)
def test_a_block_is_edited_alike_with_and_without_the_rest_of_its_file(
    lines: list[str], edit: str, end: str, margin: str, shape: str
) -> None:
    held = shape.format(*lines[:1]) if shape and lines else "\n" + "".join(f"  {line}\n" for line in lines) + margin
    text = f'# first\n{margin}resource "a" "b" {{{held}}}\n\nresource "c" "d" {{\n  e = "}}"\n}}\n'.replace("\n", end)
    data = text.encode()
    whole = HclSource("main.tf", data)
    if whole.errors():
        return
    start = data.index(b"resource")
    expected = placed(lambda source: EDITS[edit](source, source.node_at(start)), whole)
    assert placed(lambda source: EDITS[edit](source, source.block_at(start)), HclSource("main.tf", data)) == expected
