"""The fixtures of each form hold the keys that they are meant to hold, at their places, and read without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cloudformation_reading import reading

FIXTURES = Path(__file__).parents[3] / "fixtures" / "cloudformation"
ENDINGS = (".yaml", ".yml", ".json")

EXPECTED = {
    "plain": "CiKey template.yaml:8:3; DeployKey template.yaml:23:3; BackupKey template.yaml:31:3; MailKey template.yaml:39:3",
    "json": "CiKey template.json:10:5; MailKey template.json:19:5",
    "sam": "UploaderKey template.yaml:9:3",
    "cdk": "CiKeyA1B2C3D4 (Shop/Ci/Key/Resource) {0}:9:3; CallE5F6A7B8 (Shop/Call/Resource/Default) {0}:20:3".format(
        "cdk.out/Shop.template.json"
    ),
    "serverless": "UploadKey serverless.yml:14:7; ReportKey resources/report.yml:2:1",
    "nested": "Keys/Key stacks/keys.yaml:7:3",
    "foreach": "Keyreader template.yaml:13:7; Keywriter template.yaml:13:7; Other${Name} template.yaml:20:7",
    "stackset": "Everywhere/ScannerKey template.yaml:11:11",
    "custom": "SmtpKey template.yaml:4:3",
    "conditions": "OptionalKey template.yaml:20:3",
    "parameters": "Key template.yaml:8:3",
    "exposed": "Key template.yaml:8:3",
    "rotation": "RotatedKey template.yaml:9:3; StaleKey template.yaml:29:3",
    "multidocument": "FirstKey stacks.yaml:9:3; SecondKey stacks.yaml:15:3",
}


def test_every_fixture_is_expected() -> None:
    assert sorted(EXPECTED) == sorted(p.name for p in FIXTURES.iterdir())


@pytest.mark.parametrize("form", EXPECTED)
def test_the_keys_of_a_form_stand_at_their_logical_ids(form: str) -> None:
    root = FIXTURES / form
    found = tuple(sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.suffix in ENDINGS))
    read = reading(root, {}, found)
    assert read.diagnostics == ()
    places = [f"{k.address} {k.span.path}:{k.span.line}:{k.span.column}" for k in read.keys if k.span]
    assert sorted(places) == sorted(EXPECTED[form].split("; "))
