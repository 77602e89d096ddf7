"""The user of a planned key and its tags: by value, by reference, through modules, and only as far as the plan shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posturio_iac.core.model import Effect, Unknown
from posturio_iac.core.unknown import DECLARED_ELSEWHERE, ONE_OF
from tests.support.plan_shapes import KEY, USER, block, key, one, plan, read, refers, resource, user


def linked(*references: str, **more: Any) -> dict[str, Any]:
    return block(f"{KEY}.ci", {"user": refers(*references)}, **more)


def test_a_user_by_its_name(tmp_path: Path) -> None:
    found = one(tmp_path, plan(user(f"{USER}.other", "other"), user(f"{USER}.ci"), key(f"{KEY}.ci")))
    assert (found.user, found.user_address) == ("ci", f"{USER}.ci")


def test_the_tags_of_a_user_that_a_data_source_reads(tmp_path: Path) -> None:
    values = {"user_name": "ci", "tags": {"expires": "2099-01-31", "owner": "payments", "hidden": "x"}}
    source = {"address": "data.aws_iam_user.ci", "mode": "data", "type": "aws_iam_user", "name": "ci", "values": values}
    source["sensitive_values"] = {"tags": {"hidden": True}}
    state = {"values": {"root_module": {"child_modules": [{"resources": [source, {**source, "mode": "managed"}]}]}}}
    found = one(tmp_path, plan(key(f"{KEY}.ci"), prior_state=state))
    assert (found.owner, found.unseen_tags, [lifetime.effect for lifetime in found.lifetimes]) == ("payments", None, [Effect.DECLARED])
    assert "hidden" not in dict(found.tags)
    assert one(tmp_path, plan(key(f"{KEY}.ci", "other"), prior_state=state)).unseen_tags is not None


def test_of_users_of_one_name_in_two_accounts_the_one_that_is_referred_to(tmp_path: Path) -> None:
    written = {"resources": [linked(f"{USER}.eu.name", f"{USER}.eu")]}
    found = one(tmp_path, plan(user(f"{USER}.us"), user(f"{USER}.eu"), key(f"{KEY}.ci"), configuration=written))
    assert found.user_address == f"{USER}.eu"
    found = one(tmp_path, plan(user(f"{USER}.us"), user(f"{USER}.eu"), key(f"{KEY}.ci")))
    assert found.user_address is None
    assert found.unknown_sources[0] == ONE_OF("aws_iam_user.eu, aws_iam_user.us")


@pytest.mark.parametrize(
    "references",
    [(f"{USER}.ci", "each.key"), ("each.value.name", "each.value"), (f'{USER}.ci["b"].name', f'{USER}.ci["b"]', f"{USER}.ci")],
    ids=["index", "for_each", "constant"],
)
def test_instances_of_a_user(tmp_path: Path, references: tuple[str, ...]) -> None:
    users = [user(f'{USER}.ci["{n}"]', None, {"owner": n}) for n in "ab"]
    written = {"resources": [linked(*references, for_each_expression=refers(f"{USER}.ci"))]}
    found = one(tmp_path, plan(*users, key(f'{KEY}.ci["b"]', None), configuration=written))
    assert (found.user_address, found.owner) == (f'{USER}.ci["b"]', "b")


OF_CI = refers(f"{USER}.ci.name", f"{USER}.ci")
CALLING = {"ci": {"expressions": {"user": OF_CI}, "module": {"resources": [linked("var.user")]}}}
PASSING, CIRCLE = block("null_resource.user", {"triggers": OF_CI}), block("null_resource.a", {"triggers": refers("null_resource.a")})
LINKS: dict[str, tuple[str, dict[str, Any], str | None]] = {
    "a generated name": (f"{KEY}.ci", {"resources": [linked(f"{USER}.ci.name", f"{USER}.ci")]}, f"{USER}.ci"),
    "a variable of the module": (f"module.ci[0].{KEY}.ci", {"module_calls": CALLING}, f"{USER}.ci"),
    "triggers": (f"{KEY}.ci[0]", {"resources": [linked("null_resource.user", "count.index"), PASSING]}, f"{USER}.ci"),
    "a circle": (f"{KEY}.ci", {"resources": [linked("null_resource.a"), CIRCLE]}, None),
}


@pytest.mark.parametrize(("address", "written", "expected"), LINKS.values(), ids=LINKS)
def test_a_user_through_references(tmp_path: Path, address: str, written: dict[str, Any], expected: str | None) -> None:
    found = one(tmp_path, plan(user(f"{USER}.ci", None), user(f"{USER}.x", None), key(address, None), configuration=written))
    assert found.user_address == expected
    assert isinstance(found.user, Unknown)


def test_a_user_through_an_output_of_a_module_within_a_module(tmp_path: Path) -> None:
    inner = {"resources": [block(f"{USER}.ci", {})], "outputs": {"name": {"expression": refers(f"{USER}.ci.name", f"{USER}.ci")}}}
    outer = {"module_calls": {"inner": {"module": inner}}, "outputs": {"name": {"expression": refers("module.inner.name", "module.inner")}}}
    links = [linked("module.outer[1].name", "module.outer[1]", "module.outer")]
    written = {"resources": links, "module_calls": {"outer": {"module": outer}}}
    users = [user(f"module.outer[{n}].module.inner.{USER}.ci", None) for n in (0, 1)]
    found = one(tmp_path, plan(*users, key(f"{KEY}.ci", None), configuration=written))
    assert found.user_address == f"module.outer[1].module.inner.{USER}.ci"


@pytest.mark.parametrize(("address", "named"), [(f'module.user["{{}}"].{USER}.ci', "module.user"), (f'{USER}.ci["{{}}"]', f"{USER}.ci")])
def test_a_module_called_for_each_name_with_another_one_or_a_user(tmp_path: Path, address: str, named: str) -> None:
    users = {"outputs": {"name": {"expression": refers(f"{USER}.ci.name", f"{USER}.ci")}}}
    called = {"expressions": {"user": refers(named, "each.key")}, "module": {"resources": [linked("var.user")]}}
    calls = {"user": {"module": users}, "key": called}
    changes = [user(address.format(n), None) for n in "ab"] + [key(f'module.key["{n}"].{KEY}.ci', None) for n in "ab"]
    keys = read(tmp_path, plan(*changes, configuration={"module_calls": calls})).keys
    assert [k.user_address for k in keys] == [address.format(n) for n in "ab"]


def test_a_user_that_is_not_in_the_plan(tmp_path: Path) -> None:
    found = one(tmp_path, plan(key(f"{KEY}.ci", "vendor")))
    assert found.user == "vendor"
    assert found.unseen_tags == DECLARED_ELSEWHERE('the user "vendor"')
    assert all("vendor" not in hidden.reason for hidden in found.unknown_sources)


def test_tags_with_the_defaults_that_terraform_has_merged(tmp_path: Path) -> None:
    tags: dict[str, Any] = {"tags": {"expires": "2027-01-31"}, "tags_all": {"expires": "2027-01-31", "Owner": "ops"}}
    written = {"resources": [block(f"{USER}.ci", {}, provider_config_key="module.x:aws.eu")]}
    found = one(tmp_path, plan(user(f"{USER}.ci", **tags), key(f"{KEY}.ci"), configuration=written))
    assert found.tags == (("expires", "2027-01-31"), ("Owner", "ops"))
    assert found.owner == "ops"
    assert [e.source for e in found.lifetimes] == ['tag "expires" of aws_iam_user.ci']
    tags["tags_all"]["rotation"] = "30d"
    found = one(tmp_path, plan(user(f"{USER}.ci", **tags), key(f"{KEY}.ci"), configuration=written))
    assert found.lifetimes[1].source == 'default tag "rotation" of provider aws.eu'


def test_a_tag_that_is_known_after_apply(tmp_path: Path) -> None:
    later = {"tags": {"expires": True}, "tags_all": {"expires": True}}
    change = resource(f"{USER}.ci", {"name": "ci", "tags": {}, "tags_all": {"a": "b"}}, later)
    (lifetime,) = one(tmp_path, plan(change, key(f"{KEY}.ci"))).lifetimes
    assert (lifetime.effect, lifetime.why) == (Effect.UNKNOWN, 'tags["expires"] is known only after apply')


def test_tags_that_are_known_after_apply_leave_the_constant_defaults(tmp_path: Path) -> None:
    change = resource(f"{USER}.ci", {"name": "ci", "tags": {"expires": "2027-01-31"}}, {"tags_all": True})
    provider = {"aws": {"expressions": {"default_tags": [{"tags": {"constant_value": {"owner": "ops"}}}]}}}
    written = {"root_module": {"resources": [block(f"{USER}.ci", {}, provider_config_key="aws")]}, "provider_config": provider}
    data = {**plan(change, key(f"{KEY}.ci")), "configuration": written}
    found = one(tmp_path, data)
    assert found.owner == "ops"
    assert found.lifetimes[0].value == "2027-01-31"
    assert "the value of tags_all of aws_iam_user.ci is known only after apply" in {h.reason for h in found.unknown_sources}


def test_tags_of_a_provider_older_than_default_tags(tmp_path: Path) -> None:
    change = resource(f"{USER}.ci", {"name": "ci", "tags": {"owner": "ops"}})
    found = one(tmp_path, plan(change, key(f"{KEY}.ci")))
    assert found.owner == "ops"
    assert len(found.unknown_sources) == 1


@pytest.mark.parametrize(("more", "effects", "open_"), [([], [], 0), ([{"key": "expires"}, {}], [Effect.UNKNOWN], 1)])
def test_tags_that_are_a_list(tmp_path: Path, more: list[Any], effects: list[Effect], open_: int) -> None:
    change = resource("awscc_iam_user.ci", {"user_name": "ci", "tags": [{"key": "owner", "value": "ops"}, *more]})
    found = one(tmp_path, plan(change, key(f"{KEY}.ci")))
    assert (found.owner, found.user_address, [e.effect for e in found.lifetimes]) == ("ops", "awscc_iam_user.ci", effects)
    assert sum("part of tags" in why.reason for why in found.unknown_sources) == open_


def test_a_path_that_is_known_after_apply_may_name_an_owner(tmp_path: Path) -> None:
    unknown = resource(f"{USER}.ci", {"name": "ci", "tags": None, "tags_all": {}}, {"path": True})
    assert isinstance(one(tmp_path, plan(unknown, key(f"{KEY}.ci"))).owner, Unknown)


@pytest.mark.parametrize("sensitive", [{"name": True, "tags_all": True, "path": True}, True])
def test_what_is_sensitive_is_not_told(tmp_path: Path, sensitive: Any) -> None:
    values = {"name": "planted", "path": "/planted/", "tags": None, "tags_all": {"owner": "planted", "expires": "2020-01-01"}}
    hidden = key(f"{KEY}.ci", "planted")
    hidden["change"]["after_sensitive"] = {"user": True}
    found = one(tmp_path, plan(resource(f"{USER}.ci", values, {}, sensitive), hidden))
    assert found.user_address == f"{USER}.ci"
    assert "planted" not in repr(found)
    assert "2020" not in repr(found)
