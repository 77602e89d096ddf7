"""HCL expressions by its grammar, for hypothesis: literals, templates, collections, traversals, splats, operators, ``for`` and calls.

They mostly have the types that their places need, since HCL refuses most of the others in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn

    Draw = Callable[[st.SearchStrategy[Any]], Any]
    """Draws text, or a number where the strategy says so."""

VARIABLE = '{ x = [1, { y = "z" }], "null" = "n", "k-1" = true, e = {}, l = [[1, 2], [3]], o = [{ x = 1, y = ["a"] }, { x = 2, y = [] }] }'
"""What ``var.a`` holds."""
DEPTH = 3
KINDS = ("number", "text", "truth", "list", "object")

_names = st.sampled_from(["x", "y", "a", "null", "true", "k-1", "for", "b"])
_texts = st.sampled_from(
    ["", "a", "b c", "1", "01", "1.5", "true", "é", "\\n", '\\"', "$", "%", "$${", "%%{", "null", "-3", "\\u00e9", "2"]
)
_ATOMS = {
    "number": [*"0123", "10", "1.5", "0.1", "0.2", "1e3", "25e-1", "007", "100000000000000000000", "1.10", "var.a.x[0]", "var.a.l.0[1]"],
    "text": ['"a"', '""', '"1"', '"x y"', '"é"', '"true"', '"01"', '"1.50"', "var.a.x[1].y", "var.a.null", "var.a.x.1.y", '"\\n"'],
    "truth": ["true", "false", 'var.a["k-1"]', "var.a.k-1"],
    "list": [
        "[]",
        "[1, 2]",
        '["a", "b"]',
        "var.a.x",
        "var.a.l",
        "var.a.o",
        "var.a.o.*.x",
        "var.a.l[*][0]",
        "var.a.o[*].y",
        "var.a.l.*.0",
        "var.a.o.*.y.0",
        "var.a.o.*.y[0]",
        "null[*]",
        "var.a[*].e",
        "var.a.*.e",
        "[null]",
    ],
    "object": [
        "{}",
        '{ x = 1, y = "z" }',
        "var.a",
        "var.a.e",
        "var.a.o[0]",
        "var.a.x[1]",
        "var.a.o.1",
        "{ null = 1 }",
        "{ (null) = 1 }",
        "{ var.a = 1 }",
        "{ a.b = 1 }",
        "{ 1 = 2 }",
        "{ true = 2 }",
        "{ x = null }",
    ],
}
_STEPS = {
    "list": [
        "[0]",
        "[1]",
        ".0",
        ".1",
        '["0"]',
        "[*]",
        "[-1]",
        "[0.5]",
        "[true]",
        "[null]",
        "[*].x",
        ".*.x",
        ".*.0",
        "[*][0]",
        ".*.x[0]",
        "[*].x[0]",
        ".*.x.0",
        ".0.0",
        ".0.x",
        ".*.0.x",
        ".*.*",
        "[*][*]",
        "[9]",
        ".*",
        '["x"]',
        ".x",
    ],
    "object": [".x", ".y", '["x"]', '["y"]', ".null", ".zz", "[*]", "[*].x", ".*.x", "[0]", ".0", '["null"]', "[null]", "[true]", ".*.y.0"],
}
_CALLS = {
    "number": [
        "abs(number)",
        "ceil(number)",
        "floor(number)",
        "max(number, number)",
        "min(number, number)",
        "max(list...)",
    ],
    "text": [
        "chomp(text)",
        "join(text, list)",
        "jsonencode(any)",
        "lower(text)",
        "upper(text)",
        "strrev(text)",
        "substr(text, number, number)",
        "title(text)",
        "trim(text, text)",
        "trimprefix(text, text)",
        "trimspace(text)",
        "trimsuffix(text, text)",
        'format("%s-%d", any, number)',
        'format("%v %q", any, text)',
        "join(text, list...)",
    ],
    "truth": ["can(any)", "contains(list, any)"],
    "list": [
        "coalescelist(list, list)",
        "compact(list)",
        "concat(list, list)",
        "distinct(list)",
        "flatten(list)",
        "keys(object)",
        "values(object)",
        "range(number)",
        "range(number, number)",
        "reverse(list)",
        "setunion(list, list)",
        "slice(list, 0, number)",
        "sort(list)",
        "split(text, text)",
        "setproduct(list, list)",
        "setsubtract(list, list)",
        "setintersection(list, list)",
    ],
    "object": ["merge(object, object)", "zipmap(list, list)", "merge(list...)"],
    "any": ["try(any, any)", "element(list, number)", "jsondecode(text)", 'jsondecode("{\\"x\\":[1,null]}")'],
}
_OPERATIONS = {
    "number": ["number + number", "number - number", "number * number", "number / number", "number % number", "-number", "text + number"],
    "truth": [
        "any == any",
        "any != any",
        "number < number",
        "number > number",
        "number <= number",
        "number >= number",
        "truth && truth",
        "truth || truth",
        "!truth",
        "text == any",
        "truth && any",
        "object == object",
        "list == list",
    ],
}


@st.composite
def expressions(draw: DrawFn) -> str:
    return _any(draw, DEPTH)


def _any(draw: Draw, depth: int) -> str:
    kind = draw(st.sampled_from([*KINDS, "null"]))
    return "null" if kind == "null" else _of(draw, kind, depth)


def _of(draw: Draw, kind: str, depth: int) -> str:
    """An expression that mostly has a type."""
    if depth <= 0:
        return str(draw(st.sampled_from(_ATOMS[kind])))
    made = draw(st.sampled_from(["atom", "call", "operation", "step", "condition", "other", "made", "made"]))
    if made == "call":
        return _filled(draw, draw(st.sampled_from([*_CALLS[kind], *_CALLS["any"]])), depth - 1)
    if made == "operation" and kind in _OPERATIONS:
        return f"({_filled(draw, draw(st.sampled_from(_OPERATIONS[kind])), depth - 1)})"
    if made == "step":
        holder = draw(st.sampled_from(["list", "object"]))
        step = draw(st.sampled_from(_STEPS[holder]))
        return f"{_held(draw, holder, depth - 1)}{step}{draw(st.sampled_from(['', '', *_STEPS['list']]))}"
    if made == "condition":
        return f"({_of(draw, 'truth', depth - 1)} ? {_of(draw, kind, depth - 1)} : {_of(draw, kind, depth - 1)})"
    if made == "other":
        return _any(draw, depth - 1)
    if made == "made" and kind in _MAKERS:
        return _MAKERS[kind](draw, depth - 1)
    return str(draw(st.sampled_from(_ATOMS[kind])))


def _held(draw: Draw, kind: str, depth: int) -> str:
    text = _of(draw, kind, depth)
    return text if text[0] in "[{(v" and " ? " not in text else f"({text})"


def _filled(draw: Draw, pattern: str, depth: int) -> str:
    """A pattern with expressions in place of the names of types."""
    found = pattern
    for kind in (*KINDS, "any"):
        while (at := _word(found, kind)) >= 0:
            inner = _any(draw, depth) if kind == "any" else _of(draw, kind, depth)
            found = f"{found[:at]}\0{inner.translate(_HIDDEN)}\0{found[at + len(kind) :]}"
    return found.translate(_SHOWN).replace("\0", "")


_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_HIDDEN = str.maketrans({letter: chr(0xE000 + n) for n, letter in enumerate(_LETTERS)})
_SHOWN = str.maketrans({chr(0xE000 + n): letter for n, letter in enumerate(_LETTERS)})


def _word(text: str, word: str) -> int:
    """Return where a word stands by itself, or -1."""
    at = text.find(word)
    while at >= 0:
        around = text[at - 1 : at] + text[at + len(word) : at + len(word) + 1]
        if not any(letter.isalnum() or (letter == "(" and text[at - 1 : at].isalpha()) for letter in around):
            return at
        at = text.find(word, at + 1)
    return -1


def _template(draw: Draw, depth: int) -> str:
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        match draw(st.sampled_from(["text", "text", "value", "value", "stripped", "if", "for"])):
            case "text":
                parts.append(draw(_texts))
            case "value":
                parts.append(f"${{{_any(draw, depth)}}}")
            case "stripped":
                parts.append(f" ${{~ {_any(draw, depth)} ~}} ")
            case "if":
                parts.append(f"%{{ if {_of(draw, 'truth', depth)} }}{draw(_texts)}%{{ else }}{draw(_texts)}%{{ endif }}")
            case _:
                parts.append(f"%{{ for v in {_of(draw, 'list', depth)} }}${{v}}{draw(_texts)}%{{ endfor }}")
    return f'"{" ".join(parts)}"'


def _list(draw: Draw, depth: int) -> str:
    if draw(st.sampled_from(["items", "for"])) == "items":
        return f"[{', '.join(_any(draw, depth) for _ in range(draw(st.integers(0, 3))))}]"
    names = draw(st.sampled_from(["v", "k, v"]))
    body = draw(st.sampled_from(["v", "v.x", '"${v}-"', "[v]", "v + 1", "{ (v) = v }", "v[*]", *(("k",) if "k" in names else ())]))
    source = _of(draw, draw(st.sampled_from(["list", "object"])), depth)
    return f"[for {names} in {source} : {body}{draw(st.sampled_from(['', ' if v != null', ' if v', ' if true', ' if v == 1']))}]"


def _object(draw: Draw, depth: int) -> str:
    if draw(st.sampled_from(["items", "items", "for"])) == "items":
        signs = st.sampled_from([" = ", ": ", "="])
        items = [f"{_key(draw, depth)}{draw(signs)}{_any(draw, depth)}" for _ in range(draw(st.integers(0, 3)))]
        return "{ " + str(draw(st.sampled_from([", ", "\n"]))).join(items) + " }"
    key = draw(st.sampled_from(["k", "v", '"x"', '"${v}"', "1", "null", "k == 0", '"${k}"']))
    body = draw(st.sampled_from(["v", "v.x", "k", "[v]"])) + draw(st.sampled_from(["", "..."]))
    source = _of(draw, draw(st.sampled_from(["list", "object"])), depth)
    return f"{{ for k, v in {source} : {key} => {body}{draw(st.sampled_from(['', ' if v != null', ' if k != 0']))} }}"


def _key(draw: Draw, depth: int) -> str:
    match draw(st.sampled_from(["name", "name", "text", "computed", "template"])):
        case "name":
            return str(draw(_names | st.sampled_from(["1", "1.5", "-1", "var.a", "x.y"])))
        case "text":
            return f'"{draw(_texts)}"'
        case "computed":
            return f"({_any(draw, depth)})"
        case _:
            return f'"${{{_any(draw, depth)}}}"'


_MAKERS = {"text": _template, "list": _list, "object": _object}
