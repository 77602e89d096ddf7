"""The same run gives the same findings in every format, hostile text harms none of them, and each row of CSV is whole."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac import DOCS
from posturio_iac.core.evidence.lifetime import Question
from posturio_iac.core.finding import Diagnostic, Level, Report
from posturio_iac.core.record import replace
from posturio_iac.render import DEPLOYED, FORMATS
from posturio_iac.render.csv_table import COLUMNS, render
from posturio_iac.render.wording import page_url
from posturio_iac.rules import all_rules
from tests.support import canned
from tests.support.canned import rendered
from tests.support.command_line import ROOT
from tests.support.keys import open_question

Found = list[tuple[str, str, int]]


def _json(text: str) -> Found:
    return [(f["rule"], f["path"], f["line"]) for f in json.loads(text)["findings"] if "suppressed" not in f]


def _sarif(text: str) -> Found:
    results = [(r["ruleId"], r["locations"][0]["physicalLocation"]) for r in json.loads(text)["runs"][0]["results"]]
    return [(rule, unquote(place["artifactLocation"]["uri"]), place["region"]["startLine"]) for rule, place in results]


def _junit(text: str) -> Found:
    cases = ((case, "".join(case.itertext())) for case in ET.fromstring(text.encode()).iter("testcase"))  # noqa: S314 - our own output
    return [
        (case.get("name", ""), *_place(line.split(": ")[0]))
        for case, said in cases
        for line in said.splitlines()
        if ":" in line and not line.startswith("fix")
    ]


def _place(text: str) -> tuple[str, int]:
    path, line = text.rsplit(":", 1)
    return path, int(line)


def _github(text: str) -> Found:
    found = re.findall(r"(?m)^::\w+ file=(.*?),line=(\d+),.*title=(iam\.\w+) \(", text)
    return [(rule, path, int(line)) for path, line, rule in found]


def _gitlab(text: str) -> Found:
    issues = [issue for issue in json.loads(text) if issue["check_name"] != "incomplete"]
    return [(i["check_name"], i["location"]["path"], i["location"]["lines"]["begin"]) for i in issues]


def _markdown(text: str) -> Found:
    return [(rule, path, int(line)) for rule, path, line in re.findall(r"(?m)^\| [A-Z]+ \| \[`(.*?)`\].*\| `(.*):(\d+)` \|$", text)]


def _csv(text: str) -> Found:
    return [(row["rule"], row["path"], int(row["line"])) for row in csv.DictReader(io.StringIO(text)) if row["status"] == "open"]


def _text(text: str) -> Found:
    blocks = (block for block in text.split("\n\n") if re.search(r"(?m)^  [A-Z]+ iam\.", block))
    places = ((re.match(r"(\S+?):(\d+):\d+: ", block), block) for block in blocks)
    return [(rule, at[1], int(at[2])) for at, block in places if at for rule in re.findall(r"(?m)^  [A-Z]+ (iam\.\w+)$", block)]


def _concise(text: str) -> Found:
    return [(rule, path, int(line)) for path, line, rule in re.findall(r"(?m)^(\S+?):(\d+):\d+: [A-Z]+ (iam\.\w+): .", text)]


def _html_rows(text: str) -> Iterator[tuple[str, str, str]]:
    """Each open finding of the table of keys: its rule, its own place if it has one, and the row of its key."""
    plain = re.sub('<wbr>|<span class="nb">', "", text)
    for row in re.findall(r'<tr><td><span class="level.*', plain.partition('id="keys-table"')[2].partition("</table>")[0]):
        said = re.findall(r'/(iam\.\w+)\.md">[^<]*</a>(?: at (?:<a[^>]*>)?<code>(.*?)</code>(?:</a>)?)?( Accepted)?', row)
        yield from ((rule, place, row) for rule, place, accepted in said if not accepted)


def _html(text: str) -> Found:
    places = ((rule, place or re.findall(r"<br>(?:<a[^>]*>)?<code>(.*?:\d+)</code>", row)[0]) for rule, place, row in _html_rows(text))
    return [(rule, *_split(place)) for rule, place in places]


def _split(place: str) -> tuple[str, int]:
    path, _, line = place.rpartition(":")
    return path, int(line)


def _deployed_html(text: str) -> Pairs:
    return [(rule, unescape(re.findall(r"<br><code>(arn:.*?)</code>", row)[0])) for rule, _, row in _html_rows(text)]


READERS: dict[str, Callable[[str], Found]] = {
    "json": _json, "sarif": _sarif, "junit": _junit, "github": _github,
    "gitlab": _gitlab, "markdown": _markdown, "csv": _csv, "text": _text, "html": _html, "concise": _concise,
}  # fmt: skip


OF_CODE = [name for name in FORMATS if name not in DEPLOYED]


@pytest.mark.parametrize("name", OF_CODE)
def test_the_same_run_gives_the_same_findings(name: str) -> None:
    report = canned.report()
    found = READERS[name](rendered(name, report, canned.context()))
    assert sorted(found) == sorted((f.rule.id, f.span.path, f.span.line) for f in report.active() if f.span)


Pairs = list[tuple[str, str]]


def _deployed_text(text: str) -> Pairs:
    blocks = (block.split("\n") for block in text.split("\n\n") if block.startswith("arn:"))
    return [(line.split()[1], head.split(",")[0]) for head, *lines in blocks for line in lines if re.match(r"  [A-Z]+ iam\.", line)]


def _deployed_junit(text: str) -> Pairs:
    cases = (case for case in ET.fromstring(text.encode()).iter("testcase"))  # noqa: S314 - our own output
    return [
        (c.get("name", ""), c.get("classname", "")) for c in cases if c.get("name", "").startswith("iam.") and c.find("skipped") is None
    ]


def _deployed_markdown(text: str) -> Pairs:
    return [(rule, _arn(rest)) for rule, rest in re.findall(r"(?m)^\| [A-Z]+ \| \[`(.*?)`\].*?\| (.*)$", html.unescape(text))]


def _deployed_asff(text: str) -> Pairs:
    findings = [f for line in text.splitlines() for f in json.loads(line)]
    failed = [f for f in findings if f["Compliance"]["Status"] == "FAILED" and f["RecordState"] == "ACTIVE"]
    return [(f["GeneratorId"].removeprefix("posturio-iac/"), f["Resources"][0]["Id"]) for f in failed]


def _deployed_ocsf(text: str) -> Pairs:
    events = [event for event in map(json.loads, text.splitlines()) if event["compliance"]["status_id"] == 3 and event["status_id"] == 1]
    return [(event["compliance"]["control"], event["resources"][0]["uid"]) for event in events]


def _arn(text: str) -> str:
    return re.sub(r"\\(?=[*_])", "", re.findall(r"arn:[^\s`<]+", text.replace("<code>", ""))[0]).rstrip(":")


OF_DEPLOYED: dict[str, Callable[[str], Pairs]] = {
    "json": lambda text: [(f["rule"], f["address"]) for f in json.loads(text)["findings"] if "suppressed" not in f],
    "jsonl": lambda text: [
        (f["rule"], f["address"]) for line in text.splitlines() for f in json.loads(line).get("findings", ()) if "suppressed" not in f
    ],
    "sarif": lambda text: [
        (r["ruleId"], r["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]) for r in json.loads(text)["runs"][0]["results"]
    ],
    "junit": _deployed_junit,
    "github": lambda text: [(rule, _arn(said)) for rule, said in re.findall(r"(?m)^::\w+ title=(iam\.\w+) .*?::(.*)$", text)],
    "gitlab": lambda text: [(i["check_name"], i["location"]["path"]) for i in json.loads(text) if i["check_name"] != "incomplete"],
    "markdown": _deployed_markdown,
    "csv": lambda text: [(row["rule"], row["address"]) for row in csv.DictReader(io.StringIO(text)) if row["status"] == "open"],
    "text": _deployed_text,
    "concise": lambda text: [(rule, address) for address, rule in re.findall(r"(?m)^(arn:\S+): [A-Z]+ (iam\.\w+): .", text)],
    "html": _deployed_html,
    "asff": _deployed_asff,
    "ocsf": _deployed_ocsf,
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_live_run_gives_the_same_findings(name: str) -> None:
    report = canned.deployed()
    found = OF_DEPLOYED[name](rendered(name, report, canned.context()))
    assert sorted(found) == sorted((f.rule.id, f.address) for f in report.active())


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("report", [canned.hostile, canned.hostile_deployed])
def test_hostile_text_is_harmless(name: str, report: Callable[[], Report]) -> None:
    text = rendered(name, report(), canned.context(text=lambda _path: "\n" * 50))
    assert text.encode() or name in DEPLOYED
    assert all(line.isprintable() for line in text.replace("\r\n", "\n").split("\n"))
    if name == "text":
        assert not re.search(r"(?m)^\s*::|##\w*\[", text)


ONLY_FINDINGS = {"concise", "gitlab"}


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_undetermined_beside_findings_is_said(name: str) -> None:
    """Of the rules that are open, the one whose findings a suppression accepts in advance is left out."""
    first, *others = canned.deployed().keys
    beside = replace(
        first,
        open_questions=(open_question("iam:ListUserTags is denied"),),
        open_rules=("iam.overlong_access_key_lifetimes", "iam.root_access_keys"),
        accepted_rules=("iam.root_access_keys",),
    )
    whole = rendered(name, canned.deployed(), canned.context())
    text = rendered(name, replace(canned.deployed(), keys=(beside, *others)), canned.context())
    added = "".join(line for line in re.split("[,\n]", text) if line not in re.split("[,\n]", whole))
    assert ("iam:ListUserTags" in unescape(added.replace("%3A", ":").replace("<wbr>", ""))) is (name not in ONLY_FINDINGS)
    assert ("overlong_access_key_lifetimes" in added) is (name not in {*ONLY_FINDINGS, "html"})
    assert "root_access_keys" not in added


@pytest.mark.parametrize("name", ["concise", "github", "markdown"])
def test_a_finding_of_a_shared_module_is_shown_once(name: str) -> None:
    text = rendered(name, canned.repeated(), canned.context())
    assert text.count("has no end (in 3 root modules: dev, prod, test)") == 1
    assert "(in 2 root modules: dev, .)" in rendered(name, canned.repeated(("dev", "")), canned.context())
    assert "(in 8 root modules: a, b, c and 5 more)" in rendered(name, canned.repeated(tuple("abcdefgh")), canned.context())


@pytest.mark.parametrize("name", sorted(READERS.keys() - {"concise", "github", "markdown", "text", "html"}))
def test_the_others_name_each_root_module(name: str) -> None:
    text = rendered(name, canned.repeated(), canned.context())
    assert len(READERS[name](text)) == 3
    assert [root in text for root in ("dev", "prod", "test")] == [True] * 3


@pytest.mark.parametrize("name", READERS)
def test_nothing_found_is_no_finding(name: str) -> None:
    assert READERS[name](rendered(name, canned.empty(), canned.context())) == []


def test_the_page_on_formats_has_each_of_them() -> None:
    text = (ROOT / "docs/formats.md").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^\| `(\w+)` \| \w", text) == [*FORMATS, "auto"]


def test_every_rule_has_a_page_where_the_links_lead() -> None:
    assert all((ROOT / "docs" / page_url(rule).removeprefix(DOCS + "/")).is_file() for rule in all_rules())


def test_the_ids_of_a_clean_and_of_an_open_key_stay_and_every_reason_is_told() -> None:
    """A SIEM knows an event by its id: another one would double each event."""
    report = canned.deployed()
    twice = [
        replace(judged, open_questions=(*judged.open_questions, open_question("iam:ListUserTags is denied", Question.OWNER)))
        for judged in report.keys
    ]
    events = map(json.loads, rendered("ocsf", replace(report, keys=tuple(twice)), canned.context()).splitlines())
    told = {(event["resources"] or [{}])[0].get("uid", "").split("/")[-2:][0]: event for event in events}
    assert (told["open"]["finding_info"]["uid"], told["fine"]["finding_info"]["uid"]) == (
        "1ea83d5cd9e347104101fe81f626f288",
        "afbb6abd91fa67a3981c89e7b2c3c028",
    )
    assert told["open"]["status_detail"].split("; ")[1:] == ["whether it has an owner: iam:ListUserTags is denied"]


def rows(report: Report) -> list[dict[str, str]]:
    text = render(report, canned.context())
    assert text.endswith("\r\n")
    header, *found = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert tuple(header) == COLUMNS
    return [dict(zip(header, row, strict=True)) for row in found]


@pytest.mark.parametrize("text", ["=cmd|'/C calc'!A0", "+1", "-1", "@SUM(1)", " =1", "\t=1", "\r=1", "\n=1", "\uff1d1"])
def test_formulas_are_text(text: str) -> None:
    (row,) = rows(canned.empty(diagnostics=(Diagnostic(Level.ERROR, text),)))
    assert row["message"][0] in "'\\"


@given(st.text(st.characters(codec=None)))
def test_any_text_is_one_printable_cell(text: str) -> None:
    (row,) = rows(canned.empty(diagnostics=(Diagnostic(Level.ERROR, text),)))
    assert row["message"].isprintable()
