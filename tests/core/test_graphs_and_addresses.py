"""Addresses of resources, reachability in graphs, and text on a terminal."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest

from posturio_iac.core.closure import CallGraph, closure
from posturio_iac.core.keys import KeyIdMask, bare, calls, fits, index
from posturio_iac.core.text.terminal import (
    JSON_SHARP,
    TEXT_SHARP,
    XML_SHARP,
    inert,
    paint,
    printable,
    wants_color,
    width,
    without_commands,
    wrapped,
)


@pytest.mark.parametrize(
    ("address", "without", "through"),
    [
        ("a.b", "a.b", ()),
        ("a.b[0]", "a.b", ()),
        ('module.m["x[1].module.y"].module.n[-1].a.b["]"]', "module.m.module.n.a.b", ("m", "n")),
        ('a.b["\\"]"]', "a.b", ()),
        ("a.module.m", "a.module.m", ()),
        ("module.m", "module.m", ("m",)),
    ],
)
def test_an_address_without_indexes_and_its_calls(address: str, without: str, through: tuple[str, ...]) -> None:
    assert (bare(address), calls(address)) == (without, through)


@pytest.mark.parametrize(
    ("code", "deployed", "does"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.c", False),
        ("a.b", "a.b[0]", True),
        ("a.b[0]", "a.b", True),
        ("a.b[1]", "a.b", False),
        ('a.b["x"]', 'a.b["y"]', False),
        ("a.b", 'a.b["x.y"]', True),
        ("module.m.a.b", "module.m[2].a.b", True),
        ("module.m.a.b[0]", 'module.m["k"].a.b[0]', True),
        ('module.m["j"].a.b', 'module.m["k"].a.b', False),
        ("module.n.a.b", "module.m.a.b", False),
        ("module.m.a.b", "a.b", False),
    ],
)
def test_a_declaration_fits_what_is_deployed(code: str, deployed: str, does: bool) -> None:
    assert fits(code, deployed) is does


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "[0]"),
        (-1, "[-1]"),
        ("a", '["a"]'),
        ('"\\', '["\\"\\\\"]'),
        ("\n\r\t", '["\\n\\r\\t"]'),
        ("${a}%{b}", '["$${a}%%{b}"]'),
        (True, ""),
        (1.5, ""),
        (None, ""),
    ],
)
def test_an_index_is_shown_as_terraform_shows_it(value: object, shown: str) -> None:
    assert index(value) == shown


def test_what_can_be_reached_in_a_graph() -> None:
    graph = CallGraph([("a", "b"), ("b", "c"), ("b", "d"), ("x", "c"), ("c", "b")])
    assert graph.below("a") == {"a", "b", "c", "d"}
    assert graph.above("c") == {"a", "b", "c", "x"}
    assert graph.below("nowhere") == {"nowhere"}
    assert graph.all_below(["d", "x"]) == {"d", "x", "c", "b"}
    assert graph.all_above(["d"]) == {"d", "b", "a", "c", "x"}
    assert graph.between("a", "d") == {"a", "b", "c", "d"}
    assert graph.between("d", "a") == {"a", "d"}
    assert closure([], {"a": {"b"}}) == set()


def test_ids_are_masked_but_for_four_characters() -> None:
    mask = KeyIdMask(["SOME_ODD_ID_0123456789"])
    assert (
        mask.text("x AKIA1234567890ABWXYZ SOME_ODD_ID_0123456789 OTHER_ODD_ID_0123456789") == "x ****WXYZ ****6789 OTHER_ODD_ID_0123456789"
    )
    for start in ("AKIA", "ASIA", "ABIA", "ACCA"):
        assert mask.text(f"({start}0123456789AB)") == "(****89AB)"
        assert mask.text(f"{start}0123456789A") == f"{start}0123456789A"
        assert mask.text(f"a{start}0123456789AB") == f"a{start}0123456789AB"


@pytest.mark.parametrize(
    ("text", "shown", "columns"),
    [
        ("plain", "plain", 5),
        ("a\nb\x1b[0m", "a\\nb\\x1b[0m", 11),
        ("\u202ea\u00a0\u200b", "\\u202ea\\xa0\\u200b", 17),
        ("\udcff\udc80\udc7f", "\\xff\\x80\\udc7f", 14),
        ("\u4e2d\u00e9e\u0301", "\u4e2d\u00e9e\u0301", 4),
    ],
)
def test_text_is_printable_and_has_a_width(text: str, shown: str, columns: int) -> None:
    assert printable(text) == shown
    assert width(shown) == columns


@pytest.mark.parametrize(
    ("text", "defused"),
    [
        ("::set-output::x", "\\x3a:set-output::x"),
        ("a\n  ::x::", "a\n  \\x3a:x::"),
        ("a::b", "a::b"),
        ("##vso[x]", "\\x23#vso[x]"),
        ("1 | ##[add-mask]x ##vso[a]", "1 | \\x23#[add-mask]x \\x23#vso[a]"),
        ("## [x", "## [x"),
        ("###[x", "#\\x23#[x"),
    ],
)
def test_commands_of_ci_are_defused(text: str, defused: str) -> None:
    assert without_commands(text) == defused


@pytest.mark.parametrize(("sharp", "expected"), [(JSON_SHARP, "\\u0023"), (XML_SHARP, "&#35;"), (TEXT_SHARP, "\\x23")])
def test_each_format_has_its_own_way_to_write_a_sharp(sharp: str, expected: str) -> None:
    assert inert("a##vso[b ##[c ## ::d", sharp) == f"a{expected}#vso[b {expected}#[c ## ::d"
    assert inert("plain #[", sharp) == "plain #["


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("a b", None, ["  a b"]),
        ("a b", 5, ["  a b"]),
        ("aaaa " * 9 + "z", 27, ["  " + "aaaa " * 4 + "aaaa", "  " + "aaaa " * 3 + "aaaa z"]),
        ("a-b " * 8, 1, ["  a-b a-b a-b a-b a-b", "  a-b a-b a-b"]),
        ("", 1, ["  "]),
        ("x" * 40, 10, ["  " + "x" * 40]),
    ],
)
def test_long_text_is_wrapped_between_words(text: str, columns: int | None, lines: list[str]) -> None:
    assert wrapped(text, "  ", columns) == lines


@pytest.mark.parametrize(
    ("style", "code"), [("bold", 1), ("dim", 2), ("red", 31), ("green", 32), ("yellow", 33), ("magenta", 35), ("cyan", 36)]
)
def test_styles_are_those_of_terminals(style: str, code: int) -> None:
    assert paint("a", style, color=True) == f"\x1b[{code}ma\x1b[0m"
    assert paint("a", style, "bold", color=True) == f"\x1b[{code};1ma\x1b[0m"
    assert (paint("a", style, color=False), paint("", style, color=True)) == ("a", "")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "environment", "on_terminal", "elsewhere"),
    [
        ("always", {"NO_COLOR": "1"}, True, True),
        ("never", {"FORCE_COLOR": "1"}, False, False),
        ("auto", {}, True, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ("auto", {"NO_COLOR": ""}, True, False),
        ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ("auto", {"FORCE_COLOR": "0"}, False, False),
        ("auto", {"TERM": "dumb"}, False, False),
        ("auto", {"TERM": "xterm"}, True, False),
    ],
)
def test_when_to_colour(choice: str, environment: Mapping[str, str], on_terminal: bool, elsewhere: bool) -> None:
    assert wants_color(choice, Terminal(), environment) is on_terminal
    assert wants_color(choice, io.StringIO(), environment) is elsewhere
    assert wants_color(choice, None, environment) is elsewhere
