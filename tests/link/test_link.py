"""How deployed keys, states and code are joined."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.core.evidence.reason import OpenCause
from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.core.model import AccessKey, Consumer, Declaration, Effect, Unknown
from posturio_iac.core.place import Place, TagOrigin
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import AS_STATED, MAY_BE_SET, STACKS_NOT_ASKED
from posturio_iac.link.declared import Code, StackKey, Stacks, missing, told
from posturio_iac.link.linker import Linker, held
from posturio_iac.link.state import StateKey, TerraformState
from tests.support.keys import UNKNOWN, access_key, enforced, expires, flagged, inert, rotates, run, span

ADDRESS = "aws_iam_access_key.ci"
ID, OTHER = "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPL2"
ACCOUNT = "123456789012"
NOWHERE = Stacks(ask=False)


def code(*lifetimes: Any, **changes: Any) -> AccessKey:
    return access_key(*lifetimes, **{"address": ADDRESS, "owner": None, **changes})


def deployed(key_id: str | None = ID, user: str = "ci", **changes: Any) -> AccessKey:
    label = key_id or changes.pop("label", "key-1")
    address = f"arn:aws:iam::{ACCOUNT}:user/{user}/{label}"
    fields = {
        "framework": "aws",
        "address": address,
        "span": None,
        "user": user,
        "key_id": key_id,
        "account": ACCOUNT,
        "user_address": None,
    }
    return access_key(**{**fields, **changes})


def state(*keys: tuple[str, str | None, str | None], label: str = "x.tfstate") -> TerraformState:
    return TerraformState(label, tuple(StateKey(address, key_id, user, "Active") for address, key_id, user in keys))


def declaration(found: AccessKey) -> Declaration:
    assert found.declaration is not None
    return found.declaration


def open_(found: AccessKey) -> Unknown:
    assert isinstance(found.managed, Unknown)
    return found.managed


def link(key: AccessKey, *declared: AccessKey, states: tuple[TerraformState, ...] = (), **more: Any) -> AccessKey:
    linker = Linker(Code(declared, **more.pop("code", {})), states, more.pop("stacks", NOWHERE), more.pop("unread", ()))
    (found,) = linker.linked([key], more.pop("answers", None))
    assert not more
    return found


def test_a_key_of_a_module_that_is_not_here_stands_at_its_call() -> None:
    call = code(address="module.ci_user", span=span(9))
    found = link(deployed(), call, states=(state((f"module.ci_user.{ADDRESS}[0]", ID, "ci")),))
    assert found.span == span(9)
    assert describe(found.remedies.disable).startswith("switch it off through the inputs of module.ci_user (iam.tf:9) and apply (")
    assert describe(found.remedies.remove) == "remove module.ci_user (iam.tf:9) from the code"
    assert declaration(found).exact


class TestRoots:
    """A monorepo in which the same address stands in several root modules."""

    dev = code(scope="envs/dev", span=span(3, "envs/dev/iam.tf"), user="ci-dev")
    prod = code(scope="envs/prod", span=span(3, "envs/prod/iam.tf"), user="ci-prod")

    def places(self, state_: TerraformState, *keys: AccessKey, root: str = "") -> list[str]:
        (one,) = held(state_, Code(keys, root=root))[:1]
        return [declared.scope for declared in one.code]

    def test_the_name_of_the_user_decides(self) -> None:
        assert self.places(state((ADDRESS, ID, "ci-prod")), self.dev, self.prod) == ["envs/prod"]

    def test_a_name_that_the_code_fixes_is_preferred_to_one_that_it_leaves_open(self) -> None:
        dev = replace(self.dev, user=UNKNOWN)
        assert self.places(state((ADDRESS, ID, "ci-prod")), dev, self.prod) == ["envs/prod"]
        assert self.places(state((ADDRESS, ID, "ci-dev")), dev, self.prod) == ["envs/dev"]

    def test_the_root_that_declares_more_of_the_state_decides(self) -> None:
        keys = [replace(key, user=UNKNOWN) for key in (self.dev, self.prod)]
        more = replace(keys[1], address="aws_iam_access_key.more")
        two = state((ADDRESS, ID, "ci"), ("aws_iam_access_key.more", OTHER, "more"))
        assert self.places(two, *keys, more) == ["envs/prod"]

    def test_where_nothing_decides_all_remain(self) -> None:
        keys = [replace(key, user=UNKNOWN) for key in (self.dev, self.prod)]
        assert self.places(state((ADDRESS, ID, "ci")), *keys) == ["envs/dev", "envs/prod"]
        found = link(deployed(), *keys, states=(state((ADDRESS, ID, "ci")),))
        assert found.span is None
        assert [place.text() for place in declaration(found).places] == [
            f"{ADDRESS} (envs/dev/iam.tf:3)", f"{ADDRESS} (envs/prod/iam.tf:3)",
        ]  # fmt: skip
        assert not declaration(found).exact
        assert found.managed is True

    @pytest.mark.parametrize("path", ["envs/prod/terraform.tfstate", "envs/prod/terraform.tfstate.d/eu/terraform.tfstate"])
    def test_a_state_belongs_to_the_root_that_it_lies_in(self, tmp_path: Path, path: str) -> None:
        (tmp_path / path).parent.mkdir(parents=True)
        keys = [replace(key, user=UNKNOWN) for key in (self.dev, self.prod)]
        assert self.places(state((ADDRESS, ID, "ci"), label=str(tmp_path / path)), *keys, root=str(tmp_path)) == ["envs/prod"]

    def test_one_block_of_a_shared_module_is_one_place(self) -> None:
        keys = [replace(key, span=span(7, "modules/ci/main.tf"), user=UNKNOWN) for key in (self.dev, self.prod)]
        found = link(deployed(), *keys, states=(state((ADDRESS, ID, "ci")),))
        assert found.span == span(7, "modules/ci/main.tf")
        assert declaration(found).exact

    def test_callers_that_say_different_things_say_nothing(self) -> None:
        dev, prod = (replace(key, span=span(7, "m.tf"), user=UNKNOWN) for key in (self.dev, self.prod))
        found = link(deployed(), replace(dev, lifetimes=(enforced(20),)), prod, states=(state((ADDRESS, ID, "ci")),))
        assert found.lifetimes == ()

    def test_a_declaration_of_another_user_is_none(self) -> None:
        found = link(deployed(), self.dev, states=(state((ADDRESS, ID, "ci-prod")),))
        assert declaration(found).places[0].span is None
        assert found.managed is True


def test_an_id_in_two_states_is_said() -> None:
    states = (state((ADDRESS, ID, "ci"), label="a"), state(("aws_iam_access_key.new", ID, "ci"), label="b"))
    found = link(deployed(), states=states)
    assert declaration(found).text() == f"is likely declared by {ADDRESS} or aws_iam_access_key.new, as states a, b says"


def test_a_declaration_that_a_state_gives_to_another_key_of_the_account_is_taken() -> None:
    linker = Linker(Code([code()]), (state((ADDRESS, ID, "ci")),), NOWHERE)
    ours, by_hand = linker.linked([deployed(), deployed(OTHER)])
    assert (ours.managed, by_hand.managed) == (True, False)
    assert by_hand.declaration is None


def test_a_declaration_that_a_state_gives_to_a_key_of_another_account_is_still_likely() -> None:
    found = link(deployed(), code(), states=(state((ADDRESS, OTHER, "ci")),))
    assert not declaration(found).exact
    assert found.managed is True


@pytest.mark.parametrize("label", ["key-1", "key-2"])
def test_a_key_without_id_is_likely_the_one_of_the_state_when_there_are_as_many(label: str) -> None:
    linker = Linker(Code(), (state((ADDRESS, ID, "ci")),), NOWHERE)
    one = deployed(None, label=label)
    (found,) = linker.linked([one])
    assert (found.managed, linker.undecided([one])) == (True, frozenset())
    two = [deployed(None, label=name) for name in ("key-1", "key-2")]
    assert all(isinstance(key.managed, Unknown) for key in linker.linked(two))
    assert linker.undecided(two) == {key.address for key in two}


@pytest.mark.parametrize(("stacks", "wanted"), [(NOWHERE, False), (Stacks(), True)])
def test_ids_of_keys_that_no_code_declares_are_needed_only_to_ask_cloudformation(stacks: Stacks, *, wanted: bool) -> None:
    key = deployed(None)
    assert bool(Linker(Code([code(user="other")]), (), stacks).undecided([key])) is wanted


def test_the_end_of_a_user_of_another_account_is_another() -> None:
    linker = Linker(Code([code()]), (), NOWHERE)
    here, there = linker.linked([deployed(), deployed(OTHER, account="210987654321")])
    assert (here.managed, there.managed) == (True, True), "one declaration, deployed into two accounts"


class TestDoubts:
    """What leaves it open whether code declares a key."""

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({"unread": ("cut.tfstate is no JSON",)}, "cut.tfstate is no JSON"),
            ({"code": {"unread": ("iam.tf:3: no HCL",)}}, "iam.tf:3: no HCL"),
            ({"stacks": Stacks()}, "CloudFormation was not asked about it"),
            ({"stacks": Stacks(), "answers": {ID: AS_STATED("it is denied")}}, "it is denied"),
        ],
    )
    def test_what_was_not_read(self, more: dict[str, Any], said: str) -> None:
        found = link(deployed(), **more)
        assert open_(found).reason == said
        assert "unmanaged_access_keys" not in flagged(found)
        assert run(found).keys[0].undecided[-1].endswith(said)

    def test_a_declaration_whose_user_is_open(self) -> None:
        found = link(deployed(user="hand"), code(user=UNKNOWN))
        assert open_(found).reason.startswith(f"{ADDRESS} (iam.tf:5) declares a key of a user whose name is not known from the code (var.x")

    def test_a_declaration_whose_user_gets_a_generated_name(self) -> None:
        found = link(deployed(user="hand"), code(user=None))
        assert open_(found).reason == f"{ADDRESS} (iam.tf:5) declares a key of a user whose name is generated"

    def test_the_reason_keeps_the_cause_of_what_is_open(self) -> None:
        """JSON tells it, so that one can count what is open by cause."""
        open_user, asked = link(deployed(user="hand"), code(user=MAY_BE_SET("var.x"))).managed, link(deployed(), stacks=Stacks()).managed
        assert isinstance(open_user, Unknown)
        assert (open_user.cause, open_user.subject) == (OpenCause.INPUT, "var.x")
        assert asked == STACKS_NOT_ASKED()

    @pytest.mark.parametrize(
        ("unread", "said"),
        [(("a", "b"), "a; b"), (("a", "b", "c"), "a; and 2 more reasons"), (("a", "b", "c", "d"), "a; and 3 more reasons")],
    )
    def test_of_several_reasons_two_are_named_or_one_and_a_number(self, unread: tuple[str, ...], said: str) -> None:
        found = link(deployed(), unread=unread)
        assert open_(found).reason == said

    def test_a_state_settles_whose_its_declarations_are(self) -> None:
        assert link(deployed(user="hand"), code(user=UNKNOWN), states=(state((ADDRESS, OTHER, "ci")),)).managed is False

    def test_a_state_that_fits_several_roots_settles_none_of_them(self) -> None:
        roots = [code(user=UNKNOWN, scope=scope, span=span(3, f"{scope}/iam.tf")) for scope in ("dev", "prod")]
        assert isinstance(link(deployed(user="hand"), *roots, states=(state((ADDRESS, OTHER, "ci")),)).managed, Unknown)

    @pytest.mark.parametrize(("regions", "managed"), [((), None), (("us-east-1",), False)])
    def test_a_template_whose_user_is_open_is_settled_in_the_regions_that_were_named(self, regions: tuple[str, ...], managed: Any) -> None:
        template = code(framework="cloudformation", address="Key", user=UNKNOWN)
        found = link(deployed(user="hand"), template, stacks=Stacks(regions=regions), answers={ID: None})
        assert (None if isinstance(found.managed, Unknown) else found.managed) is managed

    def test_a_root_key_is_none_of_them(self) -> None:
        assert link(deployed(is_root=True, user="root")).managed is None


class TestStacks:
    answer = StackKey("mail", "eu-west-1", "Key")

    def test_nested_stacks_and_constructs_are_found_by_the_logical_id(self) -> None:
        for address in ("Key", "Mail/Inner/Key", "Key (Mail/Ci/Key)"):
            template = code(framework="cloudformation", address=address, user=UNKNOWN)
            found = link(deployed(), template, stacks=Stacks(), answers={ID: self.answer})
            assert found.span == span(), address

    def test_a_template_of_another_user_is_none(self) -> None:
        template = code(framework="cloudformation", address="Key", user="other")
        found = link(deployed(), template, stacks=Stacks(), answers={ID: self.answer})
        assert declaration(found).places[0].text() == "mail/Key"
        assert describe(found.remedies.replace) == "raise Serial of mail/Key by one and deploy the stack, which replaces the key"

    def test_a_stack_without_the_resource_is_named(self) -> None:
        found = link(deployed(), stacks=Stacks(), answers={ID: StackKey("big", "eu-west-1", "")})
        assert declaration(found).places[0].text() == "big"


class TestEvidence:
    """What the code says about the lifetime of a key."""

    states = (state((ADDRESS, ID, "ci")),)
    tag = TagOrigin("expires", "aws_iam_user.ci")

    def test_of_an_exact_link_it_counts(self) -> None:
        found = link(deployed(), code(enforced(20)), states=self.states)
        assert [e.effect for e in found.lifetimes] == [Effect.ENFORCED]

    def test_of_a_likely_link_it_may_hold(self) -> None:
        (evidence,) = link(deployed(), code(enforced(20))).lifetimes
        assert (evidence.effect, evidence.effect_if_ours) == (Effect.UNKNOWN, Effect.ENFORCED)
        assert evidence.why == f"{ADDRESS} declares it only likely"

    def test_what_never_fires_and_what_cannot_be_read_is_left_to_the_scan(self) -> None:
        assert link(deployed(), code(inert()), states=self.states).lifetimes == ()

    def test_a_tag_is_as_aws_has_it(self) -> None:
        key = deployed(tags=(("expires", "2027-01-31"),))
        assert link(key, code(expires("2026-01-31", origin=self.tag)), states=self.states).lifetimes == ()

    def test_a_tag_that_aws_does_not_have_yet_counts(self) -> None:
        assert len(link(deployed(), code(expires("2026-01-31", origin=self.tag)), states=self.states).lifetimes) == 1

    def test_a_tag_of_unknown_value_is_not_there_when_aws_has_none(self) -> None:
        open_ = replace(rotates(None), effect=Effect.UNKNOWN)
        assert link(deployed(), code(open_), states=self.states).lifetimes == ()
        assert len(link(deployed(unknown_sources=(UNKNOWN,)), code(open_), states=self.states).lifetimes) == 1

    def test_an_owner_that_only_code_names_counts(self) -> None:
        assert link(deployed(owner=None), code(owner="@acme/payments"), states=self.states).owner == "@acme/payments"
        assert link(deployed(owner="tagged"), code(owner="@acme/payments"), states=self.states).owner == "tagged"


def test_the_linker_travels_between_processes() -> None:
    linker = Linker(Code([code(enforced(20))], folders=["infra"]), (state((ADDRESS, ID, "ci")),), Stacks(regions=("eu-west-1",)), ("x",))
    copy = pickle.loads(pickle.dumps(linker))  # noqa: S301 - our own
    key = deployed()
    assert copy.linked([key]) == linker.linked([key])
    assert (copy.unread, copy.stacks.regions, copy.ids) == (("x",), ("eu-west-1",), (ID,))


def test_a_missing_key_of_a_user_who_was_not_asked_about_is_not_claimed() -> None:
    linker = Linker(Code(), (state((ADDRESS, ID, "ci"), ("aws_iam_access_key.b", OTHER, "b")),), NOWHERE)
    gone, open_ = missing(linker.held, [deployed(None)])
    assert ([one.key.user for one in gone], open_) == (["b"], 1)


@pytest.mark.parametrize(
    ("account", "complete", "said"),
    [
        (ACCOUNT, True, "but AWS does not have it: the next apply creates a new one"),
        (ACCOUNT, False, "but AWS does not have it: the next apply creates a new one"),
        (None, True, "but no account that was read has it: it is gone, or belongs to another account"),
        (None, False, "one access key of a state belongs to accounts that were not read in full"),
        ("210987654321", True, "one access key of a state belongs to accounts that were not read in full"),
    ],
)
def test_what_is_said_of_a_missing_key(account: str | None, said: str, *, complete: bool) -> None:
    (one,) = Linker(Code([code()]), (state((ADDRESS, ID, "ci")),), NOWHERE).held
    (note,) = told([(one, account)], [ACCOUNT], complete=complete)
    assert note.message.endswith(said)
    assert note.message.startswith((f"{ADDRESS} (iam.tf:5) declares the access key {ID} of user ci (state", "one access key of"))


def test_what_gets_the_secret_comes_from_code_that_surely_declares_the_key() -> None:
    given, other = (Consumer(name, Place(f"{name}.x", span(9))) for name in ("gitlab", "github"))
    mine = code(consumers=(given,))
    ids = state((ADDRESS, ID, "ci"))
    assert link(deployed(), mine, states=(ids,)).consumers == (given,)
    assert link(deployed(), mine, code(scope="b", consumers=(other,)), states=(ids,)).consumers == ()
    likely = link(deployed(), mine)
    assert not declaration(likely).exact
    assert likely.consumers == ()


@pytest.mark.parametrize("kind", ["several callers", "several instances", "instances that only the state knows"])
def test_a_block_that_makes_other_keys_is_not_changed_as_a_whole(kind: str) -> None:
    each = [code(address=f'{ADDRESS}["{name}"]', user=name) for name in ("ci", "mail")]
    declared = {"several callers": [code(scope="a"), code(scope="b", user="mail")], "several instances": each}.get(
        kind, [code(user=UNKNOWN)]
    )
    address = ADDRESS if kind == "several callers" else f'{ADDRESS}["ci"]'
    found = link(deployed(), *declared, states=(state((address, ID, "ci"), (f'{ADDRESS}["mail"]', OTHER, "mail")),))
    assert declaration(found).exact
    change = f'set status = "Inactive" for {address} (iam.tf:5) alone, whose block makes other keys too, and apply'
    assert describe(found.remedies.disable).startswith(change)
    assert describe(found.remedies.remove) == f"remove {address} (iam.tf:5) alone, whose block makes other keys too, from the code"
