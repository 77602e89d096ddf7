"""Each type of resource that shows its arguments in plain text: which ones, and what hides a secret that stands in one."""

from __future__ import annotations

from pathlib import Path

from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.facts.keyless import SINKS
from tests.support.terraform_programs import PLAIN, reading


def shown(folder: Path, code: str) -> dict[str, str]:
    """Return what holds the secret of the only key, each with the change that hides it."""
    (found,) = reading(folder, {"main.tf": PLAIN + code}).keys
    return {e.where: describe(e.remedy) for e in found.exposures}


def test_each_type_shows_its_arguments(tmp_path: Path) -> None:
    """An ``aws_ssm_parameter`` is shown unless it is encrypted, which a test below covers."""
    others = {kind: sink for kind, sink in SINKS.items() if kind != "aws_ssm_parameter"}
    blocks = [
        f'resource "{kind}" "r" {{\n'
        + "".join(f"  {name} = aws_iam_access_key.ci.secret\n" for name in (*sink.arguments, "another"))
        + "}\n"
        for kind, sink in others.items()
    ]
    expected = {f"{name} of {kind}.r" for kind, sink in others.items() for name in sink.arguments or ("another",)}
    assert shown(tmp_path, "".join(blocks)).keys() == expected


def test_tags_labels_and_annotations_show_their_values_in_any_resource(tmp_path: Path) -> None:
    names = ("tags", "labels", "annotations", "notes")
    code = "".join(f'resource "any" "{name}" {{\n  {name} = {{ a = aws_iam_access_key.ci.secret }}\n}}\n' for name in names)
    assert shown(tmp_path, code) == {f"{name} of any.{name}": "remove it" for name in names[:3]}


def test_a_parameter_is_shown_unless_it_is_encrypted(tmp_path: Path) -> None:
    code = "".join(
        f'resource "aws_ssm_parameter" "{name}" {{\n  type  = "{kind}"\n  {argument} = aws_iam_access_key.ci.secret\n}}\n'
        for name, kind, argument in [("a", "String", "value"), ("b", "SecureString", "value"), ("c", "SecureString", "insecure_value")]
    )
    encrypt = 'set type = "SecureString"'
    assert shown(tmp_path, code) == {
        "value of aws_ssm_parameter.a": encrypt,
        "insecure_value of aws_ssm_parameter.c": f"{encrypt}, and write value instead of insecure_value",
    }
