"""Finds the code of deployed keys: exactly by their ids, else by the names of their users; unknowns are stated. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict

from posturio_iac.core import unknown as why
from posturio_iac.core.model import SHOWN_PLACES, AccessKey, Declaration, KeyKind, Place, Unknown
from posturio_iac.core.record import grouped
from posturio_iac.link.declared import CLOUDFORMATION, Code, StackKey, Stacks, StateEntry, is_alike, may_be, places
from posturio_iac.link.merge import Link, merged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from posturio_iac.link.declared import Answers
    from posturio_iac.link.state import StateKey, TerraformState


def held(state: TerraformState, code: Code) -> tuple[StateEntry, ...]:
    """The keys of a state with their declarations in the root module that it lies in, or that fits its addresses and users best."""
    found = {key: [d for d in code.at(key.address) if may_be(d, key.user) and is_alike(d, key.kind, key.service)] for key in state.keys}
    best = _best(state, code, found)
    return tuple(
        StateEntry(key, state.label, tuple(declared for declared in candidates if declared.scope in best))
        for key, candidates in found.items()
    )


def _best(state: TerraformState, code: Code, found: dict[StateKey, list[AccessKey]]) -> frozenset[str]:
    declares: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for key, candidates in found.items():
        declares.update({declared.scope for declared in candidates})
        names.update({declared.scope for declared in candidates if key.user is not None and declared.user == key.user})
    home = code.folder_of(state.label)
    marks = {scope: ((scope or ".") == home, declares[scope], names[scope]) for scope in declares}
    most = max(marks.values(), default=None)
    return frozenset(scope for scope, mark in marks.items() if mark == most)


BY_NAME = "the name of its user"


class Linker:
    """Holds code and states. Plain data, which can be sent to other processes."""

    def __init__(
        self,
        code: Code,
        states: Sequence[TerraformState],
        stacks: Stacks,
        unread: Sequence[str] = (),
        accounts: Mapping[str, str] | None = None,
    ) -> None:
        self.accounts = dict(accounts or {})
        self.code, self.states, self.stacks, self.unread = code, tuple(states), stacks, tuple(unread)
        self._by_id: defaultdict[str, list[StateEntry]] = defaultdict(list)
        self._by_user: defaultdict[str, list[StateEntry]] = defaultdict(list)
        self._made = Counter(declared.span for declared in code.keys)
        self._held_from: Counter[int] = Counter()
        settled: set[int] = set()
        for one in (one for state in self.states for one in held(state, code)):
            if one.key.key_id is not None:
                self._by_id[one.key.key_id].append(one)
            if one.key.user is not None and not one.key.deposed:
                self._by_user[one.key.user].append(one)
            self._held_from.update(map(id, one.code))
            if len({declared.scope for declared in one.code}) == 1:
                settled.update(map(id, one.code))
        self._open = [declared for declared in code.keys if not isinstance(declared.user, str) and id(declared) not in settled]

    def __reduce__(self) -> tuple[object, ...]:
        return Linker, (self.code, self.states, self.stacks, self.unread, self.accounts)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self._by_id)

    @property
    def held(self) -> tuple[StateEntry, ...]:
        return tuple(one for entries in self._by_id.values() for one in entries)

    def linked(self, keys: Sequence[AccessKey], answers: Answers | None = None) -> tuple[AccessKey, ...]:
        """Deployed keys with their code; ``answers`` holds CloudFormation's answers about some of them, by key id."""
        families = grouped(keys, _family)
        links = (self._link(key, families[_family(key)], answers or {}) for key in keys)
        return tuple(
            merged(key, link._replace(shared=any(self._made[one.span] > 1 or self._held_from[id(one)] > 1 for one in link.code)))
            for key, link in zip(keys, links, strict=True)
        )

    def undecided(self, keys: Sequence[AccessKey]) -> frozenset[str]:
        families = grouped(keys, _family)
        return frozenset(key.address for key in keys if self._link(key, families[_family(key)], {}).by_id)

    def _link(self, key: AccessKey, family: Sequence[AccessKey], answers: Answers) -> Link:
        if found := self._by_id.get(key.key_id or "", []):
            return _exact(found)
        answer = answers.get(key.key_id or "")
        if isinstance(answer, StackKey):
            return self._in_stack(key, answer)
        if key.is_root is True or not isinstance(key.user, str):
            return Link(None, (), managed=False) if key.is_root is True else Link(None, (), why.NOT_FIXED("its user"))
        by_name = self._by_state_and_name(key, key.user, family) if key.key_id is None else None
        by_name = by_name or self._by_code_and_name(key, key.user, family, answers)
        if by_name is not None:
            return by_name
        reasons = list(self._doubts(key, answers))
        return Link(None, (), _short(reasons) if reasons else False, by_id=key.key_id is None and self.stacks.ask)

    def _in_stack(self, key: AccessKey, answer: StackKey) -> Link:
        """The resource of a template; a template that is called like the stack is preferred, as CDK writes them."""
        user = key.user if isinstance(key.user, str) else None
        code = [declared for declared in self.code.logical(answer.logical_id) if may_be(declared, user)]
        code = [declared for declared in code if declared.scope.rpartition("/")[2].partition(".")[0] == answer.stack] or code
        name = f"{answer.stack}/{answer.logical_id}" if answer.logical_id else answer.stack
        source = f"stack {answer.stack} in {answer.region}"
        found = places(code) or (Place(name),)
        return Link(Declaration(found, len(found) == 1, source, CLOUDFORMATION), tuple(code), managed=True)

    def _by_state_and_name(self, key: AccessKey, user: str, family: Sequence[AccessKey]) -> Link | None:
        found = self._like(key, user)
        if not found:
            return None
        declaration = Declaration(_places(found), exact=False, source=f"{BY_NAME} in {_states(found)}")
        if len(family) <= len(found):
            return Link(declaration, _code(found), managed=True)
        return Link(
            declaration,
            _code(found),
            why.STATE_HOLDS_SOME(_states(found), str(len(found)), str(len(family)), user, key.address.rpartition("/")[2]),
            by_id=True,
        )

    def holds(self, user: str, account: str) -> int:
        """How many access keys of a user the states hold; where accounts are unknown, also those of users of the same name."""
        return sum(one.key.kind is KeyKind.ACCESS_KEY for one in self._of_user(user, account))

    def _of_user(self, user: str, account: str | None) -> list[StateEntry]:
        return [one for one in self._by_user.get(user, ()) if self.accounts.get(one.key.key_id or "", account) == account]

    def _like(self, key: AccessKey, user: str) -> list[StateEntry]:
        return [one for one in self._of_user(user, key.account) if is_alike(key, one.key.kind, one.key.service)]

    def _by_code_and_name(self, key: AccessKey, user: str, family: Sequence[AccessKey], answers: Answers) -> Link | None:
        ids = {key.key_id for key in family}
        taken = {id(declared) for one in self._like(key, user) if one.key.key_id in ids for declared in one.code}
        code = tuple(d for d in self.code.of_user(user) if id(d) not in taken and is_alike(d, key.kind, key.service))
        if not code:
            return None
        free = [k for k in family if (k.key_id or "") not in self._by_id and not isinstance(answers.get(k.key_id or ""), StackKey)]
        found = places(code)
        frameworks = {declared.framework for declared in code}
        declaration = Declaration(found, exact=False, source=BY_NAME, framework=min(frameworks, key=lambda name: name == CLOUDFORMATION))
        if len(free) <= len(code):
            return Link(declaration, code, managed=True)
        where = " and ".join(place.text() for place in found)
        return Link(declaration, code, why.CODE_DECLARES_SOME(str(len(code)), str(len(free)), user, where))

    def _doubts(self, key: AccessKey, answers: Answers) -> Iterable[Unknown]:
        yield from map(why.AS_STATED, (*self.unread, *self.code.unread))
        unasked = why.STACKS_NOT_ASKED()
        answer = answers.get(key.key_id or "", unasked) if self.stacks.ask else unasked
        for declared in (one for one in self._open if is_alike(one, key.kind, key.service)):
            if declared.framework != CLOUDFORMATION or answer is not None or not self.stacks.regions:
                place = Place(declared.address, declared.span).text()
                user = declared.user
                yield why.DECLARES_OPEN_USER(place, user) if isinstance(user, Unknown) else why.DECLARES_GENERATED_USER(place)
        if self.stacks.ask and isinstance(answer, Unknown):
            yield answer


def _exact(found: Sequence[StateEntry]) -> Link:
    everywhere = _places(found)
    return Link(Declaration(everywhere, len(everywhere) == 1, _states(found)), _code(found), managed=True)


def _places(found: Iterable[StateEntry]) -> tuple[Place, ...]:
    """The places of keys of states: the state knows the index, and the code the line."""
    pairs = ((one.key.address, place.span) for one in found for place in (places(one.code) or (Place(one.key.address),)))
    return tuple(dict.fromkeys(Place(address, span) for address, span in pairs))


def _code(found: Iterable[StateEntry]) -> tuple[AccessKey, ...]:
    return tuple({id(declared): declared for one in found for declared in one.code}.values())


def _states(found: Iterable[StateEntry]) -> str:
    names = list(dict.fromkeys(one.state for one in found))
    more = f" and {len(names) - SHOWN_PLACES} more" if len(names) > SHOWN_PLACES else ""
    return f"state {names[0]}" if len(names) == 1 else f"states {', '.join(names[:SHOWN_PLACES])}{more}"


def _family(key: AccessKey) -> object:
    return (key.account, key.user if isinstance(key.user, str) else None, key.kind, key.service)


def _short(reasons: Sequence[Unknown]) -> Unknown:
    first, *others = reasons
    if not others:
        return first
    return why.TWO_REASONS(first, *others) if len(others) == 1 else why.MORE_REASONS(first, str(len(others)))
