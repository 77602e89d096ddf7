"""From a key to its user: every way in which code names it, and what the user's tags and path say then."""

# ruff: noqa: E501 - a program stands on one line of its table

from __future__ import annotations

import textwrap
from pathlib import Path
from unittest.mock import Mock

import pytest

from posturio_iac.core.evidence.remedy import AddComment
from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.core.model import AccessKey, Effect, Unknown
from posturio_iac.core.unknown import DECLARED_ELSEWHERE, NAMESAKE
from posturio_iac.frontends.terraform.keys import users
from tests.support.terraform_programs import key, keys, reading

USER = 'resource "aws_iam_user" "u" {\n  name = "ci"\n  tags = { expires = "2027-01-31", owner = "payments" }\n}\n'


def named(expression: str) -> str:
    return f'resource "aws_iam_access_key" "k" {{\n  user = {expression}\n}}\n'


def told(found: AccessKey) -> list[str]:
    return [e.value for e in found.lifetimes if e.effect is Effect.DECLARED]


LINKS = """
aws_iam_user.u.name | aws_iam_user.u.id | "${aws_iam_user.u.name}" | "ci" | local.name | local.names["ci"] | local.names.ci |
aws_iam_user.u[*].name[0] | one(aws_iam_user.u[*].name) | element(aws_iam_user.u.*.name, 0) | null_resource.n.triggers.user |
null_resource.n.triggers["user"] | terraform_data.d.output | terraform_data.d.input | module.pass.out | module.pass.map.user |
lookup(local.names, "ci", "x") | try(aws_iam_user.u.name, null) | coalesce(null, aws_iam_user.u.name) |
local.flag ? aws_iam_user.u.name : null | join("", aws_iam_user.u.*.name) | join("", [aws_iam_user.u.name]) |
values(local.names)[0] | [for u in [aws_iam_user.u] : u.name][0] | var.given | element(concat(aws_iam_user.u.*.name, [""]), 0) |
aws_iam_user.u.0.name | tostring(aws_iam_user.u.name) | local.object.user.name | data.aws_iam_user.d.user_name |
module.pass.user.name | trimspace(aws_iam_user.u.name) | merge(local.names, {}).ci | flatten([aws_iam_user.u[*].name])[0]
"""


@pytest.mark.parametrize("expression", LINKS.strip().replace("\n", " ").split(" | "))
def test_links(tmp_path: Path, expression: str) -> None:
    rest = """
    variable "given" {}
    locals {
      flag   = true
      name   = aws_iam_user.u.name
      names  = { ci = aws_iam_user.u.name }
      object = { user = aws_iam_user.u }
    }
    resource "null_resource" "n" {
      triggers = { user = aws_iam_user.u.name }
    }
    resource "terraform_data" "d" { input = aws_iam_user.u.name }
    data "aws_iam_user" "d" { user_name = aws_iam_user.u.name }
    module "pass" {
      source = "./pass"
      in     = aws_iam_user.u.name
      user   = aws_iam_user.u
    }
    """
    passing = 'variable "in" {}\nvariable "user" {}\noutput "out" { value = var.in }\noutput "map" { value = { user = var.in } }\noutput "user" { value = var.user }\n'
    files = {"pass/main.tf": passing, "terraform.tfvars": 'given = "ci"\n'}
    found = key(tmp_path, {"main.tf": USER + textwrap.dedent(rest) + named(expression), **files})
    assert (found.user, found.user_address, found.owner) == ("ci", "aws_iam_user.u", "payments")
    assert told(found) == ["2027-01-31"]
    assert found.unknown_sources == ()


COUNTED = """
resource "aws_iam_user" "u" {
  count = 2
  name  = "ci-${count.index}"
  tags  = { expires = "2027-01-0${count.index + 1}" }
}
resource "aws_iam_access_key" "k" {
  count = 2
  user  = USER
}
"""


COUNTED_LINKS = """
aws_iam_user.u[count.index].name | aws_iam_user.u.*.name[count.index] | element(aws_iam_user.u.*.name, count.index) |
"ci-${count.index}" | aws_iam_user.u[count.index].id | null_resource.n[count.index].triggers.user | local.users[count.index].name |
"${element(aws_iam_user.u.*.name, count.index)}"
"""


@pytest.mark.parametrize("expression", COUNTED_LINKS.strip().replace("\n", " ").split(" | "))
def test_links_of_counted_keys_lead_to_their_own_user(tmp_path: Path, expression: str) -> None:
    more = 'resource "null_resource" "n" {\n  count = 2\n  triggers = { user = aws_iam_user.u[count.index].name }\n}\nlocals { users = aws_iam_user.u }\n'
    found = keys(tmp_path, COUNTED.replace("USER", expression) + more)
    assert {a: (k.user, k.user_address, told(k)) for a, k in found.items()} == {
        f"aws_iam_access_key.k[{i}]": (f"ci-{i}", f"aws_iam_user.u[{i}]", [f"2027-01-0{i + 1}"]) for i in range(2)
    }


EACH = """
locals {
  people = {
    ann = { name = "ann", end = "2027-01-01" }
    bob = { name = "bob", end = "2027-01-02" }
  }
}
resource "aws_iam_user" "u" {
  for_each = local.people
  name     = each.value.name
  tags     = { expires = each.value.end }
}
resource "aws_iam_access_key" "k" {
  for_each = EACH
  user     = USER
}
"""


@pytest.mark.parametrize(
    ("each", "expression"),
    [
        ("local.people", "aws_iam_user.u[each.key].name"),
        ("local.people", "aws_iam_user.u[each.value.name].name"),
        ("local.people", "each.value.name"),
        ("local.people", "each.key"),
        ("aws_iam_user.u", "each.value.name"),
        ("aws_iam_user.u", "each.value.id"),
        ("aws_iam_user.u", "aws_iam_user.u[each.key].name"),
        ("toset(keys(aws_iam_user.u))", "aws_iam_user.u[each.key].name"),
        ('toset(["ann", "bob"])', "aws_iam_user.u[each.value].name"),
        ("{ for k, u in aws_iam_user.u : k => u.name }", "each.value"),
        ("{ for k, u in aws_iam_user.u : k => u }", "each.value.name"),
    ],
)
def test_links_of_keyed_keys_lead_to_their_own_user(tmp_path: Path, each: str, expression: str) -> None:
    found = keys(tmp_path, EACH.replace("EACH", each).replace("USER", expression))
    assert {a: (k.user, k.user_address, told(k)) for a, k in found.items()} == {
        f'aws_iam_access_key.k["{n}"]': (n, f'aws_iam_user.u["{n}"]', [f"2027-01-0{i}"]) for i, n in ((1, "ann"), (2, "bob"))
    }


def test_a_name_written_as_the_users_own_leads_to_it(tmp_path: Path) -> None:
    code = EACH.replace("name     = each.value.name", 'name     = "${var.p}-${each.key}"').replace("EACH", "aws_iam_user.u")
    found = keys(tmp_path, 'variable "p" {}\n' + code.replace("USER", '"${var.p}-${each.key}"'))
    assert [told(k) for k in found.values()] == [["2027-01-01"], ["2027-01-02"]]
    assert {k.unseen_tags for k in found.values()} == {None}


def test_a_link_to_one_of_several_instances_leads_to_the_tags_that_all_have(tmp_path: Path) -> None:
    for found in keys(tmp_path, COUNTED.replace("USER", "[for u in aws_iam_user.u : u.name][count.index]")).values():
        assert [e.effect for e in found.lifetimes] == [Effect.DECLARED]
    each = EACH.replace("EACH", "{ for u in values(aws_iam_user.u) : u.name => u }").replace("USER", "each.value.name")
    for found in keys(tmp_path, each).values():
        assert [e.effect for e in found.lifetimes] == [Effect.DECLARED]


ELSEWHERE = DECLARED_ELSEWHERE('the user "ci"')
GIVEN, OWNED = 'variable "name" {}\n' + USER.replace('"ci"', "var.name"), USER.replace("expires", "Name")
DEFAULTS = 'provider "aws" {\n  default_tags {\n    tags = { expires = "2027-01-31" }\n  }\n}\n'


def calling(folder: str, more: str = "", label: str = "users") -> str:
    return f'module "{label}" {{\n  source = "{folder}"\n  {more}\n}}\n'


@pytest.mark.parametrize(
    "files",
    [
        {"main.tf": calling("./users") + named('"ci"'), "users/main.tf": USER},
        {"b/main.tf": calling("../users") + named('"ci"'), "users/main.tf": USER},
        {"b/main.tf": calling("../users", 'name = "ci"') + named('"ci"'), "users/main.tf": GIVEN},
        {"b/main.tf": calling("../users") + named('"ci"'), "users/main.tf": calling("./deep"), "users/deep/main.tf": USER},
        {"b/main.tf": calling("../users") + calling("./k", label="k"), "b/k/main.tf": named('"ci"'), "users/main.tf": USER},
    ],
    ids=["below", "beside", "by an input", "two calls away", "from another module"],
)
def test_a_user_of_a_module_that_the_root_calls_is_found_by_its_name(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    found = key(tmp_path, files)
    assert (found.user, told(found), found.owner) == ("ci", ["2027-01-31"], "payments")
    assert "users/" in describe(found.remedies.declare)


@pytest.mark.parametrize("expression", ['"ci"', "data.aws_iam_user.x.user_name", 'lower("CI")', "local.name"])
def test_a_user_that_other_code_declares_is_no_excuse(tmp_path: Path, expression: str) -> None:
    rest = 'data "aws_iam_user" "x" {\n  user_name = "ci"\n}\nlocals {\n  name = "ci"\n}\n'
    found = key(tmp_path, rest + named(expression))
    assert (found.user, found.owner, found.unknown_sources) == ("ci", None, ())
    assert found.unseen_tags == ELSEWHERE
    assert "# posturio:" in describe(found.remedies.declare)


def test_a_data_source_is_the_choice_of_the_author_too(tmp_path: Path) -> None:
    state = 'data "terraform_remote_state" "iam" {\n  backend = "s3"\n}\n'
    found = key(tmp_path, state + named("data.terraform_remote_state.iam.outputs.user"))
    assert (found.unknown_sources, found.owner) == ((), None)
    assert found.unseen_tags is not None
    assert "data.terraform_remote_state.iam reads is declared elsewhere" in found.unseen_tags.reason


def test_the_default_of_an_input_is_no_choice_of_the_author_unless_the_folder_is_applied(tmp_path: Path) -> None:
    code = 'variable "user" {\n  default = "ci"\n}\n' + named("var.user")
    assert key(tmp_path, code).unknown_sources != ()
    applied = key(tmp_path, 'provider "aws" {\n  region = "eu-west-1"\n}\n' + code)
    assert (applied.unknown_sources, applied.unseen_tags) == ((), ELSEWHERE)


def test_a_module_that_is_not_here_may_declare_the_user_that_it_is_given_the_name_of(tmp_path: Path) -> None:
    call = 'module "u" {\n  source = "acme/user/aws"\n  user_name = "ci"\n}\n'
    found = key(tmp_path, call + named('"ci"'))
    assert [h.reason for h in found.unknown_sources] == ['the user "ci" may be declared by module.u, whose code is not here']
    tagged = key(tmp_path, call.replace("}", '  tags = { expires = "2027-01-31" }\n}') + named('"ci"'))
    assert told(tagged) == ["2027-01-31"]
    assert key(tmp_path, call + named('"else"')).unknown_sources == ()


def test_two_users_of_a_name_in_one_root_leave_open_which_it_is(tmp_path: Path) -> None:
    found = key(tmp_path, {"main.tf": calling("./users") + calling("./users", label="more") + named('"ci"'), "users/main.tf": USER})
    assert found.user == "ci"
    assert any("the user is one of module.more.aws_iam_user.u, module.users.aws_iam_user.u" in h.reason for h in found.unknown_sources)


class TestNamesakes:
    """A root module is one account: a user of the same name in another root module is another one, unless both are of one account."""

    def test_one_whose_end_is_stated_leaves_the_end_open(self, tmp_path: Path) -> None:
        found = key(tmp_path, {"a/main.tf": USER, "b/main.tf": named('"ci"')})
        assert (found.user, found.user_address, told(found)) == ("ci", None, [])
        reason = NAMESAKE('a user "ci"', "a/main.tf:1 with expires=2027-01-31 and owner=payments")
        assert (found.unknown_sources, found.owner) == ((reason,), reason)
        assert "a/main.tf" not in describe(found.remedies.declare)

    @pytest.mark.parametrize(
        ("other", "ends", "owner"),
        [
            pytest.param({"a/main.tf": USER.replace("expires", "Name").replace("owner", "x")}, 0, None, id="neither an end nor an owner"),
            pytest.param({"a/main.tf": OWNED}, 0, "open", id="an owner alone"),
            pytest.param({"a/main.tf": DEFAULTS + OWNED}, 1, "open", id="an end in default tags"),
            pytest.param({"a/main.tf": "# posturio: rotation=60d\n" + OWNED}, 1, "open", id="an end in a comment"),
            pytest.param({"a/main.tf": calling("../users", 'name = "ci"'), "users/main.tf": GIVEN}, 1, "open", id="a name by an input"),
            pytest.param({f"{a}/main.tf": calling("../users") for a in "ac"} | {"users/main.tf": USER}, 1, "open", id="in a module"),
            pytest.param({"a/main.tf": USER + 'resource "aws_iam_user" "v" {\n  name = \n'}, 1, "open", id="beside a broken block"),
        ],
    )
    def test_what_another_root_states_is_open_here(self, tmp_path: Path, other: dict[str, str], ends: int, owner: str | None) -> None:
        found = key(tmp_path, {**other, "b/main.tf": named('"ci"')})
        assert (len(found.unknown_sources), "open" if isinstance(found.owner, Unknown) else found.owner) == (ends, owner)
        assert found.unseen_tags == ELSEWHERE or ends

    def test_of_many_some_are_named(self, tmp_path: Path) -> None:
        files = {f"r{number}/main.tf": USER for number in range(5)}
        (reason,) = key(tmp_path, {**files, "b/main.tf": named('"ci"')}).unknown_sources
        assert "r2/main.tf:1" in reason.reason
        assert "2 more places" in reason.reason

    def test_a_user_that_the_root_declares_is_that_one(self, tmp_path: Path) -> None:
        other = USER.replace("2027-01-31", "2020-01-31")
        found = key(tmp_path, {"a/main.tf": other, "b/main.tf": USER + named('"ci"')})
        assert (told(found), found.unknown_sources) == (["2027-01-31"], ())

    def test_a_scan_of_the_root_alone_finds_the_same_but_for_the_question(self, tmp_path: Path) -> None:
        files = {"a/main.tf": USER, "b/main.tf": named('"ci"'), "b/other.tf": named('"else"').replace('"k"', '"l"')}
        alone, together = keys(tmp_path, files, "b"), keys(tmp_path, files)
        assert alone["aws_iam_access_key.l"] == together["aws_iam_access_key.l"]
        assert alone["aws_iam_access_key.k"].unknown_sources == ()
        assert alone["aws_iam_access_key.k"].unseen_tags == together["aws_iam_access_key.k"].unseen_tags


@pytest.mark.parametrize("expression", ["var.user", "module.gone.name", "data.aws_iam_user.x.user_name", "local.none"])
def test_what_cannot_be_followed_hides_tags(tmp_path: Path, expression: str) -> None:
    rest = 'variable "user" {}\nmodule "gone" {\n  source = "acme/vpc/aws"\n}\ndata "aws_iam_user" "x" { user_name = var.user }\n'
    found = key(tmp_path, rest + named(expression))
    assert found.lifetimes == ()
    assert found.unknown_sources != ()
    assert isinstance(found.owner, Unknown)


def test_of_two_possible_users_only_what_both_say_is_certain(tmp_path: Path) -> None:
    two = USER.replace('"u"', '"v"').replace('"ci"', '"other"').replace("2027-01-31", "2020-01-31").replace("payments", "else")
    for code in (USER + two, two + USER):
        found = key(tmp_path, 'variable "which" {}\n' + code + named("var.which ? aws_iam_user.v.name : aws_iam_user.u.name"))
        assert (isinstance(found.user, Unknown), found.unknown_sources != (), told(found)) == (True, True, [])
        assert found.owner not in ("payments", "else")


def test_users_are_read_once_however_many_keys_repeat_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Mock(wraps=users.users_in)
    monkeypatch.setattr(users, "users_in", asked)
    numbered = ((USER + named('"ci"')).replace('"ci"', f'"ci{n}"').replace('"u"', f'"u{n}"').replace('"k"', f'"k{n}"') for n in range(30))
    found = keys(tmp_path, "".join(numbered))
    assert {found[f"aws_iam_access_key.k{n}"].user_address for n in range(30)} == {f"aws_iam_user.u{n}" for n in range(30)}
    assert asked.call_count == 1


PROVIDERS = """
provider "aws" {
  default_tags { tags = { a = "plain" } }
}
provider "aws" {
  alias = "other"
  default_tags { tags = { a = "other" } }
}
"""


class TestTags:
    def tags(self, tmp_path: Path, code: str, **files: str) -> dict[str, str]:
        more = {name.replace("__", "/") + ".tf": text for name, text in files.items()}
        return dict(key(tmp_path, {"main.tf": textwrap.dedent(code) + named("aws_iam_user.u.name"), **more}).tags)

    @pytest.mark.parametrize(
        "tags",
        [
            *('merge(local.common, { b = "2" })', '"${merge(local.common, map("b", "2"))}"', "merge(local.common, local.more...)"),
            *("{ for k, v in merge(local.common, { b = 2 }) : k => tostring(v) }", 'tomap({ a = "1", b = "2" })'),
            *('zipmap(["a", "b"], ["1", "2"])', '{ a = local.common["a"], "b" = "2" }'),
            *('{ "${local.letter}" = "1", (local.other) = "2" }', 'jsondecode("{\\"a\\": \\"1\\", \\"b\\": \\"2\\"}")'),
            *('yamldecode(file("tags.yaml"))', "module.tags.all"),
        ],
    )
    def test_they_are_merged_and_made_in_many_ways(self, tmp_path: Path, tags: str) -> None:
        (tmp_path / "tags.yaml").write_text('a: "1"\nb: "2"\n')
        code = 'locals {\n  common = { a = "1" }\n  more = [{ b = "2" }]\n  letter = "a"\n  other = "b"\n}\nmodule "tags" {\n  source = "./t"\n}\n'
        code += f'resource "aws_iam_user" "u" {{\n  name = "ci"\n  tags = {tags}\n}}\n'
        assert self.tags(tmp_path, code, t__main='output "all" { value = { a = "1", b = "2" } }\n') == {"a": "1", "b": "2"}

    def test_the_old_block_is_a_map(self, tmp_path: Path) -> None:
        assert self.tags(tmp_path, 'resource "aws_iam_user" "u" {\n  name = "ci"\n  tags {\n    a = "1"\n  }\n}\n') == {"a": "1"}

    def test_tags_of_the_user_win_over_defaults_of_the_provider(self, tmp_path: Path) -> None:
        code = 'provider "aws" {\n  default_tags {\n    tags = { a = "default", b = "default" }\n  }\n}\n'
        code += 'resource "aws_iam_user" "u" {\n  name = "ci"\n  tags = { a = "own" }\n}\n'
        assert self.tags(tmp_path, code) == {"a": "own", "b": "default"}

    @pytest.mark.parametrize("provider", ["", "provider = aws", "provider = aws.other", 'provider = "aws.other"'])
    def test_the_provider_that_the_user_has_counts(self, tmp_path: Path, provider: str) -> None:
        code = PROVIDERS + f'resource "aws_iam_user" "u" {{\n  name = "ci"\n  {provider}\n}}\n'
        assert self.tags(tmp_path, code) == {"a": "other" if "other" in provider else "plain"}

    @pytest.mark.parametrize(
        ("call", "user", "expected"),
        [
            ("", "", "plain"),
            ("providers = { aws = aws.other }", "", "other"),
            ("providers = { aws.inner = aws.other }", "provider = aws.inner", "other"),
            ('providers = { "aws.inner" = "aws.other" }', "provider = aws.inner", "other"),
            ("providers = { aws = aws, aws.inner = aws.other }", "", "plain"),
            ("providers = {\n    aws = aws.other\n  }", "provider = aws", "other"),
        ],
    )
    def test_providers_are_passed_to_modules(self, tmp_path: Path, call: str, user: str, expected: str) -> None:
        main = PROVIDERS + f'module "outer" {{\n  source = "./outer"\n  {call}\n}}\n'
        inner = f'resource "aws_iam_user" "u" {{\n  name = "ci"\n  {user}\n}}\n' + named("aws_iam_user.u.name")
        found = key(tmp_path, {"main.tf": main, "outer/main.tf": inner})
        assert dict(found.tags) == {"a": expected}

    @pytest.mark.parametrize(
        ("tags", "default", "stated", "is_open"),
        [
            ('merge(var.tags, { expires = "2027-01-31" })', "", ["2027-01-31"], True),
            ('merge({ expires = "2027-01-31" }, var.tags)', "", [], True),
            ("var.tags", 'default = { expires = "2027-01-31" }', [], True),
            ("var.tags", 'default = {}\n}\nprovider "aws" {\n  region = "eu-west-1"', [], False),
        ],
        ids=["known beside open ones", "that open ones may override", "defaults", "defaults of an applied folder"],
    )
    def test_tags_of_an_input(self, tmp_path: Path, tags: str, default: str, stated: list[str], is_open: bool) -> None:
        code = f'variable "tags" {{\n  {default}\n}}\nresource "aws_iam_user" "u" {{\n  name = "ci"\n  tags = {tags}\n}}\n'
        found = key(tmp_path, code + named("aws_iam_user.u.name"))
        assert (told(found), found.unknown_sources != ()) == (stated, is_open)

    @pytest.mark.parametrize("ignored", ["all", "[tags]", '["tags"]', "[tags_all]", "[\n tags,\n]", '["all"]', "[name, tags]"])
    def test_ignored_changes_of_tags_are_no_excuse(self, tmp_path: Path, ignored: str) -> None:
        code = f'resource "aws_iam_user" "u" {{\n  name = "ci"\n  lifecycle {{\n    ignore_changes = {ignored}\n  }}\n}}\n'
        found = key(tmp_path, code + named("aws_iam_user.u.name"))
        assert (found.unknown_sources, found.lifetimes) == ((), ())
        assert isinstance(found.remedies.declare, AddComment)

    @pytest.mark.parametrize("ignored", ["[tags]", "[tags_all]", '[tags["expires"]]', "[tags.expires]", "all", "[name]"])
    @pytest.mark.parametrize("value", ['"2027-01-31"', 'timeadd(timestamp(), "24h")', "time_offset.o.rfc3339"])
    def test_what_ignored_tags_declare_is_set_once(self, tmp_path: Path, ignored: str, value: str) -> None:
        effect = "declared" if "timestamp" not in value else "inert" if ignored == "[name]" else "unknown"
        code = f'resource "aws_iam_user" "u" {{\n  name = "ci"\n  tags = {{ expires = {value} }}\n  lifecycle {{\n    ignore_changes = {ignored}\n  }}\n}}\n'
        code += 'resource "time_offset" "o" {\n  offset_days = 30\n}\n'
        (one,) = key(tmp_path, code + named("aws_iam_user.u.name")).lifetimes
        assert one.effect.value == effect

    def test_a_user_that_is_not_declared_is_an_excuse_only_where_code_is_missing(self, tmp_path: Path) -> None:
        assert key(tmp_path, named("aws_iam_user.gone.name")).unknown_sources == ()
        (tmp_path / "users.tf").write_text('resource "aws_iam_user" {\n}\n')
        (found,) = reading(tmp_path, {}).keys
        assert found.unknown_sources != ()


def test_keys_of_modules_called_from_two_roots_are_two(tmp_path: Path) -> None:
    files = {
        "m/main.tf": 'variable "name" {}\nresource "aws_iam_user" "u" {\n  name = var.name\n}\n' + named("aws_iam_user.u.name"),
        "a/main.tf": 'module "one" {\n  source = "../m"\n  name = "from-a"\n}\n',
        "b/main.tf": 'module "two" {\n  source = "../m"\n  name = "from-b"\n}\nmodule "three" {\n  source = "../m"\n  name = "also-b"\n}\n',
    }
    found = reading(tmp_path, files)
    assert [(k.scope, k.address, k.user) for k in found.keys] == [
        ("a", "module.one.aws_iam_access_key.k", "from-a"),
        ("b", "module.two.aws_iam_access_key.k", "from-b"),
        ("b", "module.three.aws_iam_access_key.k", "also-b"),
    ]
    assert {k.span.path for k in found.keys if k.span} == {"m/main.tf"}
