"""What the code adds to a plan: rotation, comments and places, joined by address."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.core.model import AccessKey, Effect, Replacement
from posturio_iac.core.unknown import PLAN_OF_OTHER_CODE
from tests.support.plan_shapes import KEY, USER, key, one, plan, read, resource, user

ROTATED = """
resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "time_rotating" "ci" {
  rotation_days = var.days
}

resource "time_static" "ci" {
  rfc3339 = time_rotating.ci.rfc3339
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [time_static.ci]
  }
}

variable "days" {
  default = 30
}
"""


def code(folder: Path, text: str, name: str = "main.tf") -> Path:
    path = folder / "code" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder / "code"


def joined(folder: Path, text: str, *changes: dict[str, Any]) -> AccessKey:
    return one(folder, plan(*changes), code(folder, text))


def test_rotation_comes_from_the_code(tmp_path: Path) -> None:
    found = joined(tmp_path, ROTATED, user(f"{USER}.ci"), key(f"{KEY}.ci"))
    assert found.span is not None
    assert (found.framework, found.span.path, found.span.line) == ("terraform-plan", "code/main.tf", 14)
    assert [(e.effect, e.interval) for e in found.lifetimes] == [(Effect.ENFORCED, timedelta(days=30))]
    assert isinstance(found.replacement, Replacement)
    assert (found.unknown_sources, found.scope) == ((), "code")


def test_the_plan_knows_the_interval_better(tmp_path: Path) -> None:
    clock = resource("time_rotating.ci", {"rotation_days": 7, "rotation_hours": 12})
    assert joined(tmp_path, ROTATED, user(f"{USER}.ci"), clock, key(f"{KEY}.ci")).lifetimes[0].interval == timedelta(hours=12)


def test_a_key_without_rotation_in_the_code_has_none(tmp_path: Path) -> None:
    found = joined(tmp_path, f'resource "{KEY}" "ci" {{\n  user = "ci"\n}}\n', user(f"{USER}.ci"), key(f"{KEY}.ci"))
    assert (found.lifetimes, found.unknown_sources, found.replacement, found.owner) == ((), (), None, None)


def test_comments_and_instructions_come_from_the_code(tmp_path: Path) -> None:
    text = f"""
# posturio: expires=2027-01-31 owner=payments@example.com
# posturio:ignore[iam.exposed_access_key_secrets] reason="it is a test"
resource "{KEY}" "ci" {{
  user = "ci"
}}
"""
    found = joined(tmp_path, text, user(f"{USER}.ci", tags={"rotation": "30d"}), key(f"{KEY}.ci"))
    assert [e.source for e in found.lifetimes] == ['comment "expires"', 'tag "rotation" of aws_iam_user.ci']
    assert found.owner == "payments@example.com"
    assert found.directives[0].rules == ("iam.exposed_access_key_secrets",)
    assert found.directives[0].span.path == "code/main.tf"


CLOCK = "expires = timestamp()"
TAGGED = f"""
resource "{USER}" "ci" {{
  name = "ci"
  tags = {{ %s }}
}}
resource "{KEY}" "ci" {{
  user = {USER}.ci.name
}}
"""


@pytest.mark.parametrize(
    ("tags", "planned", "found"),
    [('expires = var.end, rotation = "9d"', "2027-01-31", ("2027-01-31", Effect.DECLARED)), (CLOCK, "2026-12-01", (None, Effect.INERT))],
    ids=["of the plan before those of the code", "a clock is seen in the code only"],
)
def test_tags_of_a_user_whom_both_declare(tmp_path: Path, tags: str, planned: str, found: tuple[str | None, Effect]) -> None:
    text = TAGGED % tags + 'variable "end" {\n  default = "2020-01-01"\n}\n'
    (lifetime,) = joined(tmp_path, text, user(f"{USER}.ci", tags={"expires": planned}), key(f"{KEY}.ci")).lifetimes
    assert (lifetime.value if found[0] else None, lifetime.effect) == found


def test_a_user_that_only_the_code_declares(tmp_path: Path) -> None:
    found = joined(tmp_path, TAGGED % 'expires = "2027-01-31", owner = "ops"', key(f"{KEY}.ci"))
    assert (found.owner, found.user_address, found.unknown_sources) == ("ops", f"{USER}.ci", ())
    assert [e.value for e in found.lifetimes] == ["2027-01-31"]


@pytest.mark.parametrize(("given", "open_"), [("vendor", False), (None, True)])
def test_a_user_that_neither_declares_is_open_only_while_the_plan_does_not_know_it(tmp_path: Path, given: str | None, open_: bool) -> None:
    text = f'variable "user" {{\n}}\nresource "{KEY}" "ci" {{\n  user = var.user\n}}\n'
    found = joined(tmp_path, text, key(f"{KEY}.ci", given))
    assert bool(found.unknown_sources) is open_
    assert found.unseen_tags is not None


def test_a_data_source_that_the_plan_has_not_read_is_the_choice_of_the_author(tmp_path: Path) -> None:
    made = f'resource "{KEY}" "ci" {{\n  user = data.terraform_remote_state.iam.outputs.user\n}}\n'
    found = joined(tmp_path, 'data "terraform_remote_state" "iam" {\n}\n' + made, key(f"{KEY}.ci", None))
    assert (found.unknown_sources, found.owner) == ((), None)


@pytest.mark.parametrize(("count", "index"), [("2", 1), ("var.n", 1), ("2", 7)], ids=["fixed", "open", "more than fixed"])
def test_instances_are_joined_with_their_block(tmp_path: Path, count: str, index: int) -> None:
    text = ROTATED.replace("  user = aws", f"  count = {count}\n  user = aws") + 'variable "n" {}\n'
    found = joined(tmp_path, text, user(f"{USER}.ci"), key(f"{KEY}.ci[{index}]"))
    assert found.address == f"{KEY}.ci[{index}]"
    assert found.lifetimes


def test_a_module_beside_the_root_module_belongs_to_it(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    folder = code(tmp_path, 'module "ci" {\n  source = "../modules/ci"\n  count = 1\n}\n')
    (tmp_path / "modules" / "ci").mkdir(parents=True)
    (tmp_path / "modules" / "ci" / "main.tf").write_text(ROTATED, encoding="utf-8")
    (found,) = read(tmp_path, plan(key(f"module.ci[0].{KEY}.ci")), folder).keys
    assert found.span is not None
    assert found.span.path == "modules/ci/main.tf"
    assert found.lifetimes[0].effect is Effect.ENFORCED


def test_a_module_whose_code_is_elsewhere_is_joined_at_its_call(tmp_path: Path) -> None:
    text = """
module "ci" {
  source                 = "cloudposse/iam-system-user/aws"
  version                = "0.23.2"
  name                   = "ci"
  iam_access_key_max_age = 86400
}
"""
    address = "module.ci.awsutils_expiring_iam_access_key.default[0]"
    (found,) = read(tmp_path, plan(key(address, max_age=86400)), code(tmp_path, text)).keys
    assert found.span is not None
    assert (found.address, found.span.path, found.span.line) == (address, "code/main.tf", 2)
    assert found.lifetimes[0].effect is Effect.ENFORCED


def test_a_key_that_the_code_does_not_declare(tmp_path: Path) -> None:
    found = joined(tmp_path, ROTATED, user(f"{USER}.ci"), key(f"{KEY}.other"))
    assert found.unknown_sources == (PLAN_OF_OTHER_CODE("code"),)
    assert found.span is not None
    assert found.span.path == "plan.json"


def test_root_modules_that_declare_the_same_address(tmp_path: Path) -> None:
    code(tmp_path, ROTATED, "a/main.tf")
    folder = code(tmp_path, ROTATED, "b/main.tf")
    found = one(tmp_path, plan(user(f"{USER}.ci"), key(f"{KEY}.ci")), folder)
    (hidden,) = found.unknown_sources
    assert hidden.reason.endswith("declare this address (code/a, code/b); pass the one that the plan was made in with --source")
    assert one(tmp_path, plan(user(f"{USER}.ci"), key(f"{KEY}.ci")), folder / "b").unknown_sources == ()


def test_keys_that_take_turns_are_no_rivals(tmp_path: Path) -> None:
    made = plan(user(f"{USER}.ci"), key(f"{KEY}.ci"), key(f"{KEY}.more"))
    for clock, rivals in (("even", [(), ()]), ("odd", [(f"{KEY}.more (code/main.tf:1)",), (f"{KEY}.ci (code/main.tf:7)",)])):
        text = follows("more", clock) + follows("ci", "odd")
        text += "".join(f'resource "toggles_leapfrog" "{name}" {{\n}}\n' for name in ("odd", "even"))
        keys = read(tmp_path, made, code(tmp_path, text + f'resource "{USER}" "ci" {{\n  name = "ci"\n}}\n')).keys
        assert [k.active_siblings for k in keys] == rivals


def follows(name: str, clock: str) -> str:
    lifecycle = f"  lifecycle {{\n    replace_triggered_by = [toggles_leapfrog.{clock}]\n  }}\n"
    return f'resource "{KEY}" "{name}" {{\n  user = {USER}.ci.name\n{lifecycle}}}\n'


def test_an_exposure_that_both_see_counts_once(tmp_path: Path) -> None:
    text = ROTATED + 'output "out" {\n  value = nonsensitive(aws_iam_access_key.ci.secret)\n}\n'
    configuration = {"outputs": {"out": {"expression": {"references": [f"{KEY}.ci.secret", f"{KEY}.ci"]}}}}
    (found,) = read(tmp_path, plan(user(f"{USER}.ci"), key(f"{KEY}.ci"), configuration=configuration), code(tmp_path, text)).keys
    assert [(e.where, e.span.path) for e in found.exposures] == [('output "out"', "code/main.tf")]


def test_places_in_code_outside_the_scan_root(tmp_path: Path) -> None:
    folder = code(tmp_path, ROTATED)
    (tmp_path / "plans").mkdir()
    (found,) = read(tmp_path / "plans", plan(user(f"{USER}.ci"), key(f"{KEY}.ci")), folder).keys
    spans = [found.span, *(e.span for e in found.lifetimes)]
    assert {span.path for span in spans if span} == {"../code/main.tf"}
    assert "(../code/main.tf:2)" in describe(found.remedies.declare)


def test_what_is_wrong_with_the_code_is_said(tmp_path: Path) -> None:
    reading = read(tmp_path, plan(key(f"{KEY}.ci")), code(tmp_path, ROTATED + 'resource "aws_iam_access_key" "x" {\n'))
    assert {d.path for d in reading.diagnostics} == {"code/main.tf"}


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_source_behind_a_symbolic_link(tmp_path: Path) -> None:
    folder = code(tmp_path, ROTATED)
    (tmp_path / "link").symlink_to(folder)
    found = one(tmp_path, plan(user(f"{USER}.ci"), key(f"{KEY}.ci")), tmp_path / "link")
    assert found.lifetimes


def test_what_gets_the_secret_comes_from_the_code(tmp_path: Path) -> None:
    given = 'resource "gitlab_project_variable" "v" {\n  value = aws_iam_access_key.ci.secret\n}\n'
    (consumer,) = joined(tmp_path, ROTATED + given, user(f"{USER}.ci"), key(f"{KEY}.ci")).consumers
    assert consumer.name == "gitlab"
    assert consumer.place.span is not None
    assert consumer.place.span.path == "code/main.tf"
