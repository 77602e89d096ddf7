from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posturio_iac.config.load import parse_toml
from posturio_iac.errors import UsageError
from posturio_iac.frontends.terraform.known_modules import _search_terms
from posturio_iac.frontends.terraform.known_modules.lookup import KnownModules, Match, NotKnown, load, search_terms
from posturio_iac.frontends.terraform.known_modules.module_source import ModuleSource, makes_no_key, parse_source
from posturio_iac.frontends.terraform.known_modules.table import Choice, InputTemplate, KnownKey, KnownModule, KnownVersion, read_modules
from posturio_iac.frontends.terraform.known_modules.versions import Interval, Version, parse_constraint, parse_version

ROOT = Path(__file__).resolve().parents[3]
TABLE = load()
MODULES = TABLE.modules
IAM_USER = "terraform-aws-modules/iam/aws//modules/iam-user"
ECR = "github.com/ministryofjustice/cloud-platform-terraform-ecr-credentials"
SYSTEM_USER = "cloudposse/iam-system-user/aws"
IAM_COMMIT = "github.com/terraform-aws-modules/terraform-aws-iam//modules/iam-user?ref=617f4cbaef43e437233468dbeb743acf4069894e"
SYSTEM_BRANCH = "github.com/cloudposse/terraform-aws-iam-system-user?ref=master"

releases = st.tuples(*[st.integers(0, 9)] * 3)
pre_releases = st.integers(0, 3).map(lambda number: ((False, number, ""),))
versions = st.builds(Version, releases) | st.builds(Version, releases, st.just(value=False), pre_releases)


def match(source: str, version: str | None = None, table: KnownModules = TABLE) -> Match:
    found = table.match(source, version)
    assert isinstance(found, Match)
    return found


def decided(source: str, version: str | None = None, table: KnownModules = TABLE) -> KnownVersion:
    found = match(source, version, table).decided
    assert found is not None
    return found


def only_key(source: str, version: str | None = None) -> KnownKey:
    (key,) = decided(source, version).keys
    return key


# Sources


@given(st.text(max_size=60))
def test_any_text_can_be_a_source(text: str) -> None:
    assert isinstance(parse_source(text), ModuleSource)


PARTS = ["git::", "https://", "ssh://", "git@", "github.com", "/", "//", ":", "?", "ref=", "&", "a", ".git", "*", "archive"]


@given(st.lists(st.sampled_from(PARTS)))
def test_any_mixture_of_the_parts_of_a_source_can_be_read(parts: list[str]) -> None:
    assert isinstance(TABLE.match("".join(parts)), (Match, NotKnown))


# Versions


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1", "1.0.0"),
        ("v5.3", "5.3.0"),
        ("6.0.0", "6.0.0"),
        ("2.0.0-beta1", "2.0.0-beta1"),
        ("1.2.3-rc.1+build.5", "1.2.3-rc.1"),
        (" 1.0 ", "1.0.0"),
        *((text, None) for text in ("", "v", "main", "1.2.3.4", "release-1.2", "1.2.3-", "1..2", "٣", "1" * 5000)),
    ],
)
def test_versions(text: str, shown: str | None) -> None:
    version = parse_version(text)
    assert (version and version.text) == shown


def test_order_is_that_of_semantic_versions() -> None:
    texts = ["0.9.9", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0", "1.0.1", "1.10.0"]
    parsed = [version for version in map(parse_version, texts) if version]
    assert all(one < two for one, two in pairwise(parsed))
    assert len(parsed) == len(texts)


@pytest.mark.parametrize(
    ("constraint", "inside", "outside"),
    [
        ("5.3.0", ["5.3.0"], ["5.3.1", "5.2.9"]),
        ("= 5.3", ["5.3.0"], ["5.3.1"]),
        ("~> 5.3", ["5.3.0", "5.99.0"], ["5.2.9", "6.0.0"]),
        ("~> 5.3.1", ["5.3.1", "5.3.9"], ["5.3.0", "5.4.0"]),
        ("~> 5", ["5.0.0", "7.0.0"], ["4.9.9"]),
        (">= 5, < 6", ["5.0.0", "5.99.99"], ["4.9.9", "6.0.0"]),
        ("> 5, <= 6", ["5.0.1", "6.0.0"], ["5.0.0", "6.0.1"]),
        (">=5.0,!=5.1.0", ["5.0.0", "5.1.1"], ["5.1.0"]),
        ("*", ["0.0.1", "99.0.0"], []),
    ],
)
def test_constraints(constraint: str, inside: list[str], outside: list[str]) -> None:
    allowed = parse_constraint(constraint)
    assert allowed is not None
    for text, expected in [*((t, True) for t in inside), *((t, False) for t in outside)]:
        version = parse_version(text)
        assert version is not None
        assert allowed.holds(version) is expected


@pytest.mark.parametrize("text", ["", "~>", "latest", ">= 5,", "=> 5", "5 6"])
def test_text_that_is_no_constraint(text: str) -> None:
    assert parse_constraint(text) is None


def test_contradictions_are_empty() -> None:
    for text in ("> 5, < 5", ">= 6, < 5", "5.0.0, != 5.0.0", "> 5.0.0, <= 5.0.0"):
        allowed = parse_constraint(text)
        assert allowed is not None
        assert allowed.is_empty()


@given(versions, versions, versions)
def test_meeting_is_being_in_both(version: Version, low: Version, high: Version) -> None:
    one, two = Interval(low), Interval(high=high, without=frozenset({low}))
    assert one.meet(two).holds(version) is (one.holds(version) and two.holds(version))


# Borders


@pytest.mark.parametrize(
    ("source", "version", "creates"),
    [
        (f"{ECR}?ref=5.3.0", None, True),
        (f"{ECR}?ref=6.0.0", None, False),
        (f"{ECR}?ref=4.9", None, True),
        (ECR, None, False),
        ("github.com/ministryofjustice/cloud-platform-terraform-rds-instance?ref=1.0", None, True),
        ("github.com/ministryofjustice/cloud-platform-terraform-rds-instance?ref=4.6", None, False),
        ("github.com/ministryofjustice/cloud-platform-terraform-rds-instance?ref=5.20.0", None, True),
        ("github.com/ministryofjustice/cloud-platform-terraform-rds-instance?ref=6.0.0", None, False),
        ("boldlink/iam-user/aws", "1.0.1", True),
        ("boldlink/iam-user/aws", "~> 1.0", False),
        ("boldlink/iam-user/aws", "~> 1.0, < 1.0.2", True),
        ("telia-oss/iam/aws//modules/user", "0.1.0", True),
        ("telia-oss/iam/aws//modules/user", "0.2.0", False),
        ("git::https://github.com/champ-oss/terraform-aws-iam-s3-user.git?ref=v1.0.0-1d5ecb4", None, False),
        ("git::https://github.com/champ-oss/terraform-aws-iam-s3-user.git?ref=v1.0.1-9ccecf2", None, True),
        (IAM_USER, None, True),
    ],
)
def test_the_version_decides_whether_there_is_a_key(source: str, version: str | None, creates: bool) -> None:
    assert decided(source, version).creates is creates


CREATES = [
    tuple(Choice((name,), True) for name in names.split()) for names in ("create_user create_iam_access_key", "create create_access_key")
]
"""The inputs that make the key of iam-user, before version 6 and since."""
MAX_AGE, USERNAME = Choice(("iam_access_key_max_age",), 2592000), InputTemplate((Choice(("username",)),))


@pytest.mark.parametrize(
    ("source", "version", "said", "expected"),
    [
        *((IAM_USER, version, "enabled_by", CREATES[0]) for version in ("~> 5.0", ">= 5.0, < 6.0", "5.60.0")),
        *((IAM_USER, version, "enabled_by", CREATES[1]) for version in (">= 5.0", "~> 6.0", ">= 5.0, != 6.5.0", None)),
        (SYSTEM_USER, "1.2.1", "enabled_by", (Choice(("enabled", "context.enabled"), True), Choice(("create_iam_access_key",), True))),
        ("lablabs/iam-users-manager/aws", None, "enabled_by", (Choice(("each.access_key_enabled",), False),)),
        (IAM_USER, "5.8.0", "status", None),
        (IAM_USER, "5.9.0", "status", Choice(("iam_access_key_status",))),
        (IAM_USER, "6.0.0", "status", Choice(("access_key_status",))),
        (SYSTEM_USER, "0.22.5", "max_age", None),
        (SYSTEM_USER, "0.23.0", "max_age", MAX_AGE),
        (SYSTEM_USER, "1.0.0", "max_age", None),
        ("cloudposse/iam-s3-user/aws", "0.15.7", "max_age", None),
        ("cloudposse/iam-s3-user/aws", "0.15.8", "max_age", 2592000),
        ("cloudposse/iam-s3-user/aws", "1.0.0", "max_age", None),
        ("cloudposse/s3-bucket/aws", "2.0.1", "max_age", None),
        ("cloudposse/s3-bucket/aws", "~> 2.0", "max_age", 2592000),
        ("cloudposse/s3-bucket/aws", "4.14.0", "max_age", None),
        ("github.com/cloudposse/terraform-aws-s3-bucket?ref=v2", None, "max_age", 2592000),
        ("github.com/cloudposse/terraform-aws-s3-bucket?ref=v4", None, "max_age", None),
        ("cloudposse/ses/aws", "0.20.6", "max_age", None),
        ("cloudposse/ses/aws", "0.21.0", "max_age", 2592000),
        ("cloudposse/ses/aws", "0.25.1", "max_age", MAX_AGE),
        (SYSTEM_USER, "1.2.1", "tags", (Choice(("context.tags",)), Choice(("tags",)))),
        ("lablabs/iam-users-manager/aws", None, "each", Choice(("users",))),
        ("lablabs/iam-users-manager/aws", None, "user", (InputTemplate((Choice(("each.key",)),)),)),
        ("silinternational/serverless-user/aws", None, "user", (USERNAME, InputTemplate((Choice(("app_name",)), "-serverless")))),
    ],
)
def test_what_a_version_says_of_its_key(source: str, version: str | None, said: str, expected: object) -> None:
    assert getattr(only_key(source, version), said) == expected


# Versions that do not decide


@pytest.mark.parametrize("ref", ["main", "master", "0123456789" * 4, "d1b6061", "feature/x", "refs/heads/main", "12345678"])
def test_a_branch_or_a_commit_leaves_all_versions(ref: str) -> None:
    found = match(f"{ECR}?ref={ref}")
    assert found.why is not None
    assert ref in found.why.reason
    assert [c.creates for c in found.candidates] == [False, True, True]


def test_a_commit_decides_where_all_versions_are_alike() -> None:
    assert decided("git::https://github.com/cisagov/ci-iam-user-tf-module?ref=3ad1f79").creates


def test_the_same_behaviour_is_a_candidate_once() -> None:
    for module in MODULES:
        for repository in module.repositories:
            candidates = match(_with_ref(repository, "main")).candidates
            assert len({repr(c.keys) for c in candidates}) == len(candidates)


@pytest.mark.parametrize(
    ("source", "version", "inputs", "left"),
    [
        (IAM_COMMIT, None, {"create_iam_access_key"}, [">= 5.9, < 6.0", ">= 4.0, < 5.9", ">= 1.0, < 4.0", ">= 0.0.3, < 1.0"]),
        (IAM_COMMIT, None, {"name", "create_iam_access_key", "iam_access_key_status"}, [">= 5.9, < 6.0"]),
        (IAM_COMMIT, None, {"create_access_key"}, [">= 6.0"]),
        (SYSTEM_BRANCH, None, {"name", "iam_access_key_max_age"}, [">= 0.23, < 1.0"]),
        (IAM_USER, None, {"create_iam_access_key"}, [">= 5.9, < 6.0"]),
        (IAM_USER, ">= 3.0", {"create_iam_access_key", "iam_access_key_status"}, [">= 5.9, < 6.0"]),
        (IAM_USER, None, {"name", "create_access_key"}, [">= 6.0"]),
        (IAM_USER, None, {"name"}, [">= 6.0"]),
        (IAM_USER, None, {"create_access_key", "create_iam_access_key"}, [">= 6.0"]),
        (IAM_USER, ">= 6.0", {"create_iam_access_key"}, [">= 6.0"]),
        (IAM_USER, "~> 5.2.0", {"create_access_key"}, [">= 4.0, < 5.9"]),
        (IAM_USER, "5.60.0", {"create_access_key"}, [">= 5.9, < 6.0"]),
    ],
)
def test_inputs_that_the_call_sets_narrow_the_versions(source: str, version: str | None, inputs: set[str], left: list[str]) -> None:
    found = match(source, version).fitting(inputs)
    assert [c.range for c in found.candidates] == left
    assert (found.decided is not None) == (len(left) == 1)


def test_inputs_that_say_nothing_about_versions_change_nothing() -> None:
    assert match(IAM_COMMIT).fitting({"create_access_key", "create_iam_access_key"}) == match(IAM_COMMIT)
    for inputs in (set[str](), {"name", "tags"}, {"no_such_input"}):
        assert match(SYSTEM_BRANCH).fitting(inputs) == match(SYSTEM_BRANCH)


@pytest.mark.parametrize("version", ["> 5, < 5", "latest", "0.0.2"])
def test_versions_that_cannot_be_met_or_read_or_have_no_such_folder(version: str) -> None:
    found = match(IAM_USER, version)
    assert found.why is not None
    assert version in found.why.reason


def test_the_version_argument_does_not_count_for_repositories() -> None:
    assert decided(f"{ECR}?ref=5.3.0", "6.0.0").creates


# The table itself


def _with_ref(repository: str, ref: str) -> str:
    package, _, submodule = repository.partition("//")
    return f"git::https://{package}.git{'//' if submodule else ''}{submodule}?ref={ref}"


def ids(module: KnownModule) -> str:
    return module.name


@settings(max_examples=settings().max_examples // 5)
@given(version=versions)
@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_every_version_falls_in_one_range_once_the_module_exists(module: KnownModule, version: Version) -> None:
    first = module.versions[-1].interval.low
    assert sum(v.interval.holds(version) for v in module.versions) == (0 if first and version < first else 1)


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_every_entry_names_what_was_read(module: KnownModule) -> None:
    assert module.evidence
    assert any(re.search(r"\.tf\b", line) for line in module.evidence)
    assert any(v.creates for v in module.versions)


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_ranges_are_listed_from_the_newest(module: KnownModule) -> None:
    lows = [v.interval.low for v in module.versions]
    assert lows == sorted((low for low in lows if low), reverse=True) + [None] * lows.count(None)
    assert module.versions[0].interval.high is None


def test_there_are_enough_modules_in_order_and_no_address_twice() -> None:
    names = [module.name.lower() for module in MODULES]
    assert names == sorted(names)
    assert len(names) >= 25
    addresses = [a.lower() for module in MODULES for a in module.registries + module.repositories]
    assert len(addresses) == len(set(addresses))


def test_entries_are_found_without_reading_them_all() -> None:
    text = (ROOT / "posturio_iac/frontends/terraform/known_modules/known_modules.toml").read_text(encoding="utf-8")
    whole = read_modules(parse_toml(text, "table")["module"], "table")
    assert whole == MODULES
    fresh = load()
    for module in whole:
        for address in module.registries + module.repositories:
            assert match(address, table=fresh).module == module


# SearchTerms


def spellings(module: KnownModule) -> list[str]:
    found = []
    for address in module.registries:
        found += [address, f"registry.terraform.io/{address}", f"app.terraform.io/{address}"]
    for address in module.repositories:
        package, _, submodule = address.partition("//")
        inside = f"//{submodule}" if submodule else ""
        owner, name = package.split("/")[1:]
        found += [
            address,
            f"git::https://{package}.git{inside}?ref=v1.0.0",
            f"git::ssh://git@{package}.git{inside}",
            f"git@github.com:{owner}/{name}.git{inside}?ref=main",
            f"https://{package}/archive/refs/tags/v1.0.0.tar.gz//{name}-1.0.0/{submodule}",
            f"https://codeload.github.com/{owner}/{name}/zip/v1.0.0//*/{submodule}?archive=zip",
        ]
    return found + [f.lower() for f in found]


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_search_terms_are_in_every_spelling_of_a_source(module: KnownModule) -> None:
    for source in spellings(module):
        assert match(source).module == module
        assert any(search_term in source.lower().encode() for search_term in _search_terms.SEARCH_TERMS), source


def test_search_terms_are_not_in_common_sources() -> None:
    registry = b"terraform-aws-modules/s3-bucket/aws terraform-aws-modules/iam/aws//modules/iam-assumable-role cloudposse/label/null"
    assert [term for term in _search_terms.SEARCH_TERMS if term in registry + b" ./modules/user"] == []


def test_no_search_term_is_superfluous() -> None:
    assert not any(one in other for one in _search_terms.SEARCH_TERMS for other in _search_terms.SEARCH_TERMS if other != one)


# Entries of a configuration file


def entry(**changes: Any) -> dict[str, Any]:
    key = {"resource": "aws_iam_access_key.this", "enabled_by": ["enabled"], "defaults": {"enabled": True}}
    versions = [{"range": "< 2.0", "keys": [key]}, {"range": ">= 2", "creates": False}]
    return {name: value for name, value in {"registry": "acme/ci-user/aws", "versions": versions, **changes}.items() if value is not None}


def with_key(**changes: Any) -> dict[str, Any]:
    return entry(versions=[{"range": "*", "keys": [{"resource": "aws_iam_access_key.this", **changes}]}])


def test_configured_modules_are_known_too() -> None:
    table = load((entry(),))
    assert decided("app.terraform.io/acme/ci-user/aws", "~> 1.0", table).creates
    assert search_terms(table.modules[:1]) == (b"ci-user",)


def test_configured_modules_win() -> None:
    table = load((entry(registry=IAM_USER, versions=[{"range": "*", "creates": False}]),))
    assert not decided(IAM_USER, table=table).creates


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (entry(registry=None), "known_modules[0] names no module"),
        (entry(registry="./local"), '"./local" is no address of a registry'),
        (entry(registry=["acme/ci-user/aws", ""]), "registry must be text or a list of text"),
        (entry(registry=5), "known_modules[0].registry must be text or a list of text"),
        (entry(repository="acme/ci-user/aws"), '"acme/ci-user/aws" is no address of a repository'),
        (entry(repository="github.com/acme/ci-user?ref=v1"), "is no address of a repository"),
        (entry(version=[]), 'known_modules[0] (acme/ci-user/aws): unknown key version; did you mean "versions"?'),
        (entry(versions=None), "has no versions"),
        (entry(versions=[{"range": one, "creates": False} for one in ("*", "< 1")]), 'the ranges "< 1" and "*" have versions in common'),
        (entry(versions=[{"creates": False}]), '(acme/ci-user/aws).versions[0].range: "" is no range of versions'),
        (entry(versions=[{"range": "!= 1.0", "creates": False}]), '"!= 1.0" is no range of versions'),
        (entry(versions=[{"range": "*"}]), "versions[0] needs either keys or creates = false"),
        (entry(versions=[{"range": "*", "creates": True}]), "versions[0] creates keys but has no keys"),
        (entry(versions=[{"range": "*", "creates": "no"}]), "versions[0].creates must be true or false"),
        (with_key() | {"versions": [with_key()["versions"][0] | {"gone": True}]}, "versions[0] needs either keys or creates = false"),
        (entry(registry=None, versions=None, creates=False), "known_modules[0] must name a registry or a repository"),
        (entry(registry="acme/*", creates=False), "known_modules[0]: unknown key versions"),
        (entry(versions=["*"]), "versions[0] must be a table"),
        (entry(versions={"range": "*"}), "versions must be an array of tables"),
        (with_key(resource="aws_iam_user.this"), "keys[0].resource must be the address of a key"),
        (with_key(enabled_by=["a b"]), 'keys[0]: "a b" is no name of an input'),
        (with_key(defaults={"enabled": True}), "keys[0].defaults: nothing depends on enabled"),
        (with_key(enabled_by=["each.on"]), "keys[0] speaks of each element, but each is not set"),
        (with_key(max_age=True), "keys[0].max_age must be the name of an input or a number of seconds"),
        (with_key(fixed_tags={"a": 1}), "keys[0].fixed_tags.a must be text"),
        (with_key(enabled=["x"]), 'keys[0]: unknown key enabled; did you mean "enabled_by"?'),
    ],
)
def test_mistakes_in_configured_modules_are_named(bad: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        load((bad,))
    assert said in str(caught.value)
    assert "known_modules[0]" in str(caught.value)


def test_the_second_entry_is_named_as_such() -> None:
    with pytest.raises(UsageError, match=re.escape("known_modules[1]")):
        load((entry(), entry(versions=[])))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Azure/aks/azurerm", True),
        ("Azure/gateway/aws", False),
        ("git::https://github.com/Azure/terraform-azurerm-aks.git?ref=v1", True),
        ("terraform-google-modules/network/google//modules/vpc", True),
        ("terraform-google-modules/federation/aws", False),
        ("terraform-aws-modules/iam/aws//modules/iam-user", False),
    ],
)
def test_the_modules_of_a_vendor_make_no_key_where_they_are_for_its_own_cloud(source: str, expected: bool) -> None:
    assert makes_no_key(source) is expected
