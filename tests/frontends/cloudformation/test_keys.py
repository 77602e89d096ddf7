"""What templates say about a key: its user, its lifetimes, its owner, where its secret goes."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from posturio_iac.core.finding import Level
from posturio_iac.core.model import AccessKey, Effect, Kind, Unknown
from tests.support.cloudformation_reading import key, keys, reading

USER = """\
Resources:
  User:
    Type: AWS::IAM::User
    Properties:
      UserName: ci
      Tags: {tags}
  Key:
    Type: AWS::IAM::AccessKey
    Properties: {{UserName: {user}}}
"""


def lifetimes(found: AccessKey) -> list[tuple[Kind, Effect, str]]:
    return [(e.kind, e.effect, e.source) for e in found.lifetimes]


@pytest.mark.parametrize("user", ["!Ref User", "ci", "!Sub '${User}'", "!GetAtt User.Arn", "!Join ['', [!Ref User]]"])
def test_a_key_finds_its_user_by_reference_and_by_value(tmp_path: Path, user: str) -> None:
    text = USER.format(tags="[{Key: Expires, Value: 2027-01-31}]", user=user)
    found = key(tmp_path, text)
    assert (found.user, found.user_address) == ("ci", "User")
    assert lifetimes(found) == [(Kind.EXPIRY, Effect.DECLARED, 'tag "Expires" of User')]
    assert found.lifetimes[0].at == datetime(2027, 2, 1, tzinfo=timezone.utc)
    assert found.unknown_sources == ()
    assert found.tags == (("Expires", "2027-01-31"),)


def test_a_user_is_found_by_an_equal_expression(tmp_path: Path) -> None:
    name = "!Sub '${AWS::StackName}-ci'"
    user = f"U: {{Type: AWS::IAM::User, Properties: {{UserName: {name}}}}}"
    text = f"Resources:\n  {user}\n  K: {{Type: AWS::IAM::AccessKey, Properties: {{UserName: {name}}}}}\n"
    assert key(tmp_path, text).user_address == "U"


NAMING = "Resources: {K: {Type: AWS::IAM::AccessKey, Properties: {UserName: bob}}}"


@pytest.mark.parametrize(
    ("more", "open_"),
    [
        ("", ()),
        (", Tags: [{Key: expires, Value: 2027-01-31}]", ("expires=2027-01-31",)),
        (", Tags: [{Key: expires, Value: 2027-01-31}, {Key: owner, Value: ops}]", ("expires=2027-01-31 and owner=ops",)),
    ],
)
def test_a_user_of_the_same_name_in_another_stack_is_another_one(tmp_path: Path, more: str, open_: tuple[str, ...]) -> None:
    user = f"{{Type: AWS::IAM::User, Properties: {{UserName: bob{more}}}}}"
    other = f"Resources: {{U: {user}, K: {{Type: AWS::IAM::AccessKey, Properties: {{UserName: !Ref U}}}}}}"
    found = {k.scope: k for k in reading(tmp_path, {"a.yaml": NAMING, "b.yaml": other}).keys}
    one = found["a.yaml"]
    assert (one.user, one.user_address, one.lifetimes, one.active_siblings) == ("bob", None, (), ())
    assert found["b.yaml"].active_siblings == ()
    reasons = [f'a user "bob" is declared in b.yaml:1 with {what}, which may be another account' for what in open_]
    assert [h.reason for h in one.unknown_sources] == reasons
    assert isinstance(one.owner, Unknown) is ("owner" in more)


def test_what_another_resource_names_is_another_user_in_each_nested_stack(tmp_path: Path) -> None:
    user = "{Type: AWS::IAM::AccessKey, Properties: {UserName: !GetAtt Maker.Name}}"
    stack = f"Resources: {{Maker: {{Type: AWS::Lambda::Function}}, K: {user}, L: {user}}}"
    nested = "{Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: stack.yaml}}"
    found = reading(tmp_path, {"stack.yaml": stack, "main.yaml": f"Resources: {{A: {nested}, B: {nested}}}"}).keys
    siblings = {f"{one}/{key}": (f"{one}/{other} (stack.yaml:1)",) for one in "AB" for key, other in ("KL", "LK")}
    assert {k.address: k.active_siblings for k in found} == siblings


def test_two_stacks_with_keys_of_one_name_have_two_users(tmp_path: Path) -> None:
    found = reading(tmp_path, {"a/stack.yaml": NAMING, "b/stack.yaml": NAMING}).keys
    assert [k.active_siblings for k in found] == [(), ()]
    nesting = "Resources:\n  A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: a/stack.yaml}}\n"
    nesting += "  B: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: b/stack.yaml}}\n"
    nested = reading(tmp_path, {"a/stack.yaml": NAMING, "b/stack.yaml": NAMING, "main.yaml": nesting}).keys
    assert {k.address: k.active_siblings for k in nested} == {"A/K": ("B/K (b/stack.yaml:1)",), "B/K": ("A/K (a/stack.yaml:1)",)}


@pytest.mark.parametrize(
    "user", ["bob", "!Sub bob", "!ImportValue x", "!ImportValue {'Fn::Sub': 'x'}", "'{{resolve:ssm:/iam/user}}'", "!Join ['', [b, ob]]"]
)
def test_a_user_that_other_code_declares_is_no_excuse(tmp_path: Path, user: str) -> None:
    found = key(tmp_path, f"Resources: {{K: {{Type: AWS::IAM::AccessKey, Properties: {{UserName: {user}}}}}}}")
    assert (found.lifetimes, found.unknown_sources, found.owner) == ((), (), None)
    assert found.unseen_tags is not None
    assert "is declared elsewhere, so its tags cannot be seen" in found.unseen_tags.reason


@pytest.mark.parametrize("user", ["!Ref P", "!Ref D", "!ImportValue {'Fn::Sub': '${P}-x'}", "!Sub '${D}-x'", "!Sub '${AWS::StackName}'"])
def test_a_user_that_is_chosen_at_deployment_may_carry_a_lifetime(tmp_path: Path, user: str) -> None:
    parameters = "Parameters: {P: {Type: String}, D: {Type: String, Default: bob}}"
    found = key(tmp_path, f"{parameters}\nResources: {{K: {{Type: AWS::IAM::AccessKey, Properties: {{UserName: {user}}}}}}}")
    assert found.lifetimes == ()
    assert "tags cannot be seen" in found.unknown_sources[0].reason
    assert isinstance(found.owner, Unknown)


@pytest.mark.parametrize(
    ("tags", "effects", "hidden"),
    [
        ("[]", [], 0),
        ("[{Key: Cost, Value: 7}]", [], 0),
        ("[{Key: rotation, Value: 90d}]", [Effect.DECLARED], 0),
        ("[{Key: rotation, Value: !Ref P}]", [Effect.UNKNOWN], 0),
        ("[{Key: expires, Value: soon}]", [Effect.UNREADABLE], 0),
        ("[{Key: rotation, Value: off}]", [Effect.INERT], 0),
        ("[!If [Open, {Key: rotation, Value: 90d}, !Ref AWS::NoValue]]", [Effect.UNKNOWN], 0),
        ("[!If [Yes, {Key: rotation, Value: 90d}, !Ref AWS::NoValue]]", [Effect.DECLARED], 0),
        ("!If [Open, [{Key: rotation, Value: 90d}], [{Key: rotation, Value: 9d}]]", [Effect.UNKNOWN, Effect.UNKNOWN], 0),
        ("[{Key: !Ref P, Value: x}]", [], 1),
        ("!Ref P", [], 1),
        ("{Fn::Transform: {Name: x}}", [], 1),
    ],
)
def test_tags_count_as_far_as_they_are_certain(tmp_path: Path, tags: str, effects: list[Effect], hidden: int) -> None:
    more = "Parameters: {P: {Type: String}}\nConditions: {Yes: !Equals [a, a], Open: !Equals [a, !Ref P]}\n"
    found = key(tmp_path, USER.format(tags=tags, user="!Ref User") + more)
    assert [e.effect for e in found.lifetimes] == effects
    assert len(found.unknown_sources) == hidden


@pytest.mark.parametrize(
    ("metadata", "kinds"),
    [
        ("{Posturio: {Expires: 2027-01-31}}", [Kind.EXPIRY]),
        ("{posturio: {rotate-every: 12w, Owner: x}}", [Kind.ROTATION]),
        ("{expires: 2027-01-31, other: {expires: 1}, list: [expires]}", [Kind.EXPIRY]),
        ("{IKR:ROTATE_AFTER_DAYS: 30}", [Kind.ROTATION]),
        ("{cfn-lint: {config: {}}}", []),
    ],
)
def test_metadata_of_the_key_is_read_below_posturio_and_flat(tmp_path: Path, metadata: str, kinds: list[Kind]) -> None:
    made = f"{{Type: AWS::IAM::AccessKey, Metadata: {metadata}, Properties: {{UserName: !Ref U}}}}"
    found = key(tmp_path, f"Resources:\n  U: {{Type: AWS::IAM::User}}\n  K: {made}\n")
    assert [e.kind for e in found.lifetimes] == kinds
    assert all(e.effect is Effect.DECLARED and e.span is not None and e.span.line == 3 for e in found.lifetimes)


COMMENTED = """\
# posturio: owner=nobody
Resources:
  User: {Type: AWS::IAM::User}   # posturio: owner=other

  # posturio: rotation=60d
  # This one is rotated by hand.
  Key:  # posturio: owner=payments@example.com
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref User
      Serial: "# posturio: expires=2027-01-31"
    # posturio:ignore[iam.expired_access_keys] reason="moves to roles" until=2027-03-01
  # posturio: expires=2027-01-31
  Other: {Type: AWS::S3::Bucket}
"""


def test_comments_on_above_and_inside_a_key_belong_to_it_and_others_do_not(tmp_path: Path) -> None:
    found = key(tmp_path, COMMENTED)
    assert lifetimes(found) == [(Kind.ROTATION, Effect.DECLARED, 'comment "rotation"')]
    assert found.owner == "payments@example.com"
    (directive,) = found.directives
    said = ("iam.expired_access_keys",), "moves to roles", 12, "comment"
    assert (directive.rules, directive.reason, directive.span.line, directive.source) == said
    assert any("a comment speaks of rotation" in note for note in found.notes)


def test_metadata_ignores_rules_with_a_reason(tmp_path: Path) -> None:
    text = """\
    Resources:
      U: {Type: AWS::IAM::User}
      K:
        Type: AWS::IAM::AccessKey
        Metadata:
          Posturio:
            Ignore:
              - {Rule: iam.ownerless_access_keys, Reason: shared, Until: 2027-01-01}
              - {Rules: [expired_access_keys, iam.root_access_keys], Reason: old, Until: later}
              - {Rule: iam.ownerless_access_keys}
              - {Rule: iam.misspelt, Reason: x}
              - iam.ownerless_access_keys
              - {Reason: x, Rulez: y}
            Expiry: 2027-01-31
            Nonsense: 1
        Properties: {UserName: !Ref U}
    """
    found = reading(tmp_path, {"t.yaml": text})
    first, second = found.keys[0].directives
    said = ("iam.ownerless_access_keys",), "shared", datetime(2027, 1, 2, tzinfo=timezone.utc), "metadata", 8
    assert (first.rules, first.reason, first.until, first.source, first.span.line) == said
    assert second.rules == ("iam.expired_access_keys", "iam.root_access_keys")
    assert isinstance(second.until, Unknown)
    assert [(d.level, d.line) for d in found.diagnostics] == [(Level.WARNING, n) for n in (10, 11, 12, 13, 13, 15)]


def test_a_serial_is_described_and_does_not_count(tmp_path: Path) -> None:
    found = key(tmp_path, "Resources: {K: {Type: AWS::IAM::AccessKey, Properties: {UserName: u, Serial: 3}}}")
    assert (found.lifetimes, ["Serial 3 replaces the key" in note for note in found.notes]) == ((), [True])


ENDS = '{DateLessThan: {"aws:CurrentTime": 2027-01-01}}'
INLINE = "User, Properties: {Policies: [{PolicyDocument: {Statement: {Condition: %s}}}]}"
BESIDE = "%s, Properties: {%s, PolicyDocument: {Statement: {Condition: %s}}}"


@pytest.mark.parametrize(
    ("of", "noted"),
    [
        (INLINE % ENDS, ["the policy of P"]),
        (INLINE % '{DateGreaterThan: {"aws:CurrentTime": 2027-01-01}}', []),
        (INLINE % '{DateLessThan: {"aws:TokenIssueTime": 2027-01-01}}', []),
        (BESIDE % ("Policy", "Users: [!Ref U]", ENDS), ["the policy P"]),
        (BESIDE % ("ManagedPolicy", "Users: [!Ref U]", ENDS), ["the policy P"]),
        (BESIDE % ("UserPolicy", "UserName: !Ref U", ENDS), ["the policy P"]),
    ],
)
def test_only_a_permission_that_ends_is_noted(tmp_path: Path, of: str, noted: list[str]) -> None:
    user = "P" if of.startswith("User,") else "U"
    more = "" if user == "P" else "U: {Type: AWS::IAM::User}, "
    made = f"Key: {{Type: AWS::IAM::AccessKey, Properties: {{UserName: !Ref {user}}}}}"
    found = key(tmp_path, f"Resources: {{{more}P: {{Type: AWS::IAM::{of}}}, {made}}}")
    assert (found.lifetimes, [note.partition(" ends")[0] for note in found.notes]) == ((), noted)


def test_a_status_that_nothing_fixes_is_unknown(tmp_path: Path) -> None:
    found = key(tmp_path, "Resources: {K: {Type: AWS::IAM::AccessKey, Properties: {UserName: x, Status: !ImportValue s}}}")
    assert isinstance(found.status, Unknown)


def test_active_keys_of_one_user_are_siblings_unless_they_exclude_each_other(tmp_path: Path) -> None:
    text = """\
    Parameters: {P: {AllowedValues: [a, b]}}
    Conditions: {A: !Equals [!Ref P, a], B: !Equals [!Ref P, b]}
    Resources:
      U: {Type: AWS::IAM::User, Properties: {UserName: ci}}
      A: {Type: AWS::IAM::AccessKey, Condition: A, Properties: {UserName: !Ref U}}
      B: {Type: AWS::IAM::AccessKey, Condition: B, Properties: {UserName: ci}}
      C: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref U}}
      D: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref U, Status: Inactive}}
      E: {Type: AWS::IAM::AccessKey, Properties: {UserName: eve}}
    """
    found = keys(tmp_path, text)
    assert {name: k.active_siblings for name, k in found.items()} == {
        "A": ("C (template.yaml:7)",),
        "B": ("C (template.yaml:7)",),
        "C": ("A (template.yaml:5)", "B (template.yaml:6)"),
        "D": ("A (template.yaml:5)", "B (template.yaml:6)", "C (template.yaml:7)"),
        "E": (),
    }
