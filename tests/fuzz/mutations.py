"""Changes of seeds: of text by its tokens, and of documents by their structure. Each is small, so that hypothesis can take it back."""

# ruff: noqa: ARG005 - words stand in lines by what they are, and each change takes what any of them needs

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.execution import LONGEST

TOKEN = re.compile(rb"[A-Za-z_][\w-]*|\d+|\"[^\"\n]*\"|<<-?\w+|[^\sA-Za-z0-9]|\s+")
COMMON = (
    "", " ", "\n", "\r\n", "\r", "\t", "\0", "\x1b[31m", "\ufeff", "\u202e", "\u00e9", "\U0001f511", "\ud800", "\u2028", "\x85", "\xa0",
    '"', "'", "`", "{", "}", "[", "]", "(", ")", "${", "%{", "{{", "}}", "<<EOT\n", "EOT\n", "#", "//", "/*", "*/", "\\", "\\u0000",
    ",", ":", "0", "-1", "1e400", "99999999999999999999", "0.1", "true", "false", "null", "NaN", "2026-02-30", "2027-01-31",
    "0001-01-01", "9999-12-31", "../", "/etc/passwd", "./", "a" * 300, "9" * 400, "(" * 60, "[" * 300, "{" * 300, "*" * 40, "**/" * 20,
    " " * 3000, "\n" * 500,
)  # fmt: skip
HCL = (
    'resource "aws_iam_access_key" "z" {\n', 'module "m" {\n  source = "./"\n', "dynamic", "for_each = {", "count = 3\n", "each.value",
    "self", "lifecycle {\n", "replace_triggered_by = [", "ignore_changes = all\n", "var.x", "local.x", "local.x = local.x\n", "...",
    "[*]", ".*", "?", "==", 'templatefile("t", {})', 'file("main.tf")', "for x in", "for k, v in", "=> v...", "if", "!", "&&",
    "jsonencode(", "toset([", "timeadd(", 'regex("(a+)+$", ', 'format("%999999d", 1)', "range(", "pow(9, 999)", "try(", "can(",
    "lookup(", "merge(", "flatten([", "sensitive(", '# posturio: expires="2027-01-31"\n', "# posturio:ignore[*]\n",
    "# checkov:skip=CKV_AWS_1: x\n", "provider = aws.x\n", "locals {\n", "%{ for x in y }",
)  # fmt: skip
TEMPLATES = (
    "!Ref Key", "!GetAtt Key.SecretAccessKey", "!Sub '${Key}'", "!If [a, b, c]", "Fn::Transform:", "Fn::ForEach::A:", "!ImportValue x",
    "<<: *a", "&a ", "*a", "? ", "|\n", ">-\n", "---\n", "...\n", "%YAML 1.1\n", "!!python/object:os.system x", "!!binary aGk=",
    "AWS::IAM::AccessKey", "AWS::CloudFormation::Stack", "TemplateURL: ./t.yaml", "Condition: A", "Fn::FindInMap:", "Fn::Split",
    "Fn::GetStackOutput", "DependsOn: Key", "Serial: 1", "Status: Inactive", "- ", "  ", "\t", "Conditions:\n", "Rules:\n",
    "AWS::Include", "AWS::LanguageExtensions", "AWS::NoValue",
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**30, float("1e308"), "", " ", "\0", "\ud800", "\u202e", "a\nb", "\x1b]0;x\x07", "x" * 400, [], {},
    [[]], [None], {"": None}, {"a": {"b": []}}, "Active", "Inactive", "2027-01-31", "0001-01-01T00:00:00+14:00", "aws_iam_access_key",
    "../../etc/passwd", "arn:aws:iam::123456789012:user/x", "AKIAIOSFODNN7EXAMPLE", "=cmd|' /C calc'!A0", "##vso[x]",
    "<script>x</script>", "${jndi:x}",
)  # fmt: skip


def mutated(seeds: Sequence[bytes], words: Sequence[str]) -> st.SearchStrategy[bytes]:
    """Return texts that differ from one of the seeds by a few changes of tokens."""
    known = [word.encode("utf-8", "surrogatepass") for word in (*words, *words, *COMMON)]
    spot = st.integers(0, 1 << 14)
    change = st.tuples(st.integers(0, len(CHANGES) - 1), spot, spot, st.sampled_from(known))
    return st.builds(_changed, st.sampled_from(seeds), st.lists(change, min_size=1, max_size=3), st.sampled_from(seeds))


def _changed(seed: bytes, changes: list[tuple[int, int, int, bytes]], other: bytes) -> bytes:
    tokens, others = TOKEN.findall(seed), TOKEN.findall(other) or [b""]
    for kind, first, second, word in changes:
        at = first % (len(tokens) + 1)
        end = min(len(tokens), at + 1 + second % 12)
        tokens = CHANGES[kind](tokens, at, end, word, others)
    return b"".join(tokens)[:LONGEST]


Tokens = list[bytes]


def _flipped(tokens: Tokens, at: int, _end: int, word: bytes, _others: Tokens) -> Tokens:
    data = bytearray(b"".join(tokens[at : at + 1]))
    if data:
        data[len(word) % len(data)] ^= 1 << len(word) % 8
    return [*tokens[:at], bytes(data), *tokens[at + 1 :]]


CHANGES: tuple[Callable[[Tokens, int, int, bytes, Tokens], Tokens], ...] = (
    lambda t, a, e, w, o: [*t[:a], w, *t[a:]],  # a word more
    lambda t, a, e, w, o: [*t[:a], w, *t[a + 1 :]],  # another word
    lambda t, a, e, w, o: [*t[:a], *t[e:]],  # fewer tokens
    lambda t, a, e, w, o: [*t[:a], *t[a:e] * (1 + len(w) % 40), *t[e:]],  # the same again and again
    lambda t, a, e, w, o: [*t[:a], *t[a:e][::-1], *t[e:]],  # another order
    lambda t, a, e, w, o: [*t[:a], *o[a % len(o) :][: 3 * (e - a)], *t[a:]],  # a piece of another seed
    lambda t, a, e, w, o: t[:a],  # cut off
    _flipped,
)


def documents(seeds: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Return JSON documents that differ from one of the seeds by a few changes of their structure."""
    change = st.tuples(st.integers(0, 8), st.integers(0, 1 << 14), st.integers(0, 1 << 14), st.sampled_from(ODD))
    return st.builds(_restructured, st.sampled_from(seeds), st.lists(change, min_size=1, max_size=3))


def _restructured(seed: Any, changes: list[tuple[int, int, int, Any]]) -> Any:
    document = copy.deepcopy(seed)
    for kind, first, second, odd in changes:
        places = list(islice(_places(document), 4096))
        if not places:
            return odd
        (holder, name), (other, other_name) = places[first % len(places)], places[second % len(places)]
        match kind:
            case 0 | 1:
                holder[name] = copy.deepcopy(odd)
            case 2:
                del holder[name]
            case 3:
                holder[name] = copy.deepcopy(other[other_name])
            case 4 if isinstance(holder, dict):
                holder[odd if isinstance(odd, str) else f"{name}x"] = holder.pop(name)
            case 5 if isinstance(holder, list):
                holder[name:name] = [copy.deepcopy(holder[name]) for _ in range(1 + second % 30)]
            case 6 | 7 | 8:
                alike = [one for one in ODD if type(one) is type(holder[name])]
                holder[name] = copy.deepcopy(alike[second % len(alike)])
            case _:
                for _ in range(1 + second % 60):
                    holder[name] = [holder[name]] if second % 2 else {"a": holder[name]}
    return document


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    for name, value in list(document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()):
        yield document, name
        yield from _places(value)


def as_json(document: Any) -> bytes:
    """A document as JSON; lone surrogates stay escapes."""
    return json.dumps(document).encode()[:LONGEST]
