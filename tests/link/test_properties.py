"""Whatever is deployed, declared and held: what the id says is certain, and nothing is claimed that could be otherwise."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.model import AccessKey, Unknown
from posturio_iac.link.declared import Code, Stacks
from posturio_iac.link.linker import Linker
from posturio_iac.link.state import StateKey, TerraformState
from tests.support.keys import UNKNOWN, access_key, enforced, span

USERS = ("ann", "ben", "cat")
IDS = tuple(f"AKIA{number:016d}" for number in range(6))
CHANGED = {"span", "remedies", "lifetimes", "owner", "directives", "declaration", "managed"}  # what a link may change of a key


@st.composite
def deployed(draw: st.DrawFn) -> list[AccessKey]:
    """The keys of two accounts, some of which only the report has told of."""
    keys = []
    for key_id in draw(st.lists(st.sampled_from(IDS), unique=True, max_size=5)):
        user, account, known = draw(st.sampled_from(USERS)), draw(st.sampled_from(("111111111111", "222222222222"))), draw(st.booleans())
        address = f"arn:aws:iam::{account}:user/{user}/{key_id if known else f'key-{key_id[-1]}'}"
        keys.append(
            access_key(
                address=address, framework="aws", span=None, user=user, account=account, key_id=key_id if known else None, owner=None,
            )
        )  # fmt: skip
    return keys


@st.composite
def declared(draw: st.DrawFn) -> list[AccessKey]:
    found = []
    for line in range(1, draw(st.integers(0, 4)) + 1):
        user = draw(st.sampled_from((*USERS, UNKNOWN)))
        evidence = draw(st.sampled_from(((), (enforced(20),), (enforced(400),))))
        scope = draw(st.sampled_from(("a", "b")))
        found.append(access_key(*evidence, address=f"aws_iam_access_key.k{line % 3}", user=user, scope=scope, span=span(line)))
    return found


states = st.lists(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(IDS), st.sampled_from(USERS)), max_size=3, unique_by=lambda key: key[1]).map(
        lambda keys: TerraformState(
            "x.tfstate", tuple(StateKey(f"aws_iam_access_key.k{n}", key_id, user, "Active") for n, key_id, user in keys)
        )
    ),
    max_size=2,
)


@given(deployed(), declared(), states, st.booleans())
def test_links(keys: list[AccessKey], code: list[AccessKey], held: list[TerraformState], ask: bool) -> None:
    linker = Linker(Code(code), held, Stacks(ask=ask))
    linked = linker.linked(keys)
    known = {key.key_id for state in held for key in state.keys}
    for before, after in zip(keys, linked, strict=True):
        assert all(getattr(before, name) == getattr(after, name) for name in AccessKey.__match_args__ if name not in CHANGED)
        declaration = after.declaration
        if before.key_id in known:
            assert after.managed is True
            assert declaration is not None
            assert declaration.source.startswith("state")
        elif declaration is not None:
            assert not declaration.exact, "only an id is certain"
        assert (after.span is not None) <= (declaration is not None and declaration.place is not None)
        if after.managed is False:
            assert declaration is None
            assert not ask, "a stack may declare it"
            assert not any(isinstance(key.user, Unknown) and not _settled(key, linker) for key in code)
        if any(evidence.effect.value == "enforced" for evidence in after.lifetimes):
            assert declaration is not None
            assert declaration.exact, "what is only likely decides nothing"


def _settled(key: AccessKey, linker: Linker) -> bool:
    return any(key is declared for one in linker.held for declared in one.code if len({other.scope for other in one.code}) == 1)


@given(deployed(), declared(), states)
def test_the_order_of_what_is_given_changes_nothing(keys: list[AccessKey], code: list[AccessKey], held: list[TerraformState]) -> None:
    one = {key.address: key for key in Linker(Code(code), held, Stacks()).linked(keys)}
    other = {key.address: key for key in Linker(Code(code), held, Stacks()).linked(keys[::-1])}
    assert one == other
