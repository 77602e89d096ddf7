"""Edits of HCL: only the bytes that must change do, in the form that `terraform fmt` leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from posturio_iac.core.keys import quoted
from posturio_iac.frontends.terraform.syntax import hcl, parsing
from tests.support.fixing import OWNER, fix, mended
from tests.support.terraform_programs import write

KEY = '\nresource "aws_iam_access_key" "ci" {\n  user = aws_iam_user.ci.name\n}\n'
USER = 'resource "aws_iam_user" "ci" {%s}\n'
END, WHO = 'expires = "2027-02-19"', f'owner   = "{OWNER}"'
BOTH = f'{END}, owner = "{OWNER}"'

BODIES = {
    "nothing": ("", f"\n  tags = {{\n    {END}\n    {WHO}\n  }}\n"),
    "one line": (' name = "ci" ', f'\n  name = "ci"\n\n  tags = {{\n    {END}\n    {WHO}\n  }}\n'),
    "no tags": ('\n  name = "ci"\n', f'\n  name = "ci"\n\n  tags = {{\n    {END}\n    {WHO}\n  }}\n'),
    "a nested block last": (
        '\n  name = "ci"\n\n  timeouts {\n  }\n',
        f'\n  name = "ci"\n\n  tags = {{\n    {END}\n    {WHO}\n  }}\n\n  timeouts {{\n  }}\n',
    ),
    "an empty map": ('\n  name = "ci"\n  tags = {}\n', f'\n  name = "ci"\n  tags = {{ {BOTH} }}\n'),
    "an empty map on lines": ('\n  name = "ci"\n  tags = {\n  }\n', f'\n  name = "ci"\n  tags = {{\n    {END}\n    {WHO}\n  }}\n'),
    "a map on one line": ('\n  name = "ci"\n  tags = { a = "b" }\n', f'\n  name = "ci"\n  tags = {{ a = "b", {BOTH} }}\n'),
    "shorter names": (
        '\n  name = "ci"\n  tags = {\n    a  = "1"\n    bc = "2"\n  }\n',
        f'\n  name = "ci"\n  tags = {{\n    a       = "1"\n    bc      = "2"\n    {END}\n    {WHO}\n  }}\n',
    ),
    "longer names": (
        '\n  name = "ci"\n  tags = {\n    environment = "1"\n  }\n',
        f'\n  name = "ci"\n  tags = {{\n    environment = "1"\n    expires     = "2027-02-19"\n    owner       = "{OWNER}"\n  }}\n',
    ),
    "names that nobody aligned": (
        '\n  name = "ci"\n  tags = {\n    a = "1"\n    bcd = "2"\n  }\n',
        f'\n  name = "ci"\n  tags = {{\n    a = "1"\n    bcd = "2"\n    {END}\n    owner = "{OWNER}"\n  }}\n',
    ),
    "commas": (
        '\n  name = "ci"\n  tags = {\n    a = "1",\n    b = "2",\n  }\n',
        f'\n  name = "ci"\n  tags = {{\n    a       = "1",\n    b       = "2",\n    {END},\n    {WHO},\n  }}\n',
    ),
    "quoted names and colons": (
        '\n  name = "ci"\n  tags = {\n    "a": "1"\n  }\n',
        f'\n  name = "ci"\n  tags = {{\n    "a": "1"\n    "expires": "2027-02-19"\n    "owner": "{OWNER}"\n  }}\n',
    ),
    "comments at the ends of lines": (
        '\n  name = "ci"\n  tags = {\n    a = "1" # one\n  }\n',
        f'\n  name = "ci"\n  tags = {{\n    a = "1" # one\n\n    {END}\n    {WHO}\n  }}\n',
    ),
    "a local value": ('\n  name = "ci"\n  tags = local.tags\n', f'\n  name = "ci"\n  tags = merge({{ {BOTH} }}, local.tags)\n'),
    "a merge": (
        '\n  name = "ci"\n  tags = merge(local.tags, { a = "b" })\n',
        f'\n  name = "ci"\n  tags = merge(local.tags, {{ a = "b", {BOTH} }})\n',
    ),
    "a condition": (
        '\n  name = "ci"\n  tags = true ? { a = "b" } : {}\n',
        f'\n  name = "ci"\n  tags = merge({{ {BOTH} }}, true ? {{ a = "b" }} : {{}})\n',
    ),
    "four spaces": ('\n    name = "ci"\n', f'\n    name = "ci"\n\n    tags = {{\n        {END}\n        {WHO}\n    }}\n'),
    "an empty map in four spaces": (
        '\n    name = "ci"\n    tags = {\n    }\n',
        f'\n    name = "ci"\n    tags = {{\n        {END}\n        {WHO}\n    }}\n',
    ),
    "tabs": ('\n\tname = "ci"\n', f'\n\tname = "ci"\n\n\ttags = {{\n\t\t{END}\n\t\t{WHO}\n\t}}\n'),
}


@pytest.mark.parametrize(("mark", "end"), [("", "\n"), ("\ufeff", "\r\n")])
@pytest.mark.parametrize("kind", BODIES)
def test_a_tag_is_added_in_the_form_of_the_map_and_the_file(tmp_path: Path, kind: str, mark: str, end: str) -> None:
    rest = KEY.replace("  user", "\tuser") if kind == "tabs" else KEY
    tags = 'locals {\n  tags = { b = "c" }\n}\n' if "local" in BODIES[kind][0] else ""
    before, after = (f"{mark}# ä\n{tags}{USER % body}{rest}".replace("\n", end) for body in BODIES[kind])
    assert mended(tmp_path, before).decode() == after


@pytest.mark.parametrize(
    ("above", "after"),
    [
        ("", f"# posturio: expires=2027-02-19 owner={OWNER}\n"),
        ("# A key.\n", f"# A key.\n# posturio: expires=2027-02-19 owner={OWNER}\n"),
        ("// A key.\n", f"// A key.\n// posturio: expires=2027-02-19 owner={OWNER}\n"),
        ("# posturio: note=x\n", f"# posturio: note=x expires=2027-02-19 owner={OWNER}\n"),
    ],
)
def test_a_key_whose_user_cannot_get_tags_gets_a_comment(tmp_path: Path, above: str, after: str) -> None:
    user = USER % '\n  name = "ci"\n\n  lifecycle {\n    ignore_changes = [tags]\n  }\n'
    key = KEY.removeprefix("\n")
    found = mended(tmp_path, user + above + key).decode()
    assert found == user + after + key


@pytest.mark.parametrize("text", ['a"b', "a\\b", "${x}", "%{x}", "a\nb", "ä"])
def test_a_string_means_itself(text: str) -> None:
    body, problems = parsing.parse("x.tf", f"x = {quoted(text)}\n".encode())
    assert not problems
    value = body.attributes["x"].expression
    parts = value.parts if isinstance(value, hcl.TemplateExpr) else (value,)
    assert "".join(str(part.value) for part in parts if isinstance(part, hcl.Literal)) == text


SHARED = 'resource "aws_iam_access_key" "%s" {\n  user = aws_iam_user.%s.name\n\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n'
CONFIG = "require = 'enforced'\n"
PROVIDERS = 'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n    }\n  }\n}\n\n'


def test_keys_of_one_module_share_one_clock(tmp_path: Path) -> None:
    users = "".join(f'resource "aws_iam_user" "{n}" {{\n  name = "{n}"\n  path = "/payments/"\n}}\n' for n in "ab")
    first, second = (SHARED % (n, n) for n in "ab")
    write(tmp_path, {"posturio-iac.toml": CONFIG, "another.tf": second, "versions.tf": PROVIDERS})
    found = mended(tmp_path, users + first, "--unsafe").decode() + (tmp_path / "another.tf").read_text(encoding="utf-8")
    assert found.count('resource "time_rotating" "access_keys" {\n  rotation_days = 90\n}\n') == 1
    assert found.count("replace_triggered_by  = [time_static.access_keys]") == 2
    assert '    time = {\n      source  = "hashicorp/time"' in (tmp_path / "versions.tf").read_text(encoding="utf-8")


def test_a_name_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "posturio-iac.toml").write_text(CONFIG, encoding="utf-8")
    taken = 'resource "time_static" "a" {}\n'
    user = 'resource "aws_iam_user" "a" {\n  name = "a"\n  path = "/payments/"\n}\n'
    key = 'resource "aws_iam_access_key" "a" {\n  user = aws_iam_user.a.name\n}\n'
    found = mended(tmp_path, f"# The key.\n{key}{taken}{user}", "--unsafe").decode()
    assert "replace_triggered_by  = [time_static.a_2]" in found
    assert found.startswith('resource "time_rotating" "a_2"')
    assert fix(tmp_path, "--unsafe")[:2] == (0, "")


REPEATED = (
    'locals {{\n  teams = toset(["a", "b"])\n  day   = ["2026-10-01", "2026-11-01"]\n'
    '  months = {{ a = "2026-10-01", b = "2026-11-01" }}\n}}\n\nresource "aws_iam_user" "r" {{\n{key}  name = "r{each}"\n}}\n\n'
    'resource "time_rotating" "k" {{\n{clock}  rotation_days = 60\n}}\n\n{more}'
    '# The key.\nresource "aws_iam_access_key" "r" {{\n{key}  user = aws_iam_user.r{each_user}.name\n\n'
    "  lifecycle {{\n    create_before_destroy = true\n    replace_triggered_by  = [{trigger}]\n  }}\n}}\n"
)
COUNTED, EACH = "  count = 2\n\n", "  for_each = local.teams\n\n"
INSTANCE = {"": "", COUNTED: "[count.index]", EACH: "[each.key]"}


def repeated(clock: str, key: str, trigger: str, more: str = "") -> str:
    """A key that follows a clock; each of its instances has a user of its own."""
    index = INSTANCE[key]
    each = f"-${{{index[1:-1]}}}" if index else ""
    return REPEATED.format(clock=clock, key=key, trigger=trigger, more=more, each=each, each_user=index)


def held(kind: str, name: str, argument: str, value: str) -> str:
    """A block between a key and what it follows."""
    return f'resource "{kind}" "{name}" {{\n{argument}  {value}\n}}\n\n'


@pytest.mark.parametrize(
    ("clock", "key", "trigger", "made", "after"),
    [
        ("", "", "time_rotating.k.id", ("time_static", "k", "", "rfc3339 = time_rotating.k.rfc3339"), ""),
        (COUNTED, "", "time_rotating.k[0].id", ("time_static", "k", COUNTED, "rfc3339 = time_rotating.k[count.index].rfc3339"), "[0]"),
        (COUNTED, "", "time_rotating.k", ("time_static", "k", COUNTED, "rfc3339 = time_rotating.k[count.index].rfc3339"), ""),
        (EACH, EACH, "time_rotating.k[each.key]", ("time_static", "k", EACH, "rfc3339 = time_rotating.k[each.key].rfc3339"), "[each.key]"),
        ("", EACH, "local.months[each.key]", ("terraform_data", "rotation", EACH, "input = local.months[each.key]"), "[each.key]"),
        ("", COUNTED, "local.day[count.index]", ("terraform_data", "rotation", COUNTED, "input = local.day[count.index]"), "[count.index]"),
    ],
)
def test_what_stands_in_between_has_as_many_instances(
    tmp_path: Path, clock: str, key: str, trigger: str, made: tuple[str, str, str, str], after: str
) -> None:
    text = repeated(clock, key, trigger)
    found = mended(tmp_path, text, "--unsafe", "--select", "inert_access_key_rotation").decode()
    assert found == repeated(clock, key, f"{made[0]}.{made[1]}{after}", held(*made))


def test_a_block_without_labels_is_in_nobodys_way(tmp_path: Path) -> None:
    text = repeated("", "", "time_rotating.k", 'resource {\n}\n\nresource "time_static" {\n}\n\n')
    after = text.replace("[time_rotating.k]", "[time_static.k]")
    one_line = "".join((text[: text.index("lifecycle")], "lifecycle { replace_triggered_by = [time_rotating.k] }\n}\n"))
    for before in (text, one_line):
        found = mended(tmp_path, before, "--unsafe", "--select", "inert_access_key_rotation").decode()
        assert found.partition("# The key.")[2] == after.partition("# The key.")[2]


def test_a_dated_trigger_is_set_to_today_where_the_key_may_be_replaced(tmp_path: Path) -> None:
    trigger = 'variable "at" {}\nresource "terraform_data" "r" {\n  input = var.at\n}\n'
    write(tmp_path, {"terraform.tfvars": 'at = "20260101#2"\n'})
    text = trigger + repeated("", "", "terraform_data.r")
    for options, day in (((), "20260101#2"), (("--unsafe",), "20261124#1")):
        mended(tmp_path, text, "--select", "overdue_access_key_rotations", *options)
        assert (tmp_path / "terraform.tfvars").read_text(encoding="utf-8") == f'at = "{day}"\n'


def test_a_tag_is_not_added_beside_one_that_differs_in_case(tmp_path: Path) -> None:
    text = USER % '\n  tags = { Owner = "", expires = "2027-01-31" }\n'
    assert mended(tmp_path, text + KEY).decode() == f"{text}\n# posturio: owner={OWNER}{KEY}"


def test_what_stands_there_already_is_used_where_it_has_as_many_instances(tmp_path: Path) -> None:
    value = "rfc3339 = time_rotating.k[count.index].rfc3339"
    there = held("time_static", "other", "  count = 1\n\n", value) + held("time_static", "same", COUNTED, value)
    text = repeated(COUNTED, "", "time_rotating.k[1]", there)
    found = mended(tmp_path, text, "--unsafe", "--select", "inert_access_key_rotation").decode()
    assert found == text.replace("[time_rotating.k[1]]", "[time_static.same[1]]")


@pytest.mark.parametrize(
    ("clock", "trigger", "why"),
    [
        ("", "each.value", "the block has no for_each"),
        ('  for_each = toset([\n    "a",\n  ])\n', 'time_rotating.k["a"]', "its for_each goes over several lines"),
        (COUNTED, "time_rotating.k[2 - 1]", "the index of the clock is computed"),
    ],
)
def test_instances_that_cannot_be_copied_are_left_to_people(tmp_path: Path, clock: str, trigger: str, why: str) -> None:
    (tmp_path / "main.tf").write_text(repeated(clock, "", trigger), encoding="utf-8")
    code, diff, said = fix(tmp_path, "--unsafe", "--select", "inert_access_key_rotation")
    assert (code, diff) == (0, "")
    assert why in said


WIDE = 'variable "tags" {}\n%s' + USER % '\n  name = "ci"\n  tags = var.tags\n' + KEY


@pytest.mark.parametrize(
    ("beside", "place"),
    [
        ("", "main.tf"),
        ('resource "aws_iam_user" "other" {\n  tags = var.tags\n}\n', "main.tf"),
        ('resource "aws_s3_bucket" "b" {\n  tags = var.tags\n}\n', "m/main.tf"),
        ('resource "aws_s3_bucket" "b" {\n  x {\n    tags = { a = var.tags.b }\n  }\n}\n', "m/main.tf"),
        ("locals {\n  tags = merge(var.tags, {})\n}\n", "m/main.tf"),
        ('module "x" {\n  source = "acme/x/aws"\n  tags = var.tags\n}\n', "m/main.tf"),
    ],
)
def test_an_input_that_tags_other_resources_too_stays_as_it_is(tmp_path: Path, beside: str, place: str) -> None:
    write(tmp_path, {"m/main.tf": WIDE % beside, "main.tf": 'module "m" {\n  source = "./m"\n  tags   = { owner = "x" }\n}\n'})
    _, diff, _ = fix(tmp_path)
    assert [line[6:] for line in diff.splitlines() if line.startswith("+++ ")] == [place]
    assert ("merge({ expires" in diff) is (place == "m/main.tf")
    fix(tmp_path, "--write")
    assert fix(tmp_path)[:2] == (0, "")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ('{ owner = "a@x.org" }', "owner"),
        ("{ owner = aws_s3_bucket.x.id }", "owner"),
        ('{ expires = "2027-01-31" }', "expires"),
        ('{ expires = "31 January" }', "expires"),
        ("{ expires = aws_s3_bucket.x.id }", "expires"),
        ("data.external.tags.result", "expires"),
        ("data.external.tags.result", "owner"),
    ],
)
def test_a_call_of_shared_code_gets_a_comment_of_its_own(tmp_path: Path, given: str, name: str) -> None:
    module = 'variable "tags" {}\nresource "aws_s3_bucket" "b" {\n  tags = var.tags\n}\n' + USER % "\n  tags = var.tags\n" + KEY
    calls = "".join(f'module "{n}" {{\n  source = "./m"\n  tags   = {tags}\n}}\n' for n, tags in (("one", given), ("two", '{ a = "b" }')))
    write(tmp_path, {"m/main.tf": module, "main.tf": calls})
    rule = "ownerless_access_keys" if name == "owner" else "access_keys_without_lifetime"
    fix(tmp_path, "--write", "--owner", OWNER, "--select", rule)
    statement = f"# posturio: owner={OWNER}\n" if name == "owner" else "# posturio: expires=2027-02-21\n"
    assert (tmp_path / "main.tf").read_text(encoding="utf-8") == calls.replace('module "two"', f'{statement}module "two"')
    assert (tmp_path / "m/main.tf").read_text(encoding="utf-8") == module
