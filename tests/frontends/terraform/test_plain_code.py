"""What is taken for plain code is what the parser takes for sound, and its blocks are those that parsing the whole file gives."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from benchmarks.trees import TREES
from posturio_iac.frontends.terraform.syntax import hcl, parsing
from posturio_iac.frontends.terraform.syntax.outline import outline
from posturio_iac.frontends.terraform.syntax.plain_code import end_of_body
from posturio_iac.frontends.terraform.syntax.plain_file import plain_file
from posturio_iac.frontends.terraform.syntax.source import SourceText
from posturio_iac.frontends.terraform.syntax.tree import is_sound, tree_of

FIXTURES = sorted((Path(__file__).parents[3] / "fixtures").rglob("*.tf"))
BOM = b"\xef\xbb\xbf"
HEADER = b'resource "a" "b" {'
PLAIN = [
    b"\n}",
    b"}",
    b'\n  a = 1\n  b = "x" # said\n\n  // more\n  c = true\r\n}',
    b'\n  tags = { a = 1, "b" = var.x, c : "d" }\n}',
    b'\n  tags = merge(var.tags, {\n    a = "${var.a}-${count.index + 1}"\n  }, [1, "x", local.y[0].z["k"]]...)\n}',
    b'\n  a = [\n    "x",\n    # said\n    f(1)[0],\n  ]\n}',
    b"\n  count = var.on && !local.off || -1 <= x.y ? (1 + 2) * 3 : 0\n}",
    b'\n  dynamic "x" {\n    for_each = var.xs\n    content {\n      a = x.value[each.key].b.*.c\n    }\n  }\n}',
    b'\n  text = <<-EOT\n    Some "text" { of ${var.name}\n  EOT\n  a = 1\n}',
    b"\n  a = [for x in var.xs :\n    x.y if x.z]\n  b = flatten([for k, v in { for a in b : a => c } : v ? k : 1])\n}",
    b"\n  providers = {\n    # said\n    aws.a = aws.b\n  }\n}",
    b'\n  a = "50 % of $ 5, \\"said\\" ${f("x", g(1))} and ${a ? b : "c"}"\n}',
]
BROKEN = [
    *(b"\n  a = \n}", b"\n  a = 1 2\n}", b"\n  a 1\n}", b'\n  a = ["x" "y"]\n}', b'\n  a = ["x",, "y"]\n}', b"\n  a = f(1\n}"),
    *(b"\n  a = (1, 2)\n}", b"\n  a = [for x in y]\n}", b"\n  a = {for x in y : x}\n}", b"\n  a = [for x : y]\n}"),
    *(b"\n  a = x[1, 2]\n}", b"\n  a = b ? c\n}", b'\n  a = "x\n}', b'\n  a = "${x"\n}', b"\n  a = <<EOT\n  text\n}"),
    *(b"\n<<<<<<< HEAD\n  a = 1\n=======\n  a = 2\n>>>>>>> other\n}", b"\n  a = {{ template }}\n}", b"\n"),
]
SIGNS = b'" { } [ ] ( ) = , # // /* */ $ ${ % %{ ? : :: - ! . * [*] .* .0 < > => ... \\ \\u0041 ~ && || | & + / == != "${ }"'
WORDS = b'1 1e3 0x1 a for in if else true null endif "a" _ "${a}" \xc3\xa9 \x0c \x01'
LINES = (b" ", b"\n", b"\r", b"\t", b"<<EOF\nx\nEOF\n", b"<<-E\n", b"x = 1\n", b"a {\n}\n")
TOKENS = (*SIGNS.split(b" "), *WORDS.split(b" "), *LINES, b"")


@pytest.mark.parametrize("body", PLAIN)
def test_plain_code_is_recognized(body: bytes) -> None:
    assert end_of_body(HEADER + body + b"\nmore", len(HEADER)) == len(HEADER + body)


@pytest.mark.parametrize("code", ["x[0].y", "x[*].y", "x.*.y", "x.0.y", "x[k]", "f(x)[0].y"])
def test_steps_are_read_without_the_parser(code: str) -> None:
    assert plain_file("main.tf", f"a = {code}\n".encode()) is not None


@pytest.mark.parametrize("body", BROKEN)
def test_broken_code_is_left_to_the_parser(body: bytes) -> None:
    assert end_of_body(HEADER + body, len(HEADER)) == -1


@pytest.mark.parametrize("unit", [b"(", b"[", b"f(", b"a ? ", b'"${', b"a + ", b"-", b"a[", b"{ a = "])
def test_what_goes_on_and_on_costs_no_more_than_its_length(unit: bytes) -> None:
    assert end_of_body(HEADER + b"\n a = " + unit * 20_000 + b"\n}", len(HEADER)) == -1


def blocks_of(data: bytes) -> list[bytes]:
    root = tree_of(data).root_node
    bodies = [node for node in root.children if node.type == "body"] if is_sound(root) else []
    return [data[node.start_byte : node.end_byte] for body in bodies for node in body.children if node.type == "block"]


@cache
def some_blocks() -> tuple[bytes, ...]:
    found = {block for path in FIXTURES for block in blocks_of(path.read_bytes().removeprefix(BOM)) if len(block) < 1500}
    return tuple(sorted(found))


def damaged(code: bytes, start: int, chance: random.Random) -> bytes:
    """Return code with something left out, put in or replaced behind ``start``."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = chance.randrange(start, len(code) + 1)
        token = chance.choice(TOKENS)
        code = code[:at] + token + code[at + chance.choice((0, 0, 1, 3)) * (not token or chance.random() < 0.2) :]
    return code


@pytest.mark.parametrize("seed", range(4))
def test_what_is_recognized_is_sound(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same damage at each run
    tried = recognized = 0
    for _ in range(1500):
        block = chance.choice(some_blocks())
        start = block.index(b"{") + 1
        code = damaged(block, start, chance)
        end = end_of_body(code, start)
        tried += 1
        if end < 0:
            continue
        recognized += 1
        root = tree_of(code[:end]).root_node
        assert is_sound(root), code
        assert [(node.type, node.end_byte) for body in root.children for node in body.children] == [("block", end)], code
    assert tried / 5 < recognized < tried


def seen(body: hcl.Body) -> object:
    attributes = [(name, attribute.span, node(attribute.expression)) for name, attribute in body.attributes.items()]
    return attributes, [(b.type, b.labels, b.header, b.span, b.comments, b.text, seen(b.body)) for b in body.blocks]


def node(part: Any) -> object:
    if isinstance(part, hcl.HclNode):
        return (type(part), *(node(getattr(part, name)) for name in type(part).__match_args__))  # type: ignore[attr-defined]
    return tuple(map(node, part)) if isinstance(part, tuple) else (type(part), part)


def both_ways(monkeypatch: pytest.MonkeyPatch, path: str, data: bytes) -> tuple[object, object]:
    """Return what parsing the blocks one at a time gives, as reading small files without the grammar does, and what parsing them does."""
    found = []
    for threshold, read in ((0, plain_file), (1 << 60, plain_file), (1 << 60, lambda *_: None)):
        monkeypatch.setattr(parsing, "OUTLINED_FROM", threshold)
        monkeypatch.setattr(parsing, "plain_file", read)
        body, problems = parsing.parse(path, data)
        found.append((seen(body), problems))
    assert found[1] == found[2], data
    return found[0], found[2]


def test_the_blocks_of_files_are_the_same_both_ways(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    TREES["monorepo"](tmp_path, 3)
    outlined = plain = 0
    files = [*FIXTURES[::10], *tmp_path.rglob("*.tf")]
    for path in files:
        data = path.read_bytes()
        fast, whole = both_ways(monkeypatch, path.name, data)
        assert fast == whole, path
        outlined += outline(SourceText("", data.removeprefix(BOM))) is not None
        plain += plain_file("", data.removeprefix(BOM)) is not None
    assert outlined > 0.9 * len(files) < 1.1 * plain


@pytest.mark.parametrize("seed", range(3))
def test_what_is_wrong_with_files_is_said_both_ways(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same damage at each run
    broken = 0
    for path in chance.sample(FIXTURES, 120):
        data = damaged(path.read_bytes().removeprefix(BOM), 0, chance)
        fast, whole = both_ways(monkeypatch, path.name, data)
        assert fast == whole, data
        broken += bool(whole[1])  # type: ignore[index]
    assert broken > 20


ARGUMENTS = [
    *(b"a = 1", b'a = "x"\nb {\n}\n# said\nc = { d = "e" } # behind\n/* and */ f {\n}\nc = true\n'),
    b'include "root" {\n  path = find_in_parent_folders("\xc3\xa9")\n}\n\ninputs = merge(local.a, {\n  b = "${local.c}"\n})',
    *(b'a "b" {\n} /* c\n d */\na "c" {\n}\n', b"a = <<EOT\ntext\nEOT", b"a = <<EOT\ntext\nEOT\nb = 1\n", b'a = "x" }', b"a = [1,\n"),
]


@pytest.mark.parametrize("data", ARGUMENTS)
def test_arguments_at_the_top_are_the_same_both_ways(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    fast, whole = both_ways(monkeypatch, "terragrunt.hcl", data)
    assert fast == whole


@pytest.mark.parametrize("data", ARGUMENTS[1:3])
def test_plain_arguments_are_not_parsed_with_their_file(data: bytes) -> None:
    assert outline(SourceText("terragrunt.hcl", data)) is not None


OTHERS = [
    *(b"<<E\n${\n}\nE", b'"\\u0041"', b'"%{ if a }b%{ endif }"', b'"$$${x}"', b"a ? b ? c : d : e", b"if", b"true.b", b"1e5", b"a\n.b"),
    *(b"a.*.b.*.c", b"a /* */", b"a.0.1", b"[for a : b]", b"<<E\nx", b"{ for = a }", b"{ a = b\n(c) = d }"),
]


@pytest.mark.parametrize("value", OTHERS)
def test_what_only_the_grammar_can_tell_is_left_to_it(value: bytes) -> None:
    assert plain_file("main.tf", b"a = 1\nb = %b\n" % value) is None


READ = [b'"t${a}u"', b'"${f("${a}c")}b"', b'"a\\"b"', b'"$${x}"', b"a ? b : c", b"a[b]", b"{ a = 1 }", b"x.*.y", b"a.*.0", b"1.0"]
READ += [b"<<E\nt ${a}\n\\${b}\nE\n", b"<<-E\n ${a}\n\n  u\n  E\n", b"[for k, v in y : k]", b"a + b * -c", b"(\na # b\n&& c\n)"]
ROW = [*TOKENS, *READ, b"for k, v in ", b"f(", b"\n/* e\n f */\n", b'"%{ if a }b%{ endif }"', b"=> ", b"if a", b"\r\n", b'"a\rb"']
ROW += [b"a . . .", b"<<E x\nt\nE x\n", b'"${f("$${x}")}"', b"a(b...)"]
AROUND = [b"x = %b\n", b"x = [%b]\n", b"x = f(%b)\n", b"x = {\n a = %b\n (b) = c\n}\n", b'x = "${%b}"\n', b"b {\n x = a%b\n}\n", b"%b\n"]
AROUND += [b"x = [for k in %b]\n", b"x = {for k, v in y : %b}\n", b"x = a ? %b : b\n"]


def test_words_in_a_row_mean_the_same_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(0)  # noqa: S311 - the same code at each run
    plain = 0
    for _ in range(18_000):
        code = chance.choice(AROUND) % b" ".join(chance.choices(ROW, k=chance.randrange(1, 7)))
        if plain_file("main.tf", code) is not None:
            plain += 1
            both_ways(monkeypatch, "main.tf", code)
    assert plain > 600
    assert all(plain_file("main.tf", b"x = %b\n" % word) for word in READ)


def test_deep_code_is_as_deep_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    for pair in ("[|]", "(|)", "{ a = |}", "f(|)", "a[|]", "!|", "a == |", "a ? b : |", '"${[|]}"'):
        before, behind = pair.split("|")
        assert plain_file("main.tf", f"x = {before * 5000}".replace("(", "(\n").encode()) is None
        for depth in range(10, 115, 5):
            both_ways(monkeypatch, "main.tf", f"x = {before * depth}a{behind * depth}\n".replace("(", "(\n").encode())


COMMENTS = b"""/* licence
 */ # of all

# above
resource "a" "b" { # on its line
  # inside
} # behind /* it */
/* of the next
   one */
resource "c" "d" {
} /* behind the second
*/ // and more
/* of none */ resource "e" "f" {
  x = "\xc3\xa9" /* \xc3\xa9 */
} # \xc3\xa9
# last
"""


@pytest.mark.parametrize("cut", range(0, len(COMMENTS), 7))
def test_comments_belong_to_the_same_blocks_both_ways(monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    data = COMMENTS.decode()[cut:].encode()
    fast, whole = both_ways(monkeypatch, "main.tf", data)
    assert fast == whole
