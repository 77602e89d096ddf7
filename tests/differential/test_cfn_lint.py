"""Our reading of templates against cfn-lint's own decoder: the same resources, at the same places, with the same types.

Runs where cfn-lint is installed. ``POSTURIO_IAC_TEMPLATES`` may name a directory of more templates to compare.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.decode import decode
from hypothesis import given, settings
from hypothesis import strategies as st

from posturio_iac.core.text.textfile import UnreadableError
from posturio_iac.core.text.textfile import decoded as text_of
from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
from posturio_iac.frontends.cloudformation.syntax.template import parse, plain

ROOT = Path(__file__).parents[2]
ENDINGS = (".yaml", ".yml", ".json", ".template", ".cfn")
Found = dict[str, tuple[str, int, int]]


def ours(path: Path) -> list[Found]:
    try:
        text = text_of(path.read_bytes())
    except UnreadableError:
        return []
    parsed = parse(TemplateSource(path.name, text))
    templates = [t for root in parsed.roots if (t := plain(root, parsed.source, ("AWS::IAM::AccessKey",))) is not None]
    found: list[Found] = []
    for template in (t for t in templates if t.complete):
        spans = {e.name: (e.type, parsed.source.span(e.key)) for e in template.section("Resources")}
        found.append({name: (kind, span.line, span.column) for name, (kind, span) in spans.items()})
    return found


def theirs(path: Path) -> Found | None:
    template, matches = decode(str(path))
    if matches or not isinstance(template, dict):
        return None
    resources = template.get("Resources")
    if not isinstance(resources, dict):
        return {}
    found: Found = {}
    for name, body in resources.items():
        mark: Any = getattr(name, "start_mark", None)
        if mark is None:  # a number as logical id, which cfn-lint does not place
            return None
        kind = body.get("Type") if isinstance(body, dict) else ""
        found[str(name)] = (kind if isinstance(kind, str) else "", mark.line + 1, mark.column + 1)
    return found


def files() -> list[Path]:
    places = [ROOT / "fixtures", *(Path(p) for p in [os.environ.get("POSTURIO_IAC_TEMPLATES")] if p)]
    return sorted(p for place in places for p in place.rglob("*") if p.suffix in ENDINGS and p.is_file())


@pytest.mark.parametrize("path", files(), ids=str)
def test_resources_and_their_places_agree(path: Path) -> None:
    expected = theirs(path)
    if expected is None:
        pytest.skip("cfn-lint does not read this file")
    found = ours(path)
    if not expected and not found:
        pytest.skip("no template")
    assert len(found) == 1
    assert found[0] == expected


def test_whatever_we_refuse_cfn_lint_refuses_too() -> None:
    refused = []
    for path in files():
        try:
            text = text_of(path.read_bytes())
        except UnreadableError:
            continue
        if parse(TemplateSource(path.name, text)).problems and theirs(path) is not None:
            refused.append(str(path))
    assert refused == []


names = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,12}", fullmatch=True)
values = st.recursive(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co", "Cn")), max_size=12)
    | st.integers()
    | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
templates = st.dictionaries(
    names, st.fixed_dictionaries({"Type": st.just("AWS::IAM::AccessKey"), "Properties": values}), min_size=1, max_size=5
)


@settings(max_examples=60)
@given(resources=templates, as_yaml=st.booleans(), indent=st.sampled_from([1, 2, 4]))
def test_generated_templates_agree(tmp_path_factory: pytest.TempPathFactory, resources: dict[str, Any], as_yaml: bool, indent: int) -> None:
    document = {"Resources": resources}
    text = yaml.safe_dump(document, indent=max(indent, 2)) if as_yaml else json.dumps(document, indent=indent, ensure_ascii=False)
    path = tmp_path_factory.mktemp("generated") / ("t.yaml" if as_yaml else "t.json")
    path.write_text(text, encoding="utf-8")
    expected = theirs(path)
    assert expected is not None
    assert ours(path) == [expected]
