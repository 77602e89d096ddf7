"""Programs in HCL for property tests: module calls among blocks that are full of text which only looks like calls."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

CALL = 'module "fake" {\n  source = "./fake"\n}'
ONE_LINE = CALL.replace("\n", " ").replace('"', '\\"')


@cache
def names() -> st.SearchStrategy[str]:
    return st.sampled_from(["a", "b_2", "ci-user", "ünder"])


@cache
def comments() -> st.SearchStrategy[str]:
    return st.sampled_from(
        [
            "# " + CALL.replace("\n", "\n# ") + "\n",
            "// " + CALL.replace("\n", "\n// ") + "\n",
            f"/* {CALL} */",
            '/* " ${ << { [ */',
            "# it isn't \"closed {\n",
            "/***/",
            "// <<EOT\n",
        ]
    )


@cache
def strings() -> st.SearchStrategy[str]:
    """Quoted templates, with whatever looks like code, and with expressions nested in them."""
    plain = st.sampled_from([f'"{ONE_LINE}"', '"\\"{"', '"$${ %%{ }"', '"# no comment"', '"// /* <<EOT"', '"\\\\"', '""', '"./real"'])
    return st.recursive(
        plain,
        lambda inner: st.builds(lambda a, b: '"' + "pre {" + "${" + f"f({a}, {{ k = {b} }})" + "} # post" + '"', inner, inner),
        max_leaves=4,
    )


@cache
def heredocs() -> st.SearchStrategy[str]:
    return st.builds(
        lambda dash, text, inside: f"<<{dash}EOT\n{text}\n  ${{ {inside} }}\n  EOT",
        st.sampled_from(["", "-"]),
        st.sampled_from([CALL, '"', "} } ]", "/* # //", "<<EOT2", "EOT2", "$${ {", "%{ if true }x%{ endif }"]),
        strings(),
    )


@cache
def expressions() -> st.SearchStrategy[str]:
    simple = st.one_of(st.sampled_from(["1", "var.a", "true", "a / b", "a < b"]), strings())
    return st.one_of(
        simple,
        heredocs(),
        st.builds(lambda a, b: f"[{a}, {b}]", simple, simple),
        st.builds(lambda a, c: f'{{\n  {c}\n  module = {a}\n  source = "./fake"\n}}', simple, comments()),
        st.builds(lambda a: f"f(\n  {a}\n)", simple),
    )


@cache
def attributes(name: str) -> st.SearchStrategy[str]:
    ends = st.sampled_from(["", " # c", " /* c */", ' // "'])
    return st.builds(lambda e, c: f"{name} = {e}{'' if e.endswith('EOT') else c}\n", expressions(), ends)


@cache
def blocks() -> st.SearchStrategy[str]:
    resource = st.builds(
        lambda a, b, c: (
            f'resource "x" "y" {{\n{c}\n{a}{b}nested {{\n  source = "./fake"\n  module "inner" {{\n    source = "./fake"\n  }}\n}}\n}}\n'
        ),
        attributes("p"),
        attributes("q"),
        comments(),
    )
    return st.one_of(
        resource, st.builds(lambda a, b: f"locals {{\n{a}{b}}}\n", attributes("p"), attributes("q")), comments().map("{}\n".format)
    )


@cache
def calls(source: str) -> st.SearchStrategy[str]:
    return st.builds(
        lambda name, gap, c, a, after: f'module{gap}"{name}"{gap}{{\n{c}\n{a}  source{gap}={gap}"{source}" {after}\n}}\n',
        names(),
        st.sampled_from([" ", "\t", " /* { */ "]),
        comments(),
        attributes("input"),
        st.sampled_from(["", "# c", "/* } */"]),
    )


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, list[str]]:
    sources = draw(st.lists(st.sampled_from(["./a", "../b", "acme/x/aws", "./a/b//c"]), max_size=3))
    text = ""
    for source in sources:
        text += draw(st.lists(blocks(), max_size=2).map("".join)) + draw(calls(source))
    return text + draw(st.lists(blocks(), max_size=2).map("".join)), sources
