"""Bad input: one sentence each with its place, the rest judged, and never a traceback."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.finding import Level
from posturio_iac.frontends import Reading
from tests.support.cloudformation_reading import reading

KEY = "{Type: AWS::IAM::AccessKey, Properties: {UserName: a}}"
GOOD, BOM = f"Resources:\n  Good: {KEY}\n", "\ufeff"
CONFLICT = f"Resources:\n<<<<<<< HEAD\n  A: {KEY}\n=======\n  B: {KEY}\n>>>>>>> topic\n"


@pytest.mark.parametrize(
    ("text", "judged", "line", "words"),
    [
        (f"Resources: &r\n  K: {KEY}\n  X: *r\n", 0, 3, "inside its own anchor"),
        (GOOD + "  X: " + "[" * 1500 + "]" * 1500 + "\n", 0, 3, "nest"),
        ('{"Resources":\n{"Good": {"Type": "AWS::IAM::AccessKey", "X":' + "[" * 1500 + "]" * 1500 + "}}}", 0, 2, "deeper than 200 levels"),
        (GOOD + f"  Good: {KEY}\n", 1, 3, "the key Good repeats an earlier one"),
        ('{"Resources": {"G": {"Type": "AWS::IAM::AccessKey"},\n"G": {"Type": "AWS::IAM::AccessKey"}}}', 1, 2, "the key G repeats"),
        ("Resources:\n  - Type: AWS::IAM::AccessKey\n", 0, 2, "Resources is a list, not a map of logical ids"),
        (GOOD + "  N: {Properties: {}}\n", 1, 3, "the resource N has no Type"),
        (GOOD + "  N: text\n", 1, 3, "the resource N has no Type"),
        ("Resources:\n  K:\n    Type: AWS::IAM::AccessKey\n    Properties: ~\n", 1, 4, "Properties of K is null, not a map"),
        ('{"Resources": {"K": {"Type": "AWS::IAM::AccessKey"}\n "x": 1}}', 0, 2, "not valid JSON: expected ',' or '}' in an object"),
        (CONFLICT, 0, 2, "this merge conflict is not resolved; 2 access keys in it may not have been checked"),
        (f"a: [\n---\n{GOOD}", 1, 2, "not valid YAML: did not find expected node content"),
        (f"{GOOD}  B: ['{{{{resolve:ssm:b}}}}'\n", 0, 4, "not valid YAML"),
        ("Resources: {K: " + KEY + "}\0", 0, 1, "U+0000 is not allowed"),
        ("Resources:\n{% for u in us %}\n  K{{u}}:\n    Type: AWS::IAM::AccessKey\n{% endfor %}\n", 0, 2, "this file is a template that"),
        ("Resources:\n{{#each users}}\n  K:\n    Type: 'AWS::IAM::AccessKey'\n{{/each}}\n", 0, 2, "an access key in it cannot be checked"),
        (f'Resources:\n\n  {{{{ x }}}}\n  A:\n    "Type" : "AWS::IAM::AccessKey"\n  B: {KEY}\n', 0, 3, "2 access keys in it cannot be"),
    ],
)
def test_bad_input_is_one_error_and_the_rest_is_judged(tmp_path: Path, text: str, judged: int, line: int, words: str) -> None:
    found = reading(tmp_path, {"t.yaml": text.encode()})
    (problem,) = found.diagnostics
    assert problem.level is Level.ERROR
    assert words in problem.message
    assert (problem.path, problem.line) == ("t.yaml", line)
    assert problem.column is not None
    assert len(found.keys) == judged


@pytest.mark.parametrize(
    ("text", "level"),
    [
        (f"Mappings: {{M: {{a: {{x: 1}}, a: {{x: 2}}}}}}\n{GOOD}", Level.WARNING),
        (f"Mappings: {{M: {{a: &k {{x: 1}}, a: {{x: 2}}}}}}\n{GOOD}", Level.ERROR),
        (f"{GOOD}Outputs: {{O: {{Value: a}}, O: {{Value: b}}}}\n", Level.ERROR),
        ('{"Mappings": {"M": {"a&": {}, "a&": {}}}, "Resources": {"K": {"Type": "AWS::IAM::AccessKey"}}}', Level.WARNING),
    ],
)
def test_a_repeated_name_is_no_error_where_it_can_hide_no_key(tmp_path: Path, text: str, level: Level) -> None:
    found = reading(tmp_path, {"t.yaml": text.encode()})
    assert [(d.level, "repeats an earlier one" in d.message) for d in found.diagnostics] == [(level, True)]
    assert len(found.keys) == 1


def test_tabs_surrogates_and_long_keys_are_no_trouble_in_json(tmp_path: Path) -> None:
    long = "k" * 1100
    text = f'{{\n\t"Resources":\t{{"Go\\ud800od":\t{{"Type":\t"AWS::IAM::AccessKey"}}, "{long}": {{"Type": "AWS::IAM::AccessKey"}}}}}}'
    found = reading(tmp_path, {"t.json": text.encode()})
    assert found.diagnostics == ()
    assert {k.address for k in found.keys} == {"Go\ufffdod", long}


def test_words_that_yaml_takes_for_something_else_are_logical_ids(tmp_path: Path) -> None:
    text = "Resources:\n  Off: {Type: AWS::IAM::AccessKey}\n  1: {Type: AWS::IAM::AccessKey}\n  2027-01-01: {Type: AWS::IAM::AccessKey}\n"
    assert [k.address for k in reading(tmp_path, {"t.yaml": text}).keys] == ["Off", "1", "2027-01-01"]


def test_aliases_and_merge_keys_make_keys(tmp_path: Path) -> None:
    text = f"x: &k {KEY}\nResources:\n  A: *k\n  B: {{<<: *k, Metadata: {{expires: 2027-01-31}}}}\n  C:\n    <<: [*k]\n"
    found = reading(tmp_path, {"t.yaml": text})
    assert found.diagnostics == ()
    assert [(k.address, k.span.line if k.span else 0, len(k.lifetimes)) for k in found.keys] == [("A", 3, 0), ("B", 4, 1), ("C", 5, 0)]


@pytest.mark.parametrize(("data", "words"), [(GOOD.encode() + b"#\xe9", "is not UTF-8 text"), (b"\xff\xfe\x00", "is not UTF-16 text")])
def test_a_file_that_is_no_text_is_said(tmp_path: Path, data: bytes, words: str) -> None:
    assert [(d.level, words in d.message) for d in reading(tmp_path, {"t.yaml": data}).diagnostics] == [(Level.ERROR, True)]


def test_a_missing_and_a_large_file_are_said(tmp_path: Path) -> None:
    found = reading(tmp_path, {"large.yaml": GOOD + "#" * 100}, selected=("gone.yaml", "large.yaml"), max_file_size=100)
    assert [(d.path, d.level) for d in found.diagnostics] == [("gone.yaml", Level.ERROR), ("large.yaml", Level.ERROR)]
    assert "larger than 100 bytes" in found.diagnostics[1].message


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "---\n---\n", "Resources:\n", "Resources: {}\n", "#AWS::IAM::AccessKey", BOM])
def test_nothing_is_nothing(tmp_path: Path, text: str) -> None:
    assert reading(tmp_path, {"t.yaml": text}) == Reading()


WORDS = """
Resources Parameters Conditions Outputs Mappings Type Properties Metadata Condition UserName Tags Default AllowedValues Key Value
Fn::If Fn::Sub Fn::Join Fn::Select Fn::GetAtt Fn::FindInMap Ref Fn::ForEach::L Fn::Equals Fn::Not Serial Status Policies Path
AWS::IAM::AccessKey AWS::IAM::User AWS::CloudFormation::Stack AWS::CloudFormation::StackSet TemplateURL TemplateBody SecretString
AWS::SecretsManager::Secret AWS::SecretsManager::RotationSchedule SecretId RotationRules Posturio Ignore Rule Reason expires
K U ${K.SecretAccessKey} K.SecretAccessKey 2027-01-31 90d {{resolve:x}} 1 resources service ${file(x)} t.yaml
"""
PIECES = st.sampled_from(["", *re.findall(r"\S+", WORDS)])
SHAPES = st.recursive(
    PIECES | st.none() | st.booleans() | st.integers(-1, 2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PIECES, inner, max_size=4),
    max_leaves=25,
)


@given(data=st.data())
def test_a_template_of_any_shape_never_crashes(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    key = {"Type": "AWS::IAM::AccessKey", "Properties": data.draw(SHAPES), "Metadata": data.draw(SHAPES), "Condition": data.draw(SHAPES)}
    user = {"Type": "AWS::IAM::User", "Properties": {"Tags": data.draw(SHAPES), "UserName": data.draw(SHAPES), "Path": data.draw(SHAPES)}}
    root = {
        "Resources": {"K": key, "U": user, "S": data.draw(SHAPES), "Fn::ForEach::X": data.draw(SHAPES)},
        **{name: data.draw(SHAPES) for name in ("Parameters", "Conditions", "Mappings", "Outputs")},
        **data.draw(st.dictionaries(PIECES.filter(lambda name: name != "Resources"), SHAPES, max_size=3)),
    }
    folder = tmp_path_factory.mktemp("shape")
    for document in (root, data.draw(SHAPES)):
        found = reading(folder, {"t.yaml": json.dumps(document) + "\n#AWS::IAM::AccessKey"})
        assert all(d.message and d.path for d in found.diagnostics)
        assert document is not root or "service" in root or "K" in {k.address for k in found.keys} or isinstance(key["Condition"], str)


@pytest.mark.parametrize(("chart", "level"), [("chart/Chart.yaml", Level.WARNING), ("chart/other.yaml", Level.ERROR)])
def test_a_helm_chart_that_mentions_the_type_is_no_failure(tmp_path: Path, chart: str, level: Level) -> None:
    text = "Resources:\n{{ if .Values.key }}\n  K:\n    Type: AWS::IAM::AccessKey\n{{ end }}\n"
    (problem,) = reading(tmp_path, {chart: "name: x\n", "chart/templates/sub/t.yaml": text}).diagnostics
    assert (problem.level, problem.path, problem.line) == (level, "chart/templates/sub/t.yaml", 2)
    assert "an access key in it cannot be checked" in problem.message
