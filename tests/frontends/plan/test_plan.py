"""Which keys a plan makes, whose they are, and what it says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posturio_iac.core.model import Effect, Unknown
from posturio_iac.core.unknown import AFTER_APPLY
from tests.support.plan_shapes import KEY, USER, block, key, one, plan, read, refers, resource, user


@pytest.mark.parametrize("actions", ["no-op", "create", "update", "delete create", "create delete", "create forget", "conjure"])
def test_a_key_that_exists_after_the_plan_is_read(tmp_path: Path, actions: str) -> None:
    found = one(tmp_path, plan(user(f"{USER}.ci"), key(f"{KEY}.ci", actions=tuple(actions.split()))))
    assert (found.address, found.framework, found.user, found.status) == (f"{KEY}.ci", "terraform-plan", "ci", "Active")


@pytest.mark.parametrize("actions", [("delete",), ("forget",)])
def test_a_key_that_is_gone_after_the_plan_is_not(tmp_path: Path, actions: tuple[str, ...]) -> None:
    gone = resource(f"{KEY}.ci", None, actions=actions)
    planned = {"root_module": {"resources": [{"address": f"{KEY}.ci", "mode": "managed", "type": KEY, "name": "ci", "values": {}}]}}
    assert read(tmp_path, plan(gone, {**key(f"{KEY}.ci"), "mode": "data"})).keys == ()
    assert read(tmp_path, plan(gone, planned_values=planned)).keys == ()


def test_a_deposed_key_does_not_hide_the_current_one(tmp_path: Path) -> None:
    deposed = {**resource(f"{KEY}.ci", None, actions=("delete",)), "deposed": "00000001"}
    assert one(tmp_path, plan(deposed, key(f"{KEY}.ci", actions=("no-op",)))).address == f"{KEY}.ci"


def test_changes_that_were_put_off_count(tmp_path: Path) -> None:
    deferred = [{"reason": "instance_count_unknown", "resource_change": key(f"{KEY}.ci[*]")}]
    assert one(tmp_path, plan(deferred_changes=deferred)).address == f"{KEY}.ci[*]"


def test_planned_values_are_the_second_source(tmp_path: Path) -> None:
    values = {"user": "ci", "status": "Inactive"}
    inner = {"address": "module.a.module.b[0]", "resources": [_planned(f"module.a.module.b[0].{KEY}.ci", values)]}
    planned = {"root_module": {"child_modules": [{"address": "module.a", "child_modules": [inner]}]}}
    found = one(tmp_path, {"format_version": "1.0", "planned_values": planned})
    assert (found.address, found.user, found.status) == (f"module.a.module.b[0].{KEY}.ci", "ci", "Inactive")


def test_a_change_goes_before_planned_values(tmp_path: Path) -> None:
    planned = {"root_module": {"resources": [_planned(f"{KEY}.ci", {"user": "other"})]}}
    assert one(tmp_path, plan(key(f"{KEY}.ci"), planned_values=planned)).user == "ci"


def test_what_planned_values_leave_out_is_unknown(tmp_path: Path) -> None:
    found = one(tmp_path, {"format_version": "1.0", "planned_values": {"root_module": {"resources": [_planned(f"{KEY}.ci", {})]}}})
    assert isinstance(found.user, Unknown)
    assert isinstance(found.status, Unknown)
    assert any("known only after apply" in h.reason for h in found.unknown_sources)


def _planned(address: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"address": address, "mode": "managed", "type": KEY, "name": "ci", "values": values, "sensitive_values": {}}


def test_a_key_stands_where_its_change_names_its_address(tmp_path: Path) -> None:
    text = (
        '{"format_version": "1.2",\n "planned_values": {"root_module": {"resources": [{"address": "aws_iam_access_key.ci"}]}},\n'
        ' "resource_changes": [\n  {"mode": "managed", "type": "aws_iam_access_key", "name": "ci",\n'
        '   "address":  "aws_iam_access_key.ci[\\"\\u0026\\"]", "change": {"actions": ["create"], "after": {"user": "é"}}}]}'
    )
    span = one(tmp_path, text).span
    assert span is not None
    assert (span.path, span.line, span.column, span.end_line, span.end_column) == ("plan.json", 5, 16, 5, 51)


def test_a_status_that_nobody_sets_is_active(tmp_path: Path) -> None:
    change = resource(f"{KEY}.ci", {"user": "ci"}, {"status": True})
    written = {"resources": [block(f"{KEY}.ci", {"user": {"constant_value": "ci"}})]}
    assert one(tmp_path, plan(change, configuration=written)).status == "Active"
    written = {"resources": [block(f"{KEY}.ci", {"status": refers("local.status")})]}
    assert one(tmp_path, plan(change, configuration=written)).status == AFTER_APPLY(f"status of {KEY}.ci")
    assert isinstance(one(tmp_path, plan(change)).status, Unknown)


@pytest.mark.parametrize("clock", [[], [resource("time_rotating.ci", {"rotation_days": 30})]])
def test_without_code_the_lifetime_can_hide_in_it(tmp_path: Path, clock: list[Any]) -> None:
    found = one(tmp_path, plan(user(f"{USER}.ci"), *clock, key(f"{KEY}.ci")))
    (why,) = found.unknown_sources
    assert why.reason == "a plan shows neither lifecycle blocks nor comments; add --source DIR, the folder of its code"
    assert found.lifetimes == ()
    assert isinstance(found.owner, Unknown)
    assert isinstance(found.replacement, Unknown)


def test_a_replacement_by_triggers_is_noted(tmp_path: Path) -> None:
    change = {**key(f"{KEY}.ci", actions=("delete", "create")), "action_reason": "replace_by_triggers"}
    assert any("replace_triggered_by" in note for note in one(tmp_path, plan(change)).notes)


@pytest.mark.parametrize("test", ["DateLessThan aws:CurrentTime", "DateGreaterThan aws:CurrentTime", "DateLessThan aws:TokenIssueTime"])
def test_a_policy_that_ends_by_date_is_noted(tmp_path: Path, test: str) -> None:
    (operator, variable), noted = test.split(), test == "DateLessThan aws:CurrentTime"
    text = f'{{"Statement": [{{"Condition": {{"{operator}": {{"{variable}": "2027-01-01T00:00:00Z"}}}}}}]}}'
    policy = resource("aws_iam_user_policy.ci", {"user": "ci", "policy": text})
    notes = one(tmp_path, plan(user(f"{USER}.ci"), policy, key(f"{KEY}.ci"))).notes
    assert [note.partition(" ends the permission by date")[0] for note in notes] == ["the policy aws_iam_user_policy.ci"] * noted


def test_max_age_rotates(tmp_path: Path) -> None:
    expiring = "awsutils_expiring_iam_access_key"
    ages = {"timed": 2592000, "off": 0, "unset": None}
    keys = read(tmp_path, plan(*(key(f"{expiring}.{n}", max_age=age) for n, age in ages.items()))).keys
    assert [k.lifetimes[0].effect for k in keys] == [Effect.ENFORCED, Effect.INERT, Effect.INERT]
    unknown = resource(f"{expiring}.ci", {"user": "ci"}, {"max_age": True})
    assert one(tmp_path, plan(unknown)).lifetimes[0].effect is Effect.UNKNOWN


def test_a_key_belongs_to_its_plan(tmp_path: Path) -> None:
    assert [key.scope for key in read(tmp_path, plan(key(f"{KEY}.ci")), name="one.json").keys] == ["one.json"]


CREDENTIAL = "aws_iam_service_specific_credential"
BEDROCK = "bedrock.amazonaws.com"


def credential(name: str = "ci", unknown: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    after = {"service_name": BEDROCK, "user_name": "ci", "status": "Active", **more}
    return resource(f"{CREDENTIAL}.{name}", after, {"service_credential_secret": True, **(unknown or {})}, {"service_password": True})


def test_a_user_without_a_name_is_found_by_its_reference(tmp_path: Path) -> None:
    made = resource(f"{CREDENTIAL}.ci", {"service_name": BEDROCK}, {"user_name": True})
    configuration = {"resources": [block(f"{CREDENTIAL}.ci", {"user_name": refers("aws_iam_user.ci.name", "aws_iam_user.ci")})]}
    found = one(tmp_path, plan(user("aws_iam_user.ci", None), made, configuration=configuration))
    assert found.user_address == "aws_iam_user.ci"


@pytest.mark.parametrize(("service", "effects"), [(BEDROCK, [Effect.UNKNOWN]), ("codecommit.amazonaws.com", [])])
def test_an_age_that_only_apply_tells_is_open_where_there_can_be_one(tmp_path: Path, service: str, effects: list[Effect]) -> None:
    found = one(tmp_path, plan(credential(service_name=service, unknown={"credential_age_days": True})))
    assert [e.effect for e in found.lifetimes] == effects


@pytest.mark.parametrize("secret", ["service_password", "service_credential_secret"])
def test_its_secrets_are_followed(tmp_path: Path, secret: str) -> None:
    parameter = resource("aws_ssm_parameter.p", {"type": "String"}, {"value": True}, {"value": True})
    shown = block("aws_ssm_parameter.p", {"value": refers(f"{CREDENTIAL}.ci.{secret}", f"{CREDENTIAL}.ci")})
    found = one(tmp_path, plan(credential(), parameter, configuration={"resources": [shown]}))
    assert [e.where for e in found.exposures] == ["value of aws_ssm_parameter.p"]
