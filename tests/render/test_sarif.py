from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.finding import Finding, Report, Severity
from posturio_iac.core.model import Span
from posturio_iac.core.record import replace
from posturio_iac.render import sarif
from posturio_iac.render.sarif import LineHashes
from posturio_iac.rules import all_rules
from tests.support import canned
from tests.support.canned import rendered


def text_of(path: str) -> str | None:
    return "\n".join(canned.LINES[path]) if path in canned.LINES else None


def run(report: Report, **more: object) -> Any:
    log = json.loads(rendered("sarif", report, canned.context(text=text_of, **more)))
    assert log["version"] == "2.1.0"
    (made,) = log["runs"]
    return made


def location(result: Any) -> Any:
    return result["locations"][0]["physicalLocation"]


def with_findings(*findings: Finding) -> Report:
    return replace(canned.report(), findings=findings, keys=(), diagnostics=())


def test_every_rule_is_described_in_order_with_its_page() -> None:
    made = run(canned.report())
    rules = made["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(all_rules())
    assert [rules[r["ruleIndex"]]["id"] for r in made["results"]] == [r["ruleId"] for r in made["results"]]
    for rule, entry in zip(rules, all_rules().values(), strict=True):
        assert rule["helpUri"].endswith(f"/docs/rules/{rule['id']}.md")
        assert entry.page.splitlines()[0].rstrip(".") in rule["help"]["markdown"]
        assert "## Terraform" in rule["help"]["markdown"]
        assert "## " not in rule["help"]["text"]
        assert all(rule[name]["text"].endswith(".") for name in ("shortDescription", "fullDescription"))
        assert "security" in rule["properties"]["tags"]


@pytest.mark.parametrize(("severity", "number"), [("low", "3.0"), ("medium", "5.5"), ("high", "8.0"), ("critical", "9.5")])
def test_severities_are_text_in_githubs_ranges(severity: str, number: str) -> None:
    rules = run(canned.report())["tool"]["driver"]["rules"]
    told = {one["properties"]["security-severity"] for one in rules if all_rules()[one["id"]].rule.severity is Severity(severity)}
    assert told == {number}


def test_paths_are_encoded_and_relative_to_the_repository() -> None:
    paths = ["a b.tf", "é.tf", "c:d.tf", "50%.tf", "#x?.tf", "caf\udce9.tf", "half\ud800.tf", "new\nline.tf"]
    made = run(with_findings(*(canned.finding(canned.WITHOUT, "a", canned.span(p), "a") for p in paths)), prefix="infra/ä/")
    uris = [location(result)["artifactLocation"] for result in made["results"]]
    assert all(uri["uri"].isascii() and uri["uriBaseId"] == "SRCROOT" and not set(uri["uri"]) & set(" :?#\n") for uri in uris)
    decoded = [unquote_to_bytes(uri["uri"]) for uri in uris]
    errors = ["surrogatepass" if "\ud800" in path else "surrogateescape" for path in paths]
    assert decoded == [f"infra/ä/{path}".encode("utf-8", error) for path, error in zip(paths, errors, strict=True)]


def test_a_region_of_several_lines_is_cut_to_its_first() -> None:
    made = run(with_findings(canned.finding(canned.WITHOUT, "a", Span("a.tf", 3, 5, 9, 2), "a")))
    assert location(made["results"][0])["region"] == {"startLine": 3, "startColumn": 5}


def test_what_stands_in_no_file_has_a_logical_place() -> None:
    (result,) = run(with_findings(canned.finding(canned.WITHOUT, "arn:aws:iam::1:user/ci", None, "unused")))["results"]
    assert result["locations"] == [{"logicalLocations": [{"fullyQualifiedName": "arn:aws:iam::1:user/ci", "kind": "resource"}]}]
    assert "partialFingerprints" not in result


def test_what_github_would_refuse_is_cut_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "LIMIT", 3)
    rules = [canned.OWNERLESS, canned.WITHOUT, canned.OWNERLESS, canned.EXPIRED, canned.OWNERLESS]
    made = run(with_findings(*(canned.finding(rule, "a", canned.span("a.tf", n), "a") for n, rule in enumerate(rules, 1))))
    assert [location(r)["region"]["startLine"] for r in made["results"]] == [1, 2, 4]
    (said,) = made["invocations"][0]["toolExecutionNotifications"]
    assert said["message"]["text"].startswith("2 of 5 findings, the least severe ones, are left out")


def test_text_of_the_code_makes_no_link() -> None:
    finding = canned.finding(canned.WITHOUT, "a", canned.span("a.tf"), "a [b](https://evil.example)")
    assert "](" not in run(with_findings(finding))["results"][0]["message"]["text"]


def every(text: str) -> list[str]:
    hashes = LineHashes(text)
    return [hashes[place] for place in range(len(hashes))]


def rolling(text: str) -> list[str]:
    """Compute the fingerprints as a stream: one unit after the other through a ring of 100, a line as soon as the ring is full."""
    data = text.encode("utf-16-le", "surrogatepass")
    ring, ends, where, value, line, fresh, after_cr = [0] * 100, [0] * 100, 0, 0, 0, True, False
    found: dict[int, str] = {}
    seen: dict[str, int] = {}
    for unit in [*(int.from_bytes(data[n : n + 2], "little") for n in range(0, len(data), 2)), 65535, *[None] * 100]:
        if unit in (32, 9) or (after_cr and unit == 10):
            after_cr = False
            continue
        after_cr = unit == 13
        if ends[where]:
            digest = f"{value:x}"
            seen[digest] = seen.get(digest, 0) + 1
            found[ends[where]] = f"{digest}:{seen[digest]}"
            ends[where] = 0
        if fresh and unit is not None:
            line, fresh = line + 1, False
            ends[where] = line
        unit = 10 if unit == 13 else unit  # noqa: PLW2901 - as the stream does
        fresh = fresh or unit == 10
        value = (value * 37 + (unit or 0) - 37**100 * ring[where]) % 2**64
        ring[where] = unit or 0
        where = (where + 1) % 100
    return [found[n] for n in sorted(found)]


class TestLineHashes:
    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("", "c129715d7a2bc9a3:1"),
            (" a\nb\n  \t\tc\n d", "271789c17abda88f:1"),
            (" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", "e9496ae3ebfced30:1"),
            (" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", "e9496ae3ebfced30:1"),
        ],
    )
    def test_they_are_githubs(self, text: str, first: str) -> None:
        """The values are those that github/codeql-action publishes for its own implementation."""
        assert LineHashes(text)[0] == first == rolling(text)[0]

    def test_equal_lines_are_counted(self) -> None:
        hashes = every("Lorem ipsum dolor sit amet.\n" * 10)
        assert hashes[4:7] == ["a7f2ff13bc495cf2:5", "a7f2ff13bc495cf2:6", "a7f2ff1481e87703:1"]

    @given(st.text(st.sampled_from('ab=" \t\r\n\r\n\u2028é\U0001d11e\ufeff\ud800'), max_size=400))
    def test_they_are_what_a_stream_computes(self, text: str) -> None:
        assert every(text) == rolling(text)

    @given(st.text("ab \n", max_size=200), st.text("cd \n", max_size=200))
    def test_a_line_keeps_its_hash_when_it_moves(self, before: str, added: str) -> None:
        block = 'resource "aws_iam_access_key" "ci" {\n  user = aws_iam_user.ci.name\n}\n' + "# what follows is the same too\n" * 4
        before, added = f"{before}\n", f"{added}\n"
        line, moved = before.count("\n"), (added + before).count("\n")
        assert LineHashes(before + block)[line] == LineHashes(added + before + block)[moved]

    def test_they_stand_beside_the_results(self) -> None:
        results = run(canned.report())["results"]
        text = "\n".join(canned.LINES["iam/ci.tf"])
        assert results[0]["partialFingerprints"] == {"primaryLocationLineHash": LineHashes(text)[0]}

    def test_a_file_that_cannot_be_read_has_none(self) -> None:
        report = with_findings(canned.finding(canned.WITHOUT, "a", canned.span("gone.tf"), "a"))
        assert "partialFingerprints" not in run(report)["results"][0]
