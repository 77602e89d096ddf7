"""What comments say to us, and what is said about those that have no effect."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.finding import Level
from posturio_iac.core.metadata import ParsedComments, parse
from posturio_iac.core.metadata.comments import Comment
from posturio_iac.core.metadata.directives import instruction
from posturio_iac.core.metadata.names import Names
from posturio_iac.core.model import Directive, Span
from posturio_iac.core.unknown import AS_STATED

OWNERLESS, EXPIRED = "iam.ownerless_access_keys", "iam.expired_access_keys"
RULES = {OWNERLESS, EXPIRED}
FORM = 'posturio:ignore[access_keys_without_lifetime] reason="…"'


def comment(text: str, line: int = 5, column: int = 3) -> Comment:
    lines = text.split("\n")
    end = column + len(text) if len(lines) == 1 else len(lines[-1]) + 1
    return Comment(text, "main.tf", line, column, line + len(lines) - 1, end)


def parsed(*texts: str, names: Names | None = None) -> ParsedComments:
    return parse([comment(text) for text in texts], RULES, names)


def metadata(text: str) -> list[tuple[str, str]]:
    found = parsed(text)
    assert found.problems == ()
    return [(name, value) for name, value, _ in found.metadata]


@pytest.mark.parametrize(
    "text",
    [
        "# posturio: expires=2027-01-31 owner=payments@example.com",
        "#posturio:expires=2027-01-31 owner=payments@example.com",
        "## Posturio : expires = 2027-01-31, owner=payments@example.com",
        "// POSTURIO: expires=2027-01-31; owner=payments@example.com\r",
        "/* posturio: expires=2027-01-31 owner=payments@example.com */",
        "/** posturio: expires=2027-01-31 owner=payments@example.com **/",
        "/* posturio: expires=2027-01-31\n   owner=payments@example.com\n*/",
        "/*\n * The CI user.\n * posturio: expires=2027-01-31\n *   owner=payments@example.com\n * Ask them.\n */",
        "/*\r\n * posturio: expires=2027-01-31\r\n * posturio: owner=payments@example.com\r\n */",
        "posturio: expires=\"2027-01-31\" owner='payments@example.com'",
        "# The CI user.\n# posturio: expires=2027-01-31\n# posturio: owner=payments@example.com\n# Ask them.",
    ],
)
def test_metadata_is_read_behind_every_marker(text: str) -> None:
    assert metadata(text) == [("expires", "2027-01-31"), ("owner", "payments@example.com")]


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ('# posturio: owner="a b"', [("owner", "a b")]),
        ("# posturio: owner='a \"b\" c'", [("owner", 'a "b" c')]),
        (r'# posturio: owner="a \"b\" \\ c"', [("owner", r'a "b" \ c')]),
        ("# posturio: owner=“a b”", [("owner", "a b")]),
        ("# posturio: owner=a=b,c", [("owner", "a=b,c")]),
        ("# posturio: expires= owner=x", [("expires", ""), ("owner", "x")]),
        ("# posturio: owner=x expires=", [("owner", "x"), ("expires", "")]),
        ('/* posturio: owner="a\n   b"\n   expires=2027-01-31 */', [("owner", "a\n   b"), ("expires", "2027-01-31")]),
        ("# posturio: acme-contact-email=x@example.com", [("acme-contact-email", "x@example.com")]),
        ("# posturio: key-rotation-exempt=true", [("key-rotation-exempt", "true")]),
    ],
)
def test_values_may_be_quoted_or_empty(text: str, items: list[tuple[str, str]]) -> None:
    assert metadata(text) == items


def test_metadata_carries_the_place_of_name_and_value() -> None:
    text = '/* A key.\n   posturio: expires=2027-01-31,\n   owner="a\n b" */'
    assert [span for _, _, span in parsed(text).metadata] == [Span("main.tf", 6, 14, 6, 32), Span("main.tf", 7, 4, 8, 4)]
    assert parsed("# posturio: owner=x").metadata[0][2] == Span("main.tf", 5, 15, 5, 22)


def test_an_instruction_to_ignore_rules() -> None:
    text = f'# posturio:ignore[{OWNERLESS}, {EXPIRED}] until=2027-03-01 reason="moves to  roles"'
    until = datetime(2027, 3, 2, tzinfo=timezone.utc)
    span = Span("main.tf", 5, 5, 5, 3 + len(text))
    assert parsed(text) == ParsedComments(directives=(Directive((OWNERLESS, EXPIRED), "moves to roles", until, span),))


@pytest.mark.parametrize(
    "text",
    [
        f"// Posturio: Ignore [{OWNERLESS}] reason=legacy",
        f"/* posturio:ignore[{OWNERLESS}]\n   reason=legacy */",
        f"/* posturio:ignore[\n   {OWNERLESS},\n ] reason=legacy */",
        f"# posturio:ignore[{OWNERLESS},{OWNERLESS}] REASON='legacy'",
    ],
)
def test_an_instruction_in_other_spellings(text: str) -> None:
    found = parsed(text)
    assert found.problems == ()
    assert [(d.rules, d.reason, d.until) for d in found.directives] == [((OWNERLESS,), "legacy", None)]


def test_an_end_that_cannot_be_read_is_unknown_and_left_to_the_engine() -> None:
    found = parsed(f"# posturio:ignore[{OWNERLESS}] until=31-12-2027 reason=x", f"# posturio:ignore[{OWNERLESS}] until=90d reason=x")
    assert found.problems == ()
    assert [d.until for d in found.directives] == [
        AS_STATED('"31-12-2027" is not an ISO 8601 date; write it as 2027-12-31'),
        AS_STATED('"90d" is not a date; write a date such as 2027-01-31'),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# posturio:ignore reason=x", f"posturio:ignore has no effect without rules in brackets; write {FORM}"),
        ("# posturio:ignore[] reason=x", f"posturio:ignore has no effect without a rule; write {FORM}"),
        (f"# posturio:ignore[{OWNERLESS}", "posturio:ignore has no effect without rules in brackets; write posturio:ignore["),
        (f"# posturio:ignore[{OWNERLESS}]", 'posturio:ignore has no effect without a reason; add reason="…"'),
        (f'# posturio:ignore[{OWNERLESS}] reason=" "', 'posturio:ignore has no effect without a reason; add reason="…"'),
        (
            "# posturio:ignore[iam.ownerles_keys] reason=x",
            f'posturio:ignore names "iam.ownerles_keys", which is not a rule; did you mean {OWNERLESS}?',
        ),
        ("# posturio:ignore[expired_access_key] reason=x", f'"expired_access_key", which is not a rule; did you mean {EXPIRED}?'),
        ("# posturio:ignore[*] reason=x", 'posturio:ignore names "*", which is not a rule; posturio-iac explain lists them'),
    ],
)
def test_an_instruction_without_effect_is_dropped_and_reported(text: str, message: str) -> None:
    found = parsed(text)
    assert found.directives == ()
    assert len(found.problems) == 1
    problem = found.problems[0]
    assert message in problem.message
    assert (problem.level, problem.path, problem.line, problem.column) == (Level.WARNING, "main.tf", 5, 5)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("untill=2027-01-01", 'posturio:ignore does not know "untill"; it takes until'),
        ("ticket=ABC-1", 'posturio:ignore does not know "ticket"; it takes until and reason'),
        ("owner=x", '"owner" has no effect in posturio:ignore; write a line posturio: owner=… for it'),
        ("not yet", '"not yet" has no effect; write name=value, and put a value with spaces in quotation marks'),
    ],
)
def test_an_instruction_is_kept_when_something_else_is_wrong(extra: str, message: str) -> None:
    found = parsed(f"# posturio:ignore[{OWNERLESS}] reason=x {extra}")
    assert [d.reason for d in found.directives] == ["x"]
    assert [p.message for p in found.problems] == [message]


def test_known_rules_are_kept_beside_an_unknown_one() -> None:
    found = parsed(f"# posturio:ignore[{OWNERLESS}, iam.x] reason=x")
    assert [d.rules for d in found.directives] == [(OWNERLESS,)]
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# posturio: expries=2027-01-31", 'posturio: does not know "expries"; did you mean "expires"?'),
        ("# posturio: colour=red", 'posturio: does not know "colour"; it takes names such as expires, rotation, rotated_on and owner'),
        ("# posturio: until=2027-01-31", 'posturio: does not know "until"; it belongs to posturio:ignore'),
        (f"# posturio: skip={OWNERLESS}", 'posturio: does not know "skip"; to suppress a finding write posturio:ignore['),
        ("# posturio: expires: 2028-05-06", '"expires:" has no effect; write expires=2028-05-06'),
        ("# posturio: expires: 2028-05-06 soon", '"expires:" has no effect; write expires=2028-05-06'),
        ("# posturio: expires:", '"expires:" has no effect; write expires=2027-01-31'),
        ("# posturio: rotation:", '"rotation:" has no effect; write rotation=90d'),
        ("# posturio: expires:2028-05-06", '"expires:2028-05-06" has no effect; write expires=2028-05-06'),
        ("# posturio: rotate-by:2027-01-31T12:00Z", '"rotate-by:2027-01-31T12:00Z" has no effect; write rotate-by=2027-01-31T12:00Z'),
        ("# posturio: expires", '"expires" has no effect; write name=value'),
        ("# posturio: keep this one", '"keep this one" has no effect; write name=value'),
        ('# posturio: owner="a b', 'the quotation mark in "owner="a" is never closed, so it has no effect; close it'),
        ("# posturio:", "posturio: says nothing; write posturio: expires=2027-01-31"),
        ("# posturio: owner=", '"owner=" has no effect; give it a value'),
        ("# posturio expires 2027", '"posturio expires 2027" has no effect; write posturio: expires=2027-01-31'),
        ("# posturio rotation=90d", '"posturio rotation=90d" has no effect; write posturio: rotation=90d'),
        ("# posturio-iac ignore[x]", '"posturio-iac ignore[x]" has no effect; start it with posturio: as in'),
        (f"# posturio ignore[{OWNERLESS}] reason=x", "has no effect; start it with posturio: as in posturio:ignore["),
        ("# CI. posturio: owner=x", '"posturio: owner=x" has no effect after other words; start the comment with it'),
        (f"# nosec posturio:ignore[{OWNERLESS}] reason=x", "has no effect after other words; start the comment with it"),
    ],
)
def test_metadata_without_effect_is_reported(text: str, message: str) -> None:
    found = parsed(text)
    assert found.directives == ()
    assert len(found.problems) == 1
    assert message in found.problems[0].message
    assert found.problems[0].level is Level.WARNING


@pytest.mark.parametrize(
    "text",
    [
        "# managed by posturio, see wiki",
        "# posturio checks this key",
        "# posturio",
        "# see posturio: the key check",
        "# write `posturio: expires=2027-01-31` to declare an end",
        "# https://example.com/posturio:80/x=1",
        "# a key for the posturio-iac tests",
        "/* posturio expires\n keys */",
        "# compositorio: x=1",
        "# expires=2027-01-31",
        "",
    ],
)
def test_prose_is_left_alone(text: str) -> None:
    assert parsed(text) == ParsedComments()


def test_a_configured_name_is_no_problem() -> None:
    names = Names.default().with_extra(owner=("guild",))
    assert parsed("# posturio: guild=payments", names=names).problems == ()


def test_an_instruction_from_elsewhere_is_judged_alike() -> None:
    span = Span("template.yaml", 4, 7, 4, 13)
    directive, problems = instruction([OWNERLESS], "legacy", None, span, RULES, source="metadata")
    assert (directive, problems) == (Directive((OWNERLESS,), "legacy", None, span, "metadata"), ())
    directive, problems = instruction(["x"], "", None, span, RULES, source="metadata")
    assert directive is None
    assert [p.line for p in problems] == [4, 4]


VALUES = st.text(st.characters(exclude_characters="\r\n", codec="utf-8")).map(lambda text: text.replace("*/", ""))


@given(st.sampled_from(["owner", "expires", "Acme-Contact"]), VALUES, st.sampled_from([("# ", ""), ("//", ""), ("/* ", " */"), ("", "")]))
def test_a_quoted_value_survives_the_round_trip(name: str, value: str, marks: tuple[str, str]) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    text = f'{marks[0]}posturio: {name}="{quoted}"{marks[1]}'
    found = parsed(text)
    assert [(n, v) for n, v, _ in found.metadata] == [(name, value)]
    span = found.metadata[0][2]
    assert text[span.column - 3 : span.end_column - 3] == f'{name}="{quoted}"'


PIECES = ["posturio:", "posturio", "ignore", "until", "reason", "x", "#", "//", "/*", "*/", *"[]=\"'“” \n\r*,\\"]


@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_nothing_raises_and_every_place_is_in_the_comment(text: str) -> None:
    found = parsed(text)
    lines = text.split("\n")
    spans = [span for _, _, span in found.metadata] + [d.span for d in found.directives]
    for span in spans:
        assert (5, 1) <= (span.line, span.column) < (span.end_line, span.end_column)
        assert span.end_line < 5 + len(lines)
        assert span.end_column <= len(lines[span.end_line - 5]) + (3 if span.end_line == 5 else 1)
    assert all(p.line is not None and 5 <= p.line < 5 + len(lines) for p in found.problems)


def test_a_long_comment_is_read_in_one_pass() -> None:
    block = "/* " + 'posturio: owner=x a="\n' * 2_000 + "*/"
    assert len(parsed(block, "# posturio: " + "x" * 1_000_000, "# posturio: " + 'a="' * 20_000).problems) > 0


@pytest.mark.parametrize("start", ["posturio", "posturio-iac", "Posturio-IaC", "posturio_iac"])
def test_the_name_of_the_tool_may_begin_a_comment_too(start: str) -> None:
    found = parsed(f"# {start}: expires=2027-01-31\n")
    assert ([(name, value) for name, value, _ in found.metadata], found.problems) == ([("expires", "2027-01-31")], ())


@pytest.mark.parametrize("start", ["posturio", "posturio-iac"])
def test_a_rule_may_be_named_by_its_last_part(start: str) -> None:
    found = parsed(f"# {start}:ignore[{OWNERLESS.partition('.')[2]}, {OWNERLESS}, {EXPIRED.partition('.')[2]}] reason=x\n")
    assert ([d.rules for d in found.directives], found.problems) == ([(OWNERLESS, EXPIRED)], ())


@pytest.mark.parametrize("word", ["skip", "suppress", "disable", "allow", "nosec", "noqa", "NOSEC"])
def test_a_word_of_other_linters_is_pointed_to_ours(word: str) -> None:
    (problem,) = parsed(f"# posturio: {word}={OWNERLESS}").problems
    assert problem.message.endswith(f'does not know "{word}"; to suppress a finding write {FORM}')
