"""The page and the Markdown: what they say, that pictures are pictures, and that hostile text is text."""

from __future__ import annotations

import base64
import hashlib
import html
import itertools
import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.contract.read import NotAResultError, load
from posturio_iac.render.report import charts
from posturio_iac.render.report.html_page import page, shown, soft
from posturio_iac.render.report.markdown_report import page as markdown
from posturio_iac.render.report.mends import sources
from posturio_iac.render.report.view import Posture, join
from posturio_iac.rules import all_rules
from tests.support.report_results import HOSTILE, A, B, accounts, at, code, declared, deployed, error, finding, hostile, joined, result

VOID = {"meta", "link", "br", "input", "wbr"}
OPTIONAL = {"tr", "td", "th", "li", "tbody", "p"}


class Page(HTMLParser):
    """Reads a page: its elements with attributes, its text, and whether elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.broken = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.broken = tag == "wbr"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag and self.open[-1] in OPTIONAL:
            self.open.pop()
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            if self.broken:
                self.texts[-1] += data
            else:
                self.texts.append(data)
        self.broken = False

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


SUPPRESSED = {"reason": "moves to OIDC", "until": at(-10), "source": "comment"}


def everything() -> Posture:
    """A view with something in every section."""
    before, now = (
        deployed("ci", age=400, last_used=at(50)),
        deployed("ci", age=400, last_used=at(50), evidence=["credential report of 2026-11-20 08:00 UTC"]),
    )
    end = [{"kind": "expiry", "value": "2027-01-31", "effect": "declared", "source": "tag", "path": None, "line": None}]
    off = deployed("old", account=B, status="Inactive", disabled_since=at(30), never_used=True, lifetime=end, owner="data@example.com")
    kept, opened = (
        declared("aws_iam_access_key.kept"),
        declared("aws_iam_access_key.open", verdict="undetermined", undecided=["var.tags has no value"]),
    )
    found = [finding(now), finding(now, "ownerless")]
    return joined(
        result([before], [finding(before, "ownerless")], days=30, scope=accounts(A)),
        result([now], found, scope=accounts(A)),
        result([off], [finding(off, "ownerless")], [error("iam:ListUsers is denied", account=B)], days=2),
        result(
            [kept, opened],
            [finding(kept, "unused", suppressed=SUPPRESSED)],
            [{"level": "note", "message": "OpenTofu"}],
            scope=code(),
            files=7,
        ),
    )


def test_the_page_tells_all_there_is() -> None:
    text = Page(page(everything())).text
    for said in (
        "4 access keys in 2 accounts and 7 files of code, as of 2026-11-24 12:00 UTC",
        "Not known: 1 thing could not be read or decided.",
        "iam:ListUsers is denied",
        "ci/****ABCD is unused",
        "New findings",
        "iam.unused",
        "created 2025-10-20, last used 2026-10-05",
        "declared end 2027-01-31, disabled 2026-10-25",
        "data@example.com",
        "until 2026-12-04 12:00 UTC, soon: moves to OIDC (comment).",
        "var.tags has no value",
        "credential report of 2026-11-20 08:00 UTC",
        "OpenTofu",
        "2.json",
    ):
        assert said in text, said


def test_findings_name_the_requirements_that_they_break() -> None:
    key = deployed("ci")
    posture = joined(result([key], [finding(key) | {"rule": "iam.unused_access_keys"}]))
    told = "; ".join(f"{name}: {', '.join(numbers)}" for name, numbers in all_rules()["iam.unused_access_keys"].rule.standards.items())
    assert told.count(";") == 3
    assert told in Page(page(posture)).text
    (row,) = (line for line in markdown(posture).splitlines() if line.endswith(f"| {told} |"))
    assert "[`iam.unused_access_keys`](" in row


def test_the_markdown_tells_all_there_is() -> None:
    text = markdown(everything())
    for said in (
        "Score: unknown.",
        "iam:ListUsers is denied",
        "**New findings (1)**",
        "moves to OIDC",
        "var.tags has no value",
        "| never | 2027\\-01-31 | `data@example.com` |",
    ):
        assert said in text, said


@pytest.mark.parametrize(
    "view", [joined(result(scope=accounts(A))), joined(result([deployed("a")])), everything()], ids=["none", "one", "all"]
)
def test_the_page_is_well_formed_and_its_parts_are_named(view: Posture) -> None:
    found = Page(text := page(view))
    assert (found.open, text[-8:]) == ([], "</html>\n")
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in found.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids)
        if tag == "a":
            assert (attributes["href"] or "").startswith(("#", "https://github.com/posturio/"))
            assert not (attributes["href"] or "").startswith("#") or (attributes["href"] or "")[1:] in ids
        assert not {name for name in attributes if name.startswith("on") or name == "style"}
    headings = [int(tag[1]) for tag, _ in found.elements if re.fullmatch("h[1-6]", tag)]
    assert [at for at, level in enumerate(headings) if level == 1] == [0]
    assert all(after - before <= 1 for before, after in itertools.pairwise(headings))


def test_the_policy_allows_our_style_and_script_and_nothing_else() -> None:
    text = page(everything())
    (policy,) = (a["content"] for tag, a in Page(text).elements if a.get("http-equiv") == "Content-Security-Policy")
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in (policy or "")
    assert (policy or "").startswith("default-src 'none'; ")
    assert "unsafe" not in (policy or "")
    assert not re.findall(r"(?:src|srcset|action|data|poster)=\"(?!data:,)", re.sub(r"<meta.*?>", "", text))


def pictures(text: str) -> list[ET.Element]:
    return [ET.fromstring(svg) for svg in re.findall(r"<svg xmlns=.*?</svg>", text, re.DOTALL)]  # noqa: S314 - our own output


def test_pictures_are_svg_with_a_title_a_description_and_marked_axes() -> None:
    made = [one for one in pictures(page(everything())) if one.get("class") != "names"]
    assert len(made) == 3
    name = "{http://www.w3.org/2000/svg}"
    for picture in made:
        assert picture.get("role") == "img"
        title, description = picture[0], picture[1]
        assert (title.tag, description.tag) == (f"{name}title", f"{name}desc")
        assert all((title.text, description.text))
        assert picture.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
        assert [text.text for text in picture.iter(f"{name}text") if "axis" in (text.get("class") or "")]
        width, height = (float(picture.get(side) or 0) for side in ("width", "height"))
        for text in picture.iter(f"{name}text"):
            assert -1 <= float(text.get("x") or 0) <= width
            assert 0 <= float(text.get("y") or 0) <= height


def test_rules_that_were_left_out_are_said() -> None:
    view = joined(result([deployed("a")], days=7), result([deployed("a")], scope=accounts(A) | {"left_out": ["iam.unused_access_keys"]}))
    text = Page(page(view)).text
    assert "1 rule left out by choice, so their findings are unknown: iam.unused_access_keys." in text
    assert "were not checked by the same rules" in text
    assert "everything was read" not in text
    assert "everything was read" not in markdown(view)


def test_a_year_of_daily_results_is_drawn_with_labels_that_do_not_touch() -> None:
    view = joined(*(result([deployed("a")], days=n) for n in range(365)))
    assert len(view.trend) == 365
    for picture in pictures(page(view))[1:2]:
        dates = sorted(float(t.get("x") or 0) for t in picture.iter("{http://www.w3.org/2000/svg}text") if re.match("20", t.text or ""))
        assert len(dates) == 5
        assert all(after - before >= 66 for before, after in itertools.pairwise(dates))
        assert dates[-1] <= 560 - 33


def test_a_trend_is_cut_where_no_score_is_known() -> None:
    points = [(0.0, 9.0), (1.0, 8.0), (2.0, None), (3.0, 7.0), (4.0, None), (5.0, 6.0), (6.0, 5.0)]
    assert list(charts._curves(points)) == ["M0 9L1 8", "M5 6L6 5"]


def test_the_timeline_draws_the_worst_and_says_so() -> None:
    view = joined(result([deployed(f"u{n:03}", label=f"****{n:04}") for n in range(130)]))
    text = page(view)
    (timeline,) = (p for p in pictures(text) if p[0].text == "Timeline of keys")
    assert len(timeline.findall("{http://www.w3.org/2000/svg}g")) == 100
    assert "The 100 worst of 130 keys with a known date." in Page(text).text
    assert Page(text).text.count(" u129/****0129") == 1


def test_keys_of_one_name_are_told_apart_by_their_folder() -> None:
    dated: Any = {
        "lifetime": [{"kind": "expiry", "value": "2027-01-31", "effect": "declared", "source": "tag", "path": None, "line": None}]
    }
    keys = [declared("aws_iam_access_key.this", root=root, **dated) for root in ("envs/prod", "envs/stage")]
    view = joined(result([*keys, declared("aws_iam_access_key.other", root="x", **dated)], scope=code()), result([deployed("a")]))
    names = [t.text or "" for p in pictures(page(view)) for t in p if "name" in (t.get("class") or "")]
    assert {name.split(" ")[-1] for name in names} == {"aws_iam_access_key.this", "aws_iam_access_key.other", "a/****ABCD"}
    assert len(set(names)) == 4


def test_findings_beyond_the_limit_are_counted_and_every_key_is_there() -> None:
    keys = [deployed(f"u{n:04}", label=f"****{n:04}") for n in range(1100)]
    text = Page(page(joined(result(keys, [finding(key) for key in keys])))).text
    assert "Keys 1,100" in text
    assert text.count("mend it.") == 1001, "in full for as many as the table tells, and in the task"
    assert all(f"u{n:04}/" in text for n in range(1100))
    short = markdown(joined(result(keys, [finding(key) for key in keys])))
    assert "… and 900 more." in short


def test_code_alone_has_neither_ages_nor_uses() -> None:
    text = Page(page(joined(result([declared("k")], scope=code(), files=1)))).text
    assert not re.search(r"\b(last used|age, days|timeline)\b", text, re.IGNORECASE), "code does not tell, and nobody has asked an account"
    assert "last used" not in markdown(joined(result([declared("k")], scope=code())))


@pytest.mark.parametrize("name", ["html", "markdown"])
def test_an_unknown_score_is_never_shown_as_a_number(name: str) -> None:
    view = joined(result([deployed("a")], [], [error()]))
    text = Page(page(view)).text if name == "html" else markdown(view)
    assert re.search(r"Score ?: ?unknown", text)
    assert "100 of 100" not in text
    assert "of 100" not in text.partition("What to do first")[0].replace("from 0 to 100", "")


def test_evidence_is_told_once_for_each_account() -> None:
    keys = [deployed("a", evidence=["credential report", "a call"]), deployed("b", evidence=["a call"])]
    told = [(text, number) for text, _, number in sources(joined(result(keys), result(scope=code())))]
    assert told == [("a call", 2), ("credential report", 1)]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_text(text: str) -> None:
    view = hostile(text)
    made = page(view)
    found = Page(made)
    made.encode()
    harmless = Page(page(hostile("harmless")))
    kinds = {tag for tag, _ in harmless.elements}
    assert {tag for tag, _ in found.elements} <= kinds
    assert [tag for tag, _ in found.elements].count("script") == 1
    assert {name for _, attributes in found.elements for name in attributes} <= {name for _, a in harmless.elements for name in a}
    assert all(line.isprintable() for line in made.split("\n"))
    assert "49{%" not in made
    written = markdown(view)
    assert all(line.isprintable() for line in written.split("\n"))
    assert len(written) < 100_000
    assert len(made) < 300_000
    outside = re.sub(r"(?ms)^ *(`{3,})sh\n.*?^ *\1$", "", written)
    assert set(re.findall(r"<[^>]*>?", re.sub(r"`[^`\n]*`", "", outside))) <= {"<!-- -->", "<code>", "</code>"}


@given(st.text())
def test_where_a_table_may_break_changes_no_text(text: str) -> None:
    made = soft(text)
    assert html.unescape(re.sub("<[^>]*>", "", str(made))) == shown(text)
    assert set(re.findall("<[^>]*>", str(made))) <= {"<wbr>", '<span class="nb">', "</span>"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("modules/a_b/main.tf:49", ["modules/", "a_", "b/", "main.", "tf:49"]),
        ("privesc-sageMakerCreate", ["privesc-", "sage", "Maker", "Create"]),
        ("created on 2026-11-24", ["created on 2026-11-24"]),
        ("accounts", ["accounts"]),
        ("x" * 50, ["x" * 40, "x" * 10]),
    ],
)
def test_names_break_between_their_parts(text: str, parts: list[str]) -> None:
    assert [re.sub("<[^>]*>", "", part) for part in str(soft(text)).split("<wbr>")] == parts


def links(text: str) -> list[str]:
    return [attributes["href"] or "" for tag, attributes in Page(text).elements if tag == "a"]


def test_places_lead_to_the_line_where_the_result_says_where_that_is() -> None:
    key = declared("aws_iam_access_key.k", "a b/main.tf")
    scope = code() | {"source_url": "https://git.example.com/infra/blob/0f3a/{path}#L{line}"}
    line = "https://git.example.com/infra/blob/0f3a/a%20b/main.tf#L3"
    assert links(page(joined(result([key], [finding(key)], scope=scope)))).count(line) == 2
    assert not [link for link in links(page(joined(result([key], [finding(key)], scope=code())))) if "main.tf" in link]
    live = deployed("ci", declared_as={"address": "aws_iam_access_key.k", "path": "main.tf", "line": 7, "link": "exact"})
    found = links(page(joined(result([live], scope=accounts(A) | {"source_url": "https://git.example.com/{path}#L{line}"}))))
    assert found.count("https://git.example.com/main.tf#L7") == 1


def test_a_result_whose_links_are_no_addresses_of_the_web_is_refused() -> None:
    scope = code() | {"source_url": "javascript:pwned=1//{path}"}
    with pytest.raises(NotAResultError, match=r"^does not follow the contract \(source_url is not a web address\); it may have been"):
        joined(result([declared("k")], scope=scope))


@pytest.mark.parametrize(
    ("fix", "said"), [({"fix": {"level": "in_place", "edits": []}}, "run in iam: {} --write"), ({}, "see the change in iam: {}")]
)
def test_41_equal_mends_are_one_card(fix: dict[str, Any], said: str) -> None:
    keys = [declared(f"aws_iam_access_key.k{n}") for n in range(41)]
    remedy = {"kind": "add_tag", "address": "u", "path": "main.tf", "line": 1, "summary": "add this tag to the user"}
    told = {"problem": "The key never ends.", "remedy": remedy | {"code": 'expires = "x"'}}
    found = [finding(key, "expired", remediation=f"Add it to {key['address']}.", **told) | fix for key in keys]
    text = Page(page(joined(result(keys, found, scope=code("iam"))))).text
    assert "41 keys in iam" in text
    assert 'The key never ends. Do for each: Add this tag to the user: expires = "x"' in text
    assert f"Or {said.format('posturio-iac fix --select expired')}" in text


def test_commands_of_several_keys_are_lines_of_a_shell() -> None:
    keys = [deployed(f"u{n}") for n in range(10, 70)]
    lines = [f"aws iam tag-user --user-name u{n} --tags Key=owner,Value=team@example.com" for n in range(10, 70)]
    remedy = {"kind": "tag_user", "address": "u", "summary": "tag the user", "code": ""}
    found = [finding(key, "ownerless", remedy=remedy | {"command": line}) for key, line in zip(keys, lines, strict=True)]
    posture = joined(result(keys, found, scope=accounts(A)))
    expected = "\n".join(lines[:50])
    assert f'<pre data-copy tabindex="0">{expected}</pre>' in page(posture)
    assert f"```sh\n{expected}\n```" in re.sub("(?m)^ +", "", markdown(posture))


@pytest.mark.parametrize("several", [False, True])
def test_what_replaces_keys_is_said_once_for_all_that_it_replaces(*, several: bool) -> None:
    github = {"consumer": "github", "text": "OIDC of GitHub Actions", "address": "github_actions_secret.s", "path": "main.tf", "line": 9}
    used = github | {"used_at": [{"path": ".github/workflows/x.yml", "line": 3}, {"path": ".github/workflows/y.yml", "line": 4}]}
    keys = [declared(f"aws_iam_access_key.k{n}") for n in range(2)]
    found = [finding(key, "ownerless", problem="It has no owner.", instead=[used, github]) for key in keys]
    posture = joined(result(keys, found if several else [found[0], finding(keys[1], "ownerless", problem="It has no owner.")]))
    better = "OIDC of GitHub Actions (used at .github/workflows/x.yml:3 and 1 more), and OIDC of GitHub Actions; see "
    first, _, table = Page(page(posture)).text.partition("Every key, the worst first")
    assert first.count(f"Instead: {better}posturio-iac explain keyless") == (1 if several else 0)
    assert table.count(f"Instead: {better}posturio-iac explain keyless") == (2 if several else 1)
    first, _, table = markdown(posture).partition("| mark |")
    assert first.count("**Instead:** OIDC of GitHub Actions") == (1 if several else 0)
    assert table.count("see `posturio-iac explain keyless`.") == (2 if several else 1)


def test_damaged_replacements_are_refused() -> None:
    key = declared("aws_iam_access_key.ci")
    with pytest.raises(NotAResultError, match=r"^does not follow the contract \(text was expected, not int\)"):
        joined(result([key], [finding(key, "ownerless", instead=[{"text": 1}])]))


@pytest.mark.parametrize(("name", "then"), [("command", ""), ("otherwise", None)])
def test_a_command_with_a_hidden_id_is_not_offered(name: str, then: str | None) -> None:
    key = deployed("ci", label="AKIAIOSFODNN7EXAMPLE", key_id="AKIAIOSFODNN7EXAMPLE")
    command = "aws iam update-access-key --user-name ci --access-key-id AKIAIOSFODNN7EXAMPLE --status Inactive"
    nowhere = dict.fromkeys(("address", "path", "line"))
    remedy = {"kind": "run_command", **nowhere, "summary": "switch it off", name: command, "then": then}
    document = result([key], [finding(key, remediation=f"Switch it off: {command}.", remedy=remedy)], scope=accounts(A))
    hidden = page(join([load(json.dumps(document), "a.json")]))
    assert "AKIAIOSFODNN7EXAMPLE" not in hidden
    assert "data-copy>" not in hidden
    assert f"<code data-copy>{command}</code>" in page(join([load(json.dumps(document), "a.json", show_key_ids=True)]))


def test_sections_without_anything_to_say_are_one_line() -> None:
    def quiet(view: Posture) -> set[str | None]:
        return {a["id"] for tag, a in Page(page(view)).elements if tag == "section" and a.get("class") == "quiet"}

    assert quiet(joined(result([declared("k")], scope=code(), files=1))) == {
        "first", "changes", "rules", "unchecked",
    }  # fmt: skip
    assert quiet(everything()) == set()


def test_a_page_about_4000_keys_of_code_stays_small() -> None:
    keys = [declared(f"module.m{n % 40}.aws_iam_access_key.k{n}", f"modules/m{n % 40}/main.tf") for n in range(4000)]
    found = [finding(key, rule) for key in keys for rule in ("unused", "ownerless")]
    text = page(joined(result(keys, found, scope=code())))
    assert len(text) < 3_000_000
    assert "4,000 keys in infra" in Page(text).text


@pytest.mark.parametrize(("used", "words"), [(0.3, "last used less than a day ago, on"), (1, "last used 1 day ago"), (60, "60 days ago")])
def test_a_key_that_was_used_today_was_not_used_zero_days_ago(used: float, words: str) -> None:
    key = deployed("ci", last_used=at(used))
    posture = joined(result([key], [finding(key)], scope=accounts(A)))
    assert words in markdown(posture)
    assert words in html.unescape(page(posture))
