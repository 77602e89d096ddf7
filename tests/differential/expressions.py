"""HCL expressions by a grammar: literals, templates, collections, traversals, splats, operators, ``for`` and calls.

They mostly have the types that their places need, since HCL refuses most of the others in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.support.grammar import filled, listed

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

    from tests.support.grammar import Grammar

VARIABLE = '{ x = [1, { y = "z" }], "null" = "n", "k-1" = true, e = {}, l = [[1, 2], [3]], o = [{ x = 1, y = ["a"] }, { x = 2, y = [] }] }'
DEPTH = 3

_CHARACTERS = ["", "a", "b c", "1", "01", "1.5", "true", "é", "\\n", '\\"', "$", "%", "$${", "%%{", "null", "-3", "\\u00e9", "2"]
_STEPS = listed("""
    [0]  [1]  .0  .1  ["0"]  [*]  [-1]  [0.5]  [true]  [null]  [*].x  .*.x  .*.0  [*][0]  .*.x[0]  [*].x[0]  .*.x.0  .0.0  .0.x  .*.0.x
    .*.*  [*][*]  [9]  .*  ["x"]  .x  .y  ["y"]  .null  .zz  ["null"]  .*.y.0
""")
_SHARED = ["(<truth> ? <{0}> : <{0}>)", "try(<any>, <{0}>)", "element(<list>, <number>)", "jsondecode(<text>)", "<holder><step>", "<any>"]
GRAMMAR: Grammar = {
    "any": ([], listed("null  <number>  <text>  <truth>  <list>  <object>  <holder><step>  <holder><step><step>")),
    "holder": (listed("var.a  var.a.o  var.a.l  var.a.x  {}  []"), ["(<list>)", "(<object>)"]),
    "step": (_STEPS, []),
    "characters": (_CHARACTERS, []),
    "source": (["var.a.x", "var.a"], ["<list>", "<object>"]),
    "key": (listed('x  y  a  null  true  k-1  for  b  1  1.5  -1  var.a  x.y  "a"  "é"'), ['"<characters>"', "(<any>)", '"${<any>}"']),
    "part": (
        _CHARACTERS,
        [
            *("${<any>}", " ${~ <any> ~} ", "%{ if <truth> }<characters>%{ else }<characters>%{ endif }"),
            "%{ for v in <list> }${v}<characters>%{ endfor }",
        ],
    ),
    "item": (["1 = 2", 'a = "b"'], ["<key> = <any>", "<key>: <any>", "<key>=<any>"]),
    "number": (
        listed("0  1  2  3  10  1.5  0.1  0.2  1e3  25e-1  007  100000000000000000000  1.10  var.a.x[0]  var.a.l.0[1]"),
        [
            *(pattern.format("number") for pattern in _SHARED),
            *listed("""
                abs(<number>)  ceil(<number>)  floor(<number>)  max(<number>, <number>)  min(<number>, <number>)  max(<list>...)
                signum(<number>)  pow(<number>, <number>)  parseint(<text>, <number>)
                (<number> + <number>)  (<number> - <number>)  (<number> * <number>)  (<number> / <number>)  (<number> % <number>)
                (-<number>)  (<text> + <number>)
            """),
        ],
    ),
    "text": (
        ['"a"', '""', '"1"', '"x y"', '"é"', '"true"', '"01"', '"1.50"', "var.a.x[1].y", "var.a.null", "var.a.x.1.y", '"\\n"'],
        [
            *(pattern.format("text") for pattern in _SHARED),
            *('"<part>"', '"<part> <part>"', '"<part> <part> <part>"', '"${<any>}"', '"<part>"', '"<part> <part>"'),
            *listed("""
                chomp(<text>)  join(<text>, <list>)  jsonencode(<any>)  lower(<text>)  upper(<text>)  strrev(<text>)  title(<text>)
                substr(<text>, <number>, <number>)  trim(<text>, <text>)  trimprefix(<text>, <text>)  trimspace(<text>)
                trimsuffix(<text>, <text>)  format("%s-%d", <any>, <number>)  format("%v %q", <any>, <text>)  join(<text>, <list>...)
            """),
        ],
    ),
    "truth": (
        ["true", "false", 'var.a["k-1"]', "var.a.k-1"],
        [
            *(pattern.format("truth") for pattern in _SHARED),
            *listed("""
                can(<any>)  contains(<list>, <any>)  (<any> == <any>)  (<any> != <any>)  (<number> < <number>)  (<number> > <number>)
                (<number> <= <number>)  (<number> >= <number>)  (<truth> && <truth>)  (<truth> || <truth>)  (!<truth>)
                (<text> == <any>)  (<truth> && <any>)  (<object> == <object>)  (<list> == <list>)
            """),
        ],
    ),
    "for_list": (listed('v  v.x  "${v}-"  [v]  v + 1  { (v) = v }  v[*]'), []),
    "for_if": (["", " if v != null", " if v", " if true", " if v == 1"], []),
    "for_key": (listed('k  v  "x"  "${v}"  1  null  k == 0  "${k}"'), []),
    "list": (
        listed("""
            []  [1, 2]  ["a", "b"]  var.a.x  var.a.l  var.a.o  var.a.o.*.x  var.a.l[*][0]  var.a.o[*].y  var.a.l.*.0  var.a.o.*.y.0
            var.a.o.*.y[0]  null[*]  var.a[*].e  var.a.*.e  [null]
        """),
        [
            *(pattern.format("list") for pattern in _SHARED),
            *("[<any>]", "[<any>, <any>]", "[<any>, <any>, <any>]", "[for v in <source> : <for_list><for_if>]"),
            *("[for k, v in <source> : <for_list><for_if>]", "[for k, v in <source> : k<for_if>]"),
            *listed("""
                coalescelist(<list>, <list>)  compact(<list>)  concat(<list>, <list>)  distinct(<list>)  flatten(<list>)  keys(<object>)
                values(<object>)  range(<number>)  range(<number>, <number>)  reverse(<list>)  setunion(<list>, <list>)
                slice(<list>, 0, <number>)  sort(<list>)  split(<text>, <text>)  setproduct(<list>, <list>)
                setsubtract(<list>, <list>)  setintersection(<list>, <list>)
            """),
        ],
    ),
    "object": (
        listed("""
            {}  { x = 1, y = "z" }  var.a  var.a.e  var.a.o[0]  var.a.x[1]  var.a.o.1  { null = 1 }  { (null) = 1 }  { var.a = 1 }
            { a.b = 1 }  { 1 = 2 }  { true = 2 }  { x = null }
        """),
        [
            *(pattern.format("object") for pattern in _SHARED),
            *("{ <item> }", "{ <item>, <item> }", "{ <item>\n<item> }", "{ <item>, <item>, <item> }"),
            *(f"{{ for k, v in <source> : <for_key> => {body}<for_if> }}" for body in ("v", "v.x", "k", "[v]", "v...", "k...")),
            *listed('merge(<object>, <object>)  zipmap(<list>, <list>)  merge(<list>...)  jsondecode("{\\"x\\":[1,null]}")'),
        ],
    ),
}


@st.composite
def expressions(draw: DrawFn) -> str:
    return filled(lambda options: draw(st.sampled_from(options)), GRAMMAR, "<any>", DEPTH + 1)
