"""Findings grouped for people: all of one key together, and the instances of one block as one entry. Pure."""

from __future__ import annotations

from collections import Counter

from posturio_iac.core.evidence.remedy import place_of
from posturio_iac.core.keys import INDEX, bare
from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.record import NamedTuple, grouped
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.terminal import printable
from posturio_iac.render.wording import listed, open_beside, scope_word, several

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.core.evidence.reason import Reason
    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.finding import Finding, JudgedKey, Report, Severity

    KeyIdentity = tuple[str, str, str]

_MODULE = lazy_pattern(r"(?:module\.[^.]+\.)+")


class KeyEntry(NamedTuple):
    """A key with its open findings, or several that are instances of one block and look alike."""

    judged: JudgedKey | None  # the first of them; None where the report does not list it
    findings: tuple[Finding, ...]  # those of the first one; none where only what is undetermined or clean of them is listed
    addresses: tuple[str, ...]
    roots: tuple[str, ...]
    size: int
    split: bool = False  # True if another entry has its address, in another root module

    @property
    def span(self) -> Span | None:
        return self.judged.key.span if self.judged is not None else self.findings[0].span

    @property
    def worst(self) -> Severity:
        return max(finding.severity for finding in self.findings)

    @property
    def owner(self) -> str:
        owner = self.judged.key.owner if self.judged is not None else None
        return owner if isinstance(owner, str) else ""

    @property
    def _is_applied(self) -> bool:
        folder = self.span.path.rpartition("/")[0] if self.span is not None else ""
        is_elsewhere = bool(folder and self.roots[0]) and not f"/{self.roots[0]}".endswith(f"/{folder}")
        return is_elsewhere and not self.addresses[0].startswith("module.")

    @property
    def title(self) -> str:
        first = printable(self.addresses[0])
        return f"{printable(bare(self.addresses[0]))} ({self.size:,} instances)" if self.size > 1 else first

    def name(self, *, every: bool = False) -> str:
        """Its address; of several instances what is the same in all, with what differs. Safe to print."""
        first, base = self.addresses[0], bare(self.addresses[0])
        is_open = self.judged is not None and isinstance(self.judged.key.existence, Unknown)  # a program that it is given may make it
        is_call = "." not in f".{base}".rpartition(".module.")[2]  # an address without a resource
        notes = ["a known module that makes a key"] if is_call and not is_open else []
        if len(self.addresses) > 1:
            alike = all(bare(address) == base != address for address in self.addresses)
            named = listed(
                ["".join(found[0] for found in INDEX.finditer(one)) for one in self.addresses] if alike else self.addresses[1:], every=every
            )
            notes.append(f"{len(self.addresses):,} instances{': ' if alike else ', also '}{named}")
            first = base if alike else first
        framework = self.judged.key.framework if self.judged is not None else self.findings[0].framework
        if len(self.roots) > 1:
            notes.append(f"in {several(framework, self.roots, every=every)}")
        elif self.split or (framework == "terraform" and self._is_applied):
            notes.append(f"in {scope_word(framework)} {printable(self.roots[0] or '.')}")
        return f"{printable(first)} ({'; '.join(notes)})" if notes else printable(first)


def entries(report: Report) -> list[KeyEntry]:
    """The keys with open findings in the order of their places, those that look alike once."""
    found = grouped(report.active(), lambda finding: finding.identity)
    keys = {one: judged for judged in report.keys if (one := judged.key.identity) in found}
    placed = grouped(found, lambda one: _place(keys[one].key.span if one in keys else found[one][0].span))
    return [entry for place in sorted(placed) for entry in _folded(placed[place], found, keys, is_placed=bool(place[0]))]


def by_place(keys: Sequence[JudgedKey]) -> list[KeyEntry]:
    """Keys of which the same is said, those that one block declares once; keys that stand in no file remain apart."""
    together = grouped(keys, lambda judged: _place(judged.key.span) if judged.key.span else id(judged))
    return [_alike(group) for group in together.values()]


def _alike(group: list[JudgedKey]) -> KeyEntry:
    addresses, roots = dict.fromkeys(judged.key.address for judged in group), dict.fromkeys(judged.key.scope for judged in group)
    return KeyEntry(group[0], (), tuple(addresses), tuple(roots), len(group))


def _place(span: Span | None) -> tuple[str, int, int]:
    return (span.path, span.line, span.column) if span else ("", 0, 0)


def _folded(
    together: list[KeyIdentity], found: dict[KeyIdentity, list[Finding]], keys: dict[KeyIdentity, JudgedKey], *, is_placed: bool
) -> Iterator[KeyEntry]:
    if len(together) == 1:
        identity = together[0]
        yield KeyEntry(keys.get(identity), tuple(found[identity]), (identity[2],), (identity[1],), 1)
        return
    groups = grouped(together, lambda one: _look(keys.get(one), found[one]) if is_placed else one)
    named = Counter(address for group in groups.values() for address in {address for *_, address in group})
    for group in groups.values():
        addresses, roots = (tuple(dict.fromkeys(identity[part] for identity in group)) for part in (2, 1))
        yield KeyEntry(keys.get(group[0]), tuple(found[group[0]]), addresses, roots, len(group), named[addresses[0]] > 1)


def _look(judged: JudgedKey | None, findings: list[Finding]) -> object:
    """What tells a key from another instance of its block, beside the names of what is instantiated with it."""
    found = tuple((f.rule.id, f.severity, f.span, type(f.remedy), _change(f.remedy)) for f in findings)
    if judged is None:
        return found
    key = judged.key
    evidence = tuple((e.kind, e.effect, e.value, e.span, e.at, e.interval, _local(e.reason, key.user)) for e in key.lifetimes)
    questions = judged.open_questions if open_beside(judged) else ()
    return found, key.owner, key.status, evidence, open_beside(judged), tuple((q.questions, _local(q.reason, key.user)) for q in questions)


def _change(remedy: Remedy | None) -> object:
    return remedy and ((place := place_of(remedy)) and place.span, getattr(remedy, "value", None))


def _local(reason: Reason | None, user: object) -> object:
    """A reason whose addresses are those within a module, without indexes and without the name of the user."""
    return reason and (reason.clause, *(_MODULE.sub("", bare(word)) for word in reason.words if word != user))
