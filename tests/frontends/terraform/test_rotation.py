"""What gives a key an end: schedulers and what leads to them, dates, secrets, tags and comments; and what only looks like it."""

# ruff: noqa: E501 - a program stands on one line of its table

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from posturio_iac.core.evidence.remedy import Advice, ReplaceTrigger
from posturio_iac.core.model import AccessKey, Effect, Kind, Lifetime, Replacement, Unknown
from posturio_iac.core.unknown import NOT_FIXED
from tests.support.terraform_programs import PLAIN, USER, key, keys, reading

INPUT = 'resource "terraform_data" "t" { input = time_rotating.r.id }\n'
CLOCKED = "triggers = { r = time_rotating.r.id }"
BY_INPUT = "replace_triggered_by = [terraform_data.t]"
DAYS90 = 'resource "time_rotating" "r" {\n  rotation_days = 90\n}\n'
STATIC = DAYS90 + 'resource "time_static" "s" {\n  rfc3339 = time_rotating.r.rfc3339\n}\n'


def resource(kind: str, name: str, *lines: str) -> str:
    return f'resource "{kind}" "{name}" {{\n  ' + "\n  ".join(lines) + "\n}\n"


def lifecycle(*lines: str) -> str:
    return "lifecycle {\n    " + "\n    ".join(lines) + "\n  }"


def rotated(trigger: str, more: str = "") -> str:
    return plain("", "aws_iam_user.ci.name", lifecycle(f"replace_triggered_by = [{trigger}]", more))


def plain(head: str = "", user: str = "aws_iam_user.ci.name", *more: str) -> str:
    return USER + resource("aws_iam_access_key", "ci", head, f"user = {user}", *more)


def ends(found: AccessKey) -> list[tuple[str, str, object]]:
    """Return kind, effect and the days or the date of each piece of evidence."""

    def when(one: Lifetime) -> object:
        return one.interval / timedelta(days=1) if one.interval is not None else one.at and one.at.date().isoformat()

    return [(one.kind.value, one.effect.value, when(one)) for one in found.lifetimes]


ENFORCED90 = ("rotation", "enforced", 90.0)
Ends = tuple[str, str, object]


@pytest.mark.parametrize(
    ("trigger", "between"),
    [
        ("time_static.s", 'resource "time_static" "s" { rfc3339 = time_rotating.r.rfc3339 }'),
        ("time_static.s.rfc3339", 'resource "time_static" "s" { rfc3339 = time_rotating.r.rfc3339 }'),
        ('"time_static.s"', 'resource "time_static" "s" { rfc3339 = "${time_rotating.r.rfc3339}" }'),
        ("terraform_data.t", 'resource "terraform_data" "t" { triggers_replace = time_rotating.r.id }'),
        ("terraform_data.t", 'resource "terraform_data" "t" { triggers_replace = [time_rotating.r.id] }'),
        ("terraform_data.t", 'resource "terraform_data" "t" { input = time_rotating.r.unix }'),
        ("terraform_data.t.output", 'resource "terraform_data" "t" { input = time_rotating.r.unix }'),
        ("null_resource.n", 'resource "null_resource" "n" {\n  triggers = { r = time_rotating.r.id }\n}'),
        ("null_resource.n.id", 'resource "null_resource" "n" {\n  triggers = { r = time_rotating.r.id }\n}'),
        ("null_resource.n", 'resource "null_resource" "n" {\n  triggers {\n    r = time_rotating.r.id\n  }\n}'),
        ("random_pet.p", 'resource "random_pet" "p" {\n  keepers = { r = time_rotating.r.id }\n}'),
        ("random_id.p.hex", resource("random_id", "p", "keepers = { r = local.r }") + "locals { r = time_rotating.r.id }"),
        ("time_offset.o", 'resource "time_offset" "o" {\n  triggers = { r = time_rotating.r.id }\n  offset_days = 1\n}'),
        ("time_static.s[0]", 'resource "time_static" "s" {\n  count = 1\n  rfc3339 = time_rotating.r.rfc3339\n}'),
        ('time_static.s["a"]', 'resource "time_static" "s" {\n  for_each = toset(["a"])\n  rfc3339 = time_rotating.r.rfc3339\n}'),
        ("terraform_data.b", INPUT + 'resource "terraform_data" "b" { input = terraform_data.t.output }'),
        ("terraform_data.b", INPUT + resource("terraform_data", "b", lifecycle(BY_INPUT))),
        ("aws_iam_user.ci", ""),
    ],
)
def test_a_schedule_is_reached_through_another_resource(tmp_path: Path, trigger: str, between: str) -> None:
    code = DAYS90 + between + "\n" + rotated(trigger)
    if not between:
        code = code.replace('name = "ci"', 'name = "ci"\n  tags = { turn = time_rotating.r.id }')
    found = key(tmp_path, code)
    assert ENFORCED90 in ends(found)
    assert isinstance(found.replacement, Replacement)


@pytest.mark.parametrize(
    ("head", "user"),
    [
        ("", "null_resource.n.triggers.r"),
        ("", '"ci-${time_rotating.r.unix}"'),
        ("", "{ a = time_rotating.r.id }[local.a]"),
        ("", '["ci", "cd"][time_rotating.r.unix % 2]'),
        ("", "try(time_rotating.r.id, aws_iam_user.ci.name)"),
        ("count = 2", "[time_rotating.r.id, time_rotating.r.unix][count.index]"),
        ('for_each = { a = "ci-${time_rotating.r.unix}" }', "each.value"),
    ],
)
def test_a_schedule_in_the_user_replaces_the_key(tmp_path: Path, head: str, user: str) -> None:
    found = keys(tmp_path, DAYS90 + TURNED + plain(head, user))
    assert [ends(one) for one in found.values()] == [[ENFORCED90]] * len(found)


TURNED = 'resource "null_resource" "n" {\n  triggers = { user = aws_iam_user.ci.name, r = time_rotating.r.id }\n}\nlocals {\n  a = "a"\n}\n'


@pytest.mark.parametrize(
    ("head", "user"),
    [
        ("", "null_resource.n.triggers.user"),
        ("", 'coalesce("ci", time_rotating.r.id)'),
        ("", 'try("ci", time_rotating.r.id)'),
        ("", 'merge({ a = time_rotating.r.id }, { a = "ci" }).a'),
        ("", '{ a = time_rotating.r.id, b = "ci" }.b'),
        ("", '"ci-${time_rotating.r.rotation_days}"'),
        ("for_each = toset([time_rotating.r.id])", "aws_iam_user.ci.name"),
        ("for_each = { (time_rotating.r.id) = 1 }", "aws_iam_user.ci.name"),
        ('for_each = toset(["${time_rotating.r.id}-a"])', "aws_iam_user.ci.name"),
        ('for_each = toset([coalesce("c", time_rotating.r.id)])', "aws_iam_user.ci.name"),
        ("count = time_rotating.r.unix % 2", "aws_iam_user.ci.name"),
    ],
)
def test_a_schedule_that_the_user_only_mentions_and_one_in_the_address_replace_nothing(tmp_path: Path, head: str, user: str) -> None:
    (found,) = keys(tmp_path, DAYS90 + TURNED + plain(head, user)).values()
    assert [effect for _, effect, _ in ends(found)] == ["inert"]
    assert all(e.why and e.remedy for e in found.lifetimes)


MAPS = """
locals {
  loop   = merge(local.loop, { a = time_rotating.r.id })
  merged = merge({ a = time_rotating.r.id }, tomap({ b = time_rotating.r.unix }))
  listed = { for name, clock in time_rotating.each : name => clock.id if name != "b" }
  keyed  = { for name, clock in time_rotating.each : clock.id => name }
  chosen = { for name, clock in time_rotating.each : name => name if clock.unix > 0 }
}
resource "aws_iam_user" "dated" {
  for_each = toset(["a"])
  name     = each.key
  tags     = { stamped = time_rotating.r.rfc3339 }
}
resource "time_rotating" "each" {
  for_each      = toset(["a"])
  rotation_days = 90
}
"""


@pytest.mark.parametrize(
    ("for_each", "moves"),
    [
        ("{ a = time_rotating.r.id }", False),
        ("local.merged", False),
        ("local.listed", False),
        ("local.loop", False),
        ("toset(keys(local.merged))", False),
        ("keys(local.merged)", False),
        ('zipmap(["a"], [time_rotating.r.id])', False),
        ("time_rotating.each", False),
        ("aws_iam_user.dated", False),
        ("true ? local.merged : local.listed", False),
        ("toset(values(local.merged))", True),
        ("local.keyed", True),
        ("local.chosen", True),
        ('zipmap([time_rotating.r.id], ["a"])', True),
        ("merge(local.merged, local.keyed)", True),
        ('{ "${time_rotating.r.id}" = 1 }', True),
    ],
)
def test_only_the_keys_of_for_each_tell_instances_apart(tmp_path: Path, for_each: str, *, moves: bool) -> None:
    found = keys(tmp_path, DAYS90 + MAPS + plain(f"for_each = {for_each}", "each.key"))
    assert found
    refused = {any("refuses" in e.why for e in one.lifetimes) for one in found.values()}
    assert refused == {moves}
    assert not any(e.effect is Effect.ENFORCED for one in found.values() for e in one.lifetimes)


@pytest.mark.parametrize(
    ("engine", "effect"),
    [
        ({}, "inert"),
        ({"engine": "terraform"}, "inert"),
        ({"engine": "terraform", "engine_version": "1.15"}, "inert"),
        ({"engine": "opentofu"}, "unknown"),
        ({"engine": "opentofu", "engine_version": "1.11.4"}, "unknown"),
        ({"engine": "opentofu", "engine_version": "1.12.0"}, "enforced"),
        ({"engine": "opentofu", "engine_version": "2.0"}, "enforced"),
    ],
)
@pytest.mark.parametrize("trigger", ["time_rotating.r", "time_rotating.r.id", "time_rotating.r.rfc3339"])
def test_straight_to_the_schedule_works_on_one_engine_only(tmp_path: Path, engine: dict[str, str], effect: str, trigger: str) -> None:
    found = key(tmp_path, DAYS90 + rotated(trigger), **engine)
    (one,) = found.lifetimes
    assert (one.effect.value, one.interval) == (effect, timedelta(days=90))
    assert one.effect is not Effect.INERT or isinstance(one.remedy, ReplaceTrigger)


def test_the_engine_is_read_from_the_files(tmp_path: Path) -> None:
    lock = 'provider "registry.opentofu.org/hashicorp/aws" {\n  version = "5.0.0"\n}\n'
    code = 'terraform {\n  required_version = ">= 1.12"\n}\n' + DAYS90 + rotated("time_rotating.r")
    found = reading(tmp_path, {"main.tf": code, ".terraform.lock.hcl": lock})
    assert [ends(one) for one in found.keys] == [[ENFORCED90]]
    assert ["files say OpenTofu 1.12 or later" in said.message for said in found.diagnostics] == [True]
    (tmp_path / ".terraform.lock.hcl").write_text(lock.replace("opentofu.org", "terraform.io"))
    assert [e for _, e, _ in ends(key(tmp_path, {}))] == ["inert"]


@pytest.mark.parametrize(
    ("trigger", "declared"),
    [
        ("var.x", 'variable "x" {}'),
        ("local.x", "locals { x = time_rotating.r.id }"),
        ("data.aws_iam_user.x", 'data "aws_iam_user" "x" {}'),
        ("module.m.x", ""),
        ("each.value", ""),
        ("time_rotating.none", ""),
        ("random_pet.p", 'resource "random_pet" "p" {}'),
        ("aws_iam_user.ci", ""),
        ("time_static.t", 'resource "time_static" "t" {}'),
        ("time_static.t", resource("time_static", "t", 'rfc3339 = "2020-01-01T00:00:00Z"', lifecycle("ignore_changes = all"))),
        ("terraform_data.t", resource("terraform_data", "t", "input = time_rotating.r.id", lifecycle("ignore_changes = [input]"))),
        ("terraform_data.t.id", 'resource "terraform_data" "t" { input = time_rotating.r.id }'),
        ("terraform_data.t", INPUT.replace(".r.", ".f.") + 'resource "time_rotating" "f" { rfc3339 = "2024-01-01T00:00:00Z" }'),
        ("null_resource.n", 'resource "null_resource" "n" {\n  depends_on = [time_rotating.r]\n}'),
        ("time_rotating.r.rotation_days", ""),
        ("terraform_data.t", 'resource "terraform_data" "t" { triggers_replace = time_rotating.r.triggers }'),
        ("null_resource.n", resource("null_resource", "n", CLOCKED, lifecycle('ignore_changes = [triggers["r"]]'))),
        ("time_static.t", resource("time_static", "t", "rfc3339 = time_rotating.r.id", lifecycle("prevent_destroy = true"))),
        ("null_resource.n", INPUT + resource("null_resource", "n", lifecycle(BY_INPUT, "prevent_destroy = true"))),
        ("toggles_leapfrog.t.id", 'resource "toggles_leapfrog" "t" { trigger = time_rotating.r.id }'),
        ("toggles_leapfrog.t.trigger", 'resource "toggles_leapfrog" "t" {}'),
        ("flipflop.t.id", 'resource "flipflop" "t" { value = time_rotating.r.id }'),
        *(
            (f"rotating_blue_green.t{way}", 'resource "rotating_blue_green" "t" { rotate_after_days = 30 }')
            for way in ("", ".id", ".green_uuid")
        ),
        ("terraform_data.t", 'resource "toggles_rotary" "r" {}\nresource "terraform_data" "t" { triggers_replace = toggles_rotary.r.id }'),
    ],
)
def test_what_never_replaces_anything_is_inert(tmp_path: Path, trigger: str, declared: str) -> None:
    found = key(tmp_path, DAYS90 + declared + "\n" + rotated(trigger))
    assert {effect for _, effect, _ in ends(found)} == {"inert"}
    assert all(e.why and e.remedy for e in found.lifetimes)


def held(clock: str, more: str = "") -> str:
    return resource("time_static", "s", more, f"rfc3339 = {clock}") + rotated("time_static.s")


ON_A_DATE = resource("time_rotating", "r", 'rotation_rfc3339 = "2027-01-31T00:00:00Z"')
GONE, OPENED = resource("time_rotating", "r", "count = 0", "rotation_days = 30"), 'variable "v" {}\n'
EACH_APPLY = ("rotation", "enforced", None)
CLOCK, INERT, OPEN = "time_rotating.r.rfc3339", ("rotation", "inert", None), ("rotation", "unknown", None)
PROGRAMS = {
    "a key that depends on a schedule": (DAYS90 + plain("depends_on = [time_rotating.r]"), [INERT]),
    "the same in the words of Terraform 0.11": (DAYS90 + plain('depends_on = ["time_rotating.r"]'), [INERT]),
    "a key that depends on its user": (plain("depends_on = [aws_iam_user.ci]"), []),
    "a schedule that ends on a date": (ON_A_DATE + held(CLOCK), [("expiry", "enforced", "2027-01-31")]),
    "a leapfrog without a trigger": (resource("toggles_leapfrog", "t") + held("toggles_leapfrog.t.alpha"), [EACH_APPLY]),
    "a variable without a value": (
        OPENED + resource("null_resource", "n", "triggers = { v = var.v }") + rotated("null_resource.n"),
        [OPEN],
    ),
    "a schedule that an open condition chooses": (OPENED + DAYS90 + held(f'var.v ? {CLOCK} : "2020-01-01T00:00:00Z"'), [OPEN]),
    "a schedule that is fixed not to exist": (GONE + held("one(time_rotating.r[*].rfc3339)"), [INERT]),
    "a counted holder that is fixed not to exist": (DAYS90 + held(CLOCK, "count = 0"), [INERT]),
    "a keyed holder that is fixed not to exist": (DAYS90 + held(CLOCK, "for_each = {}"), [INERT]),
}


@pytest.mark.parametrize(("code", "expected"), PROGRAMS.values(), ids=PROGRAMS)
def test_what_ends_a_key_and_what_does_not(tmp_path: Path, code: str, expected: list[tuple[str, str, object]]) -> None:
    assert ends(key(tmp_path, code)) == expected


@pytest.mark.parametrize(
    ("arguments", "days"),
    [
        ("rotation_days = 30", 30),
        ('rotation_days = "30"', 30),
        ("rotation_days = 30\nrotation_hours = 12", 0.5),
        ("rotation_minutes = 1440\nrotation_hours = 480\nrotation_days = 365", 1),
        ("rotation_months = 12\nrotation_days = 30", 360),
        ("rotation_days = 30\nrotation_hours = var.none", None),
        ("rotation_hours = 48", 2),
        ("rotation_minutes = 1440", 1),
        ("rotation_months = 3", pytest.approx(90, abs=3)),
        ("rotation_years = 1", pytest.approx(365, abs=2)),
        ("rotation_days = var.days", 45),
        ("rotation_days = local.days * 2", 20),
        ('rotation_days = terraform.workspace == "x" ? 1 : 2', None),
        ("rotation_days = var.none", None),
    ],
)
def test_the_last_interval_that_the_provider_reads_counts(tmp_path: Path, arguments: str, days: float | None) -> None:
    code = f'variable "days" {{ default = 45 }}\nvariable "none" {{}}\nlocals {{ days = 10 }}\nresource "time_rotating" "r" {{\n{arguments}\n}}\n'
    assert ends(key(tmp_path, code + INPUT + rotated("terraform_data.t"))) == [("rotation", "enforced", days)]


@pytest.mark.parametrize("argument", ["triggers = { other = time_rotating.r.id }", "rfc3339 = time_rotating.r.rfc3339"])
@pytest.mark.parametrize(("trigger", "own"), [("time_static.s", "enforced"), ("time_rotating.year", "inert")])
def test_a_clock_that_another_one_restarts_changes_with_both(tmp_path: Path, argument: str, trigger: str, own: str) -> None:
    code = f'resource "time_rotating" "year" {{\n  rotation_days = 365\n  {argument}\n}}\n'
    static = 'resource "time_static" "s" { rfc3339 = time_rotating.year.id }\n'
    assert ends(key(tmp_path, DAYS90 + code + static + rotated(trigger))) == [("rotation", own, 365), ENFORCED90]


LEAPFROG = 'resource "toggles_leapfrog" "t" { trigger = time_rotating.r.rotation_rfc3339 }\n'


@pytest.mark.parametrize(
    ("scheduler", "trigger", "days"),
    [
        (LEAPFROG, "toggles_leapfrog.t.alpha_timestamp", 180),
        (LEAPFROG, "toggles_leapfrog.t.beta_timestamp", 180),
        (LEAPFROG, "toggles_leapfrog.t.alpha", 90),
        ('resource "toggles_rotary" "t" {\n  trigger = time_rotating.r.id\n  n = 3\n}\n', "toggles_rotary.t.outputs[0]", 270),
        ('resource "toggles_rotary" "t" { trigger = time_rotating.r.id }\n', "toggles_rotary.t.outputs[0]", 180),
        ('resource "rotating_blue_green" "t" { rotate_after_days = 90 }\n', "rotating_blue_green.t.blue_uuid", 180),
        ('resource "rotating_blue_green" "t" { rotate_after_hours = 24 }\n', "rotating_blue_green.t.green_uuid", 2),
        ('resource "flipflop" "t" { value = time_rotating.r.id }\n', "flipflop.t.a", 180),
        ('resource "flipflop_tri" "t" { value = time_rotating.r.id }\n', "flipflop_tri.t.c", 270),
    ],
)
def test_schedulers_of_other_providers(tmp_path: Path, scheduler: str, trigger: str, days: float) -> None:
    holder = f'resource "terraform_data" "h" {{ triggers_replace = {trigger} }}\n'
    found = key(tmp_path, DAYS90 + scheduler + holder + rotated("terraform_data.h"))
    assert ends(found) == [("rotation", "enforced", float(days))]
    assert isinstance(found.replacement, Replacement)
    assert found.replacement.takes_turns is (days != 90)


@pytest.mark.parametrize(
    ("holder", "more"),
    [
        ('triggers = { rotated = "2026-10-01" }', ""),
        ("triggers = { rotated = var.rotated }", 'variable "rotated" { default = "2026-10-01" }\n'),
        ("triggers = { rotated = local.rotated }", 'locals { rotated = "2026-10-01" }\n'),
        ("triggers = { rotated = var.rotated }", 'variable "rotated" { default = "20261001#2" }\n'),
        ('triggers {\n    rotated = "2026-10-01"\n  }', ""),
    ],
)
def test_a_date_in_the_chain_says_when_it_was_rotated(tmp_path: Path, holder: str, more: str) -> None:
    found = key(tmp_path, more + f'resource "null_resource" "n" {{\n  {holder}\n}}\n' + rotated("null_resource.n"))
    (one,) = found.lifetimes
    assert (one.kind, one.effect) == (Kind.ROTATED, Effect.DECLARED)
    assert one.at is not None
    assert datetime(2026, 10, 1, tzinfo=timezone.utc) <= one.at <= datetime(2026, 10, 2, tzinfo=timezone.utc)


def test_a_counter_in_the_chain_is_no_lifetime_and_is_noted(tmp_path: Path) -> None:
    found = key(tmp_path, 'resource "null_resource" "n" {\n  triggers = { version = 3 }\n}\n' + rotated("null_resource.n"))
    assert found.lifetimes == ()
    assert any("null_resource.n" in note and "schedule" in note for note in found.notes)


FORMATS: dict[float | str | None, list[str]] = {
    365 * 24: ["YYYY"],
    30 * 24: ["YYYY-MM", "MMM", "'this month' YYYY-MM"],
    24: ["YYYY-MM-DD", "EEE"],
    12: ["EEE AA", "aa"],
    1: ["DD HH aa", "YYYY-MM-DD hh"],
    None: ["hh:mm", "DD ss"],
    "inert": ["Z"],
}
"""After how many hours formatdate() makes something else of the time of the plan."""
CLOCKS = [(f'formatdate("{text}", plantimestamp())', hours) for hours, texts in FORMATS.items() for text in texts]
CLOCKS += [(code, None) for code in ("timestamp()", "plantimestamp()", 'formatdate("YYYY-MM", timestamp())')]
UNEVEN = {"floor(tonumber({}) / 4)": 122, 'setintersection(["1"], [{}])': 334, "lookup({{ 1 = 1, 7 = 2 }}, {}, 0)": 153}
CLOCKS += [(code.format('formatdate("M", plantimestamp())'), days * 24) for code, days in UNEVEN.items()]


@pytest.mark.parametrize(("code", "hours"), CLOCKS)
def test_clocks_in_the_chain_rotate_at_applies(tmp_path: Path, code: str, hours: float | str | None) -> None:
    found = key(tmp_path, f'resource "terraform_data" "t" {{ input = {code} }}\n' + rotated("terraform_data.t"))
    assert ends(found) == [("rotation", "inert", None) if hours == "inert" else ("rotation", "enforced", hours and float(hours) / 24)]


FIRST = lifecycle("create_before_destroy = true")
BETWEEN = resource("time_static", "t", "x = aws_iam_access_key.ci.id")


@pytest.mark.parametrize(
    ("more", "others", "expected"),
    [
        ("", "", False),
        ("create_before_destroy = true", "", True),
        ('create_before_destroy = "true"', "", True),
        ("create_before_destroy = false", "", False),
        ("create_before_destoy = true", "", False),
        ("", resource("aws_ssm_parameter", "p", "value = aws_iam_access_key.ci.secret", FIRST), True),
        ("", resource("terraform_data", "p", "input = local.key", FIRST) + "locals { key = aws_iam_access_key.ci.id }\n", True),
        ("", resource("terraform_data", "p", "depends_on = [aws_iam_access_key.ci]", FIRST), True),
        ("", resource("terraform_data", "p", "depends_on = [time_static.t]", FIRST) + BETWEEN, True),
    ],
)
def test_the_order_is_the_own_one_or_that_of_what_needs_the_key(tmp_path: Path, more: str, others: str, expected: bool) -> None:
    code = STATIC + rotated("time_static.s", more) + others
    for text in (code, code.replace('name = "ci"', f'name = "ci"\n  {FIRST}')):  # the order of what the key needs is not inherited
        found = key(tmp_path, text).replacement
        assert isinstance(found, Replacement)
        assert found.create_before_destroy is expected


class TestSecrets:
    STORED = (
        'resource "aws_secretsmanager_secret" "s" {}\n'
        'resource "aws_secretsmanager_secret_version" "v" {\n  secret_id = aws_secretsmanager_secret.s.id\n  secret_string = SECRET\n}\n'
        'resource "aws_secretsmanager_secret_rotation" "r" {\n  secret_id = aws_secretsmanager_secret.s.id\n  LAMBDA\n'
        "  rotation_rules {\n    RULES\n  }\n}\n"
    )
    ARN = "rotation_lambda_arn = aws_lambda_function.l.arn"
    GIVEN = "aws_iam_access_key.ci.secret"

    @pytest.mark.parametrize(
        ("secret", "arn", "rules", "expected"),
        [
            (GIVEN, ARN, "automatically_after_days = 30", ("rotation", "enforced", 30.0)),
            (f"jsonencode({{ k = {GIVEN} }})", ARN, 'schedule_expression = "rate(90 days)"', ENFORCED90),
            ("jsonencode(local.both)", ARN, "automatically_after_days = 30", ("rotation", "enforced", 30.0)),
            (f'"a:${{{GIVEN}}}"', ARN, 'schedule_expression = "cron(0 1 1 * ? *)"', ("rotation", "enforced", 31.0)),
            (GIVEN, ARN, 'schedule_expression = "cron(0 1 31 2 ? *)"', ("rotation", "inert", None)),
            (GIVEN, "", "automatically_after_days = 30", ("rotation", "inert", None)),
            ('"other"', ARN, "automatically_after_days = 30", None),
        ],
    )
    def test_the_rotation_of_the_secret_of_a_key(self, tmp_path: Path, secret: str, arn: str, rules: str, expected: Ends | None) -> None:
        code = self.STORED.replace("SECRET", secret).replace("LAMBDA", arn).replace("RULES", rules)
        code += "locals {\n  both = { k = aws_iam_access_key.ci.secret }\n}\n"
        assert ends(key(tmp_path, code + plain())) == ([expected] if expected else [])

    def test_each_instance_has_its_own_secret(self, tmp_path: Path) -> None:
        code = self.STORED.replace("SECRET", 'aws_iam_access_key.ci["a"].secret').replace("LAMBDA", self.ARN)
        found = keys(tmp_path, code.replace("RULES", "automatically_after_days = 30") + plain('for_each = toset(["a", "b"])'))
        assert [ends(one) for _, one in sorted(found.items())] == [[("rotation", "enforced", 30.0)], []]

    MODULE = 'variable "later" {}\nmodule "s" {\n  source = "terraform-aws-modules/secrets-manager/aws"\n  secret_string = SECRET\n  ARGUMENTS\n}\n'
    RULES = "rotation_rules = { automatically_after_days = 30 }"

    @pytest.mark.parametrize(
        ("secret", "arguments", "expected"),
        [
            (GIVEN, f"enable_rotation = true\n{ARN}\n{RULES}", ("rotation", "enforced", 30.0)),
            (GIVEN, f'enable_rotation = "true"\n{ARN}\nrotation_rules = var.later', ("rotation", "enforced", None)),
            (GIVEN, f"enable_rotation = var.later\n{ARN}\n{RULES}", ("rotation", "unknown", None)),
            (GIVEN, f'enable_rotation = true\nrotation_lambda_arn = ""\n{RULES}', ("rotation", "inert", None)),
            (GIVEN, f"enable_rotation = false\n{ARN}\n{RULES}", None),
            (GIVEN, f"{ARN}\n{RULES}", None),
            ('"other"', f"enable_rotation = true\n{ARN}\n{RULES}", None),
        ],
    )
    def test_a_module_that_rotates_what_it_stores(self, tmp_path: Path, secret: str, arguments: str, expected: Ends | None) -> None:
        code = plain() + self.MODULE.replace("SECRET", secret).replace("ARGUMENTS", arguments)
        assert ends(key(tmp_path, code)) == ([expected] if expected else [])

    def test_a_rotation_beside_the_module_that_stores_the_key(self, tmp_path: Path) -> None:
        code = plain() + self.MODULE.replace("SECRET", self.GIVEN).replace("ARGUMENTS", "")
        code += f'resource "aws_secretsmanager_secret_rotation" "r" {{\n  secret_id = module.s.secret_id\n  {self.ARN}\n}}\n'
        assert ends(key(tmp_path, code)) == [("rotation", "enforced", None)]

    def test_a_key_of_the_same_name_in_another_module_is_another_key(self, tmp_path: Path) -> None:
        stored = self.STORED.replace("SECRET", "var.given").replace("LAMBDA", self.ARN).replace("RULES", "automatically_after_days = 30")
        called = 'module "m" {\n  source = "./m"\n  given = aws_iam_access_key.ci.secret\n}\n'
        found = keys(tmp_path, {"main.tf": plain() + called, "m/main.tf": plain() + 'variable "given" {}\n' + stored})
        assert ends(found["aws_iam_access_key.ci"]) == [("rotation", "enforced", 30.0)]
        assert ends(found["module.m.aws_iam_access_key.ci"]) == []


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ("max_age = 7776000", ENFORCED90),
        ("max_age = 60 * 60 * 24 * 30", ("rotation", "enforced", 30.0)),
        ('max_age = "86400"', ("rotation", "enforced", 1.0)),
        ("max_age = 0", ("rotation", "inert", None)),
        ("", ("rotation", "inert", None)),
        ("max_age = var.none", ("rotation", "unknown", None)),
        ("max_age = var.set", ("rotation", "enforced", 1.0)),
        ('max_age = "soon"', ("rotation", "unreadable", None)),
    ],
)
def test_expiring_keys(tmp_path: Path, age: str, expected: tuple[str, str, object]) -> None:
    code = f'variable "none" {{}}\nvariable "set" {{ default = 86400 }}\nresource "awsutils_expiring_iam_access_key" "k" {{\n  user = "x"\n  {age}\n}}\n'
    assert ends(key(tmp_path, code)) == [expected]


@pytest.mark.parametrize("ignored", ["all", "[all]", '["all"]', '"all"', '["*"]'])
def test_a_comment_that_something_rotates_it_leaves_it_open(tmp_path: Path, ignored: str) -> None:
    code = resource("aws_iam_access_key", "ci", 'user = "ci"', lifecycle(f"ignore_changes = {ignored}"))
    assert [e.effect for e in key(tmp_path, f"# rotated by a Lambda every quarter\n{code}").lifetimes] == [Effect.UNKNOWN]
    assert key(tmp_path, f"# the key\n{code}").lifetimes == ()


class TestSiblings:
    TWO = PLAIN.replace('"aws_iam_access_key" "ci" {', '"aws_iam_access_key" "a" {\n  A') + resource(
        "aws_iam_access_key", "b", 'user = "ci"', "B"
    )
    MORE = 'variable "n" { default = 1 }\nvariable "m" {}\nvariable "s" {}\n'
    FIRST, SECOND = ("aws_iam_access_key.a (main.tf:4)",), ("aws_iam_access_key.b (main.tf:8)",)

    @pytest.mark.parametrize(
        ("a", "b", "expected"),
        [
            ("", "", (SECOND, FIRST)),
            ("", 'status = "Inactive"', ((), FIRST)),
            ("", "status = var.s", (None, FIRST)),
            ("", "count = var.n", (NOT_FIXED("whether it exists together with aws_iam_access_key.b"), FIRST)),
            ("", 'count = var.n\n  status = "Inactive"', ((), FIRST)),
            ("count = var.m ? 1 : 0", "count = var.m ? 0 : 1", ((), ())),
            ("count = var.m ? 1 : 0", "count = !var.m ? 1 : 0", ((), ())),
            ('count = var.m == "" ? 1 : 0', 'count = var.m != "" ? 1 : 0', ((), ())),
            ("count = var.m ? 1 : 0", "count = var.s ? 1 : 0", (None, None)),
        ],
    )
    def test_active_keys_of_a_user_see_each_other(self, tmp_path: Path, a: str, b: str, expected: tuple[object, object]) -> None:
        found = keys(tmp_path, self.TWO.replace("  A", f"  {a}").replace("  B", f"  {b}") + self.MORE)
        for name, wanted in zip("ab", expected, strict=True):
            siblings = found[f"aws_iam_access_key.{name}"].active_siblings
            assert isinstance(siblings, Unknown) if wanted is None else siblings == wanted

    TURNS = "".join(
        f'resource "terraform_data" "{name}" {{ input = toggles_leapfrog.t.{output}_timestamp }}\n'
        + resource("aws_iam_access_key", name, "user = aws_iam_user.ci.name", lifecycle(f"replace_triggered_by = [terraform_data.{name}]"))
        for name, output in (("a", "alpha"), ("b", "beta"))
    )
    USERS = resource("aws_iam_user", "u", 'for_each = toset(["a", "b"])', "name = each.key")

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            (USERS + resource("aws_iam_access_key", "k", "for_each = aws_iam_user.u", "user = each.value.name"), [(), ()]),
            (
                USER + resource("aws_iam_access_key", "k", "count = 2", "user = aws_iam_user.ci.name"),
                [("aws_iam_access_key.k[1] (main.tf:4)",), ("aws_iam_access_key.k[0] (main.tf:4)",)],
            ),
            (DAYS90 + LEAPFROG + USER + TURNS, [(), ()]),
        ],
        ids=["keys of two users", "counted keys of one", "keys that take turns"],
    )
    def test_which_keys_are_siblings(self, tmp_path: Path, code: str, expected: list[tuple[str, ...]]) -> None:
        assert [k.active_siblings for k in keys(tmp_path, code).values()] == expected


class TestTagsAndComments:
    @pytest.mark.parametrize(
        ("tag", "expected"),
        [
            ('expires = "2027-01-31"', ("expiry", "declared", "2027-02-01")),
            ('"IKR:ROTATE_AFTER_DAYS" = 60', ("rotation", "declared", 60.0)),
            ("expires = var.end", ("expiry", "unknown", None)),
            ('expires = timeadd(timestamp(), "720h")', ("expiry", "inert", None)),
            ("expires = local.end", ("expiry", "inert", None)),
        ],
    )
    def test_tags_of_the_user(self, tmp_path: Path, tag: str, expected: tuple[str, str, object]) -> None:
        text = plain().replace('name = "ci"', f'name = "ci"\n  tags = {{ {tag} }}')
        text += 'variable "end" {}\nlocals { end = timeadd(plantimestamp(), "24h") }\n'
        assert ends(key(tmp_path, text)) == [expected]

    @pytest.mark.parametrize(
        "code",
        [
            "# posturio: expires=2027-01-31 owner=payments\nKEY",
            'HEAD # posturio: expires=2027-01-31 owner=payments\n  user = "x"\n}\n',
            'HEAD\n  user = "x" # posturio: expires=2027-01-31 owner=payments\n}\n',
            'HEAD\n  # posturio: expires=2027-01-31\n  # posturio: owner=payments\n  user = "x"\n}\n',
            'HEAD\n  user = "x"\n} # posturio: expires=2027-01-31 owner=payments\n',
            "/* posturio: expires=2027-01-31\n   owner=payments */\nKEY",
        ],
    )
    def test_comments_of_the_key(self, tmp_path: Path, code: str) -> None:
        head = 'resource "aws_iam_access_key" "ci" {'
        found = key(tmp_path, code.replace("KEY", f'{head}\n  user = "x"\n}}\n').replace("HEAD", head))
        assert [(e.kind, e.effect) for e in found.lifetimes] == [(Kind.EXPIRY, Effect.DECLARED)]
        assert found.owner == "payments"

    def test_comments_of_the_user_and_of_the_call_count_for_the_key(self, tmp_path: Path) -> None:
        call = '# posturio: expires=2027-01-31\nmodule "m" {\n  source = "./m"\n}\n'
        found = key(tmp_path, {"main.tf": call, "m/main.tf": "# posturio: owner=payments\n" + plain()})
        assert (found.owner, [e.kind for e in found.lifetimes]) == ("payments", [Kind.EXPIRY])


class TestNotes:
    @pytest.mark.parametrize(
        ("test", "variable", "noted"),
        [
            ("DateLessThan", "aws:CurrentTime", True),
            ("DateLessThanEquals", "aws:currenttime", True),
            ("DateGreaterThan", "aws:CurrentTime", False),
            ("DateLessThan", "aws:TokenIssueTime", False),
        ],
    )
    def test_a_permission_that_ends_is_noted(self, tmp_path: Path, test: str, variable: str, noted: bool) -> None:
        policy = (
            f'data "aws_iam_policy_document" "p" {{\n  statement {{\n    condition {{\n      test = "{test}"\n'
            f'      variable = "{variable}"\n      values = ["2027-01-01T00:00:00Z"]\n    }}\n  }}\n}}\n'
            'resource "aws_iam_user_policy" "p" {\n  user = aws_iam_user.ci.name\n  policy = data.aws_iam_policy_document.p.json\n}\n'
        )
        found = key(tmp_path, plain() + policy)
        assert found.lifetimes == ()
        assert any("aws:CurrentTime" in note for note in found.notes) is noted


class TestExistence:
    def test_a_rotation_of_the_secret_that_is_fixed_not_to_exist_rotates_nothing(self, tmp_path: Path) -> None:
        code = TestSecrets.STORED.replace("SECRET", "aws_iam_access_key.ci.secret").replace("RULES", "automatically_after_days = 30")
        assert key(tmp_path, code.replace("LAMBDA", f"{TestSecrets.ARN}\n  count = 0") + plain()).lifetimes == ()

    def test_a_user_that_is_fixed_not_to_exist_has_no_tags(self, tmp_path: Path) -> None:
        found = key(tmp_path, plain("", '"ci"').replace('name = "ci"', 'count = 0\n  name = "ci"\n  tags = { expires = "2027-01-31" }'))
        assert (found.lifetimes, found.unknown_sources) == ((), ())
        assert found.unseen_tags is not None

    @pytest.mark.parametrize("code", ["aws_iam_user.u[1 - count.index].name", "element(aws_iam_user.u[*].name, count.index + 1)"])
    def test_a_key_may_belong_to_the_other_user(self, tmp_path: Path, code: str) -> None:
        text = 'resource "aws_iam_user" "u" {\n  count = 2\n  name = "u${count.index}"\n}\n'
        text += f'resource "aws_iam_access_key" "k" {{\n  count = 2\n  user = {code}\n}}\n'
        assert [k.user_address for k in keys(tmp_path, text).values()] == ["aws_iam_user.u[1]", "aws_iam_user.u[0]"]

    def test_each_instance_follows_its_own_schedule(self, tmp_path: Path) -> None:
        code = USER + 'resource "time_rotating" "r" {\n  for_each = { a = 30, b = 60 }\n  rotation_days = each.value\n}\n'
        code += 'resource "time_static" "s" {\n  for_each = time_rotating.r\n  rfc3339 = each.value.rfc3339\n}\n'
        code += 'resource "aws_iam_access_key" "k" {\n  for_each = { a = 1, b = 2 }\n  user = aws_iam_user.ci.name\n  lifecycle {\n    replace_triggered_by = [time_static.s[each.key]]\n  }\n}\n'
        assert [ends(k) for k in keys(tmp_path, code).values()] == [[("rotation", "enforced", 30.0)], [("rotation", "enforced", 60.0)]]


ROLE = 'resource "vault_aws_secret_backend_static_role" "r" {\n  username = NAME\n}\n'
NAMED = ROLE.replace("NAME", "var.name") + 'variable "name" {}\n'
INNER = 'module "w" {\n  source = "../w"\n  name = "ci"\n}\n'


@pytest.mark.parametrize(
    ("files", "rotator"),
    [
        ({"main.tf": ROLE.replace("NAME", "aws_iam_user.ci.name")}, ""),
        ({"main.tf": ROLE.replace("NAME", '"ci"')}, ""),
        ({"main.tf": ROLE.replace("NAME", "var.name") + 'variable "name" { default = "ci" }\n'}, ""),
        ({"main.tf": NAMED, "terraform.tfvars": 'name = "ci"\n'}, ""),
        ({"main.tf": 'module "v" {\n  source = "./v"\n  name = aws_iam_user.ci.name\n}\n', "v/main.tf": NAMED}, "module.v."),
        ({"main.tf": 'module "v" {\n  source = "./v"\n}\n', "v/main.tf": INNER, "w/main.tf": NAMED}, "module.v.module.w."),
        ({"main.tf": ROLE.replace("NAME", '"other"')}, None),
        ({"main.tf": NAMED}, None),
    ],
)
def test_a_key_of_a_user_whose_keys_a_rotator_makes_is_to_go(tmp_path: Path, files: dict[str, str | bytes], rotator: str | None) -> None:
    found = key(tmp_path, {**files, "main.tf": str(files["main.tf"]) + PLAIN})
    told = [found.remedies.declare, found.remedies.rotating(30), found.remedies.beside]
    if rotator is None:
        assert not any(isinstance(remedy, Advice) for remedy in told)
    else:
        said = f"{rotator}vault_aws_secret_backend_static_role.r creates"
        assert all(isinstance(remedy, Advice) and said in remedy.text for remedy in told)


def test_a_rotator_whose_user_only_a_variable_names_is_found_by_the_variable(tmp_path: Path) -> None:
    code = 'variable "name" {}\n' + ROLE.replace("NAME", "var.name") + PLAIN.replace('"ci"\n}\nresource', "var.name\n}\nresource", 1)
    assert isinstance(key(tmp_path, code).remedies.declare, Advice)
