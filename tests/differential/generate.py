"""Valid HCL, as people and machines lay it out, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.support.grammar import listed

KEYWORDS = ("for", "if", "in", "else", "endif", "endfor", "true", "false", "null")

_names = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,6}(-[a-z0-9]{1,3})?", fullmatch=True).filter(lambda name: name not in KEYWORDS)
# Other spaces than the ordinary one are left out: pygohcl collapses them, and HCL counts them as the indentation of a heredoc.
_letters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"], exclude_characters='"\\$%') | st.just(" ")
_plain = st.text(_letters, min_size=1, max_size=8)
_escapes = st.sampled_from(
    ["\\n", "\\t", "\\r", '\\"', "\\\\", "\\u00e9", "\\u20AC", "\\U0001F511", "$${x}", "%%{ if }", "$", "%", "$$", "}"]
)
_references = st.sampled_from(
    listed('var.a  local.tags.b  aws_iam_user.u[0].name  each.value  f("x")  var.a ? var.b : var.c  1 + 2  data.x.y[*].id  m["k"]')
)
_interpolations = _references.map("${{{}}}".format)
_directives = st.sampled_from(["%{ if var.a }yes%{ else }no%{ endif }", "%{ for x in var.l }${x}%{ endfor }"])
_hard = st.sampled_from(["${~ var.a ~}", "${~var.a}", "%{~ if var.a ~} yes %{~ endif ~}", "$${", "%%{"])

_numbers = (st.integers(0, 10**15) | st.decimals(0, 10**6, places=3, allow_nan=False)).map(str)
_numbers |= st.sampled_from(["1.5E3", "1.25e+2", "2.5e-1", "0.0", "007"])
_comments = st.sampled_from(["# note", "// note", "/* note */", '# "quoted" ${x} {', "/* two\nlines */"])


def _string(chunks: SearchStrategy[str]) -> SearchStrategy[str]:
    """Join chunks, keeping apart those that would mean something else together."""
    return st.lists(chunks, max_size=4).map(lambda parts: '"' + " ".join(parts) + '"')


def _heredoc(chunks: SearchStrategy[str]) -> SearchStrategy[str]:
    line = st.tuples(st.sampled_from(["", "  ", "    ", "\t"]), st.lists(chunks, min_size=1, max_size=3).map(" ".join)).map(
        "".join
    ) | st.just("")

    def write(lines: list[str], dash: str, end: str) -> str:
        return f"<<{dash}END\n" + "".join(f"{text}\n" for text in lines) + f"{end}END\n"

    return st.builds(write, st.lists(line, max_size=4), st.sampled_from(["", "-"]), st.sampled_from(["", "  "]))


def _expressions(chunks: SearchStrategy[str]) -> SearchStrategy[str]:
    scalars = _numbers | _numbers.map("-{}".format) | st.sampled_from(["true", "false", "null", "!true"]) | _string(chunks) | _references
    scalars |= (_numbers | _references).map("({})".format)
    keys = _names | _string(_plain | _escapes) | st.integers(0, 99).map(str) | _references.map("({})".format)

    def collections(inner: SearchStrategy[str]) -> SearchStrategy[str]:
        items = st.lists(inner, max_size=3)
        pairs = st.lists(st.tuples(keys, st.sampled_from([" = ", "=", " : "]), inner).map("".join), max_size=3, unique=True)
        return st.one_of(
            items.map(lambda xs: "[" + ", ".join(xs) + "]"),
            items.map(lambda xs: "[\n" + "".join(f"  {x},\n" for x in xs) + "]"),
            pairs.map(lambda xs: "{ " + ", ".join(xs) + " }"),
            pairs.map(lambda xs: "{\n" + "".join(f"  {x} # note\n" for x in xs) + "}"),
        )

    return st.recursive(scalars, collections, max_leaves=6)


def _labels(chunks: SearchStrategy[str]) -> SearchStrategy[str]:
    quoted = st.lists(chunks, min_size=1, max_size=2).map(lambda parts: '"' + " ".join(parts) + '"')
    return st.lists(quoted | _names, max_size=3).map(" ".join)


def documents(*, hard: bool) -> SearchStrategy[str]:
    """Return HCL files; ``hard`` adds what only HashiCorp's own parser takes: strip markers, lone ``$${``, comments in block headers."""
    static = _plain | _escapes
    chunks = static | _interpolations | _directives
    if hard:
        chunks |= _hard
    separators = st.sampled_from([" ", "  ", "\t", " /* note */ "] if hard else [" "])
    # HCL removes a heredoc's indentation after strip markers have eaten line breaks, which no code that we saw relies on.
    values = _expressions(chunks) | _heredoc(static | _interpolations | _directives)
    attributes = st.tuples(_names.map("a_{}".format), st.sampled_from([" = ", "=", "   = "]), values)

    def write(header: str, separator: str, lines: list[str]) -> str:
        opening = header.replace("\0", separator)
        return f"{opening} {{\n" + "".join(f"  {line}\n" for line in lines) + "}"

    def bodies(blocks: SearchStrategy[str]) -> SearchStrategy[list[str]]:
        unique = st.lists(attributes, max_size=4, unique_by=lambda a: a[0]).map(lambda found: ["".join(a) for a in found])
        return st.builds(lambda a, b, c: [*a, *b, *c], unique, st.lists(blocks, max_size=2), st.lists(_comments, max_size=2))

    def block(inner: SearchStrategy[str]) -> SearchStrategy[str]:
        headers = st.tuples(_names.map("b_{}".format), _labels(static)).map(lambda h: "\0".join(filter(None, h)))
        return st.builds(write, headers, separators, bodies(inner))

    one_line = st.tuples(_names.map("b_{}".format), _names, _numbers).map(lambda t: f"{t[0]} {{ a_{t[1]} = {t[2]} }}")
    blocks = st.recursive(one_line | _names.map("b_{} {{}}".format), block, max_leaves=4)
    files = bodies(blocks).map(lambda lines: "\n".join(lines) + "\n")
    return st.builds(lambda text, ending: text.replace("\n", ending), files, st.sampled_from(["\n", "\n", "\r\n"]))
