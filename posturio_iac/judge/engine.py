"""From keys to a report: each rule asks each key, and suppressions are applied to what they find. Pure."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from sys import intern

from posturio_iac.config import rule_id
from posturio_iac.core.evidence.lifetime import OpenQuestion, Question
from posturio_iac.core.evidence.reason import crashed
from posturio_iac.core.finding import Diagnostic, Finding, JudgedKey, Level, Report, Severity, Verdict, Violation
from posturio_iac.core.record import grouped, replace
from posturio_iac.judge import undetermined
from posturio_iac.judge.policy import Policy
from posturio_iac.judge.redaction import redacted
from posturio_iac.judge.suppressions import Suppressions
from posturio_iac.rules import Context, Registered, all_rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from posturio_iac.core.model import AccessKey, Span
    from posturio_iac.judge.policy import Policies
    from posturio_iac.judge.undetermined import Judged

MOST_OF_A_FILE = 100  # how many diagnostics one file can give


def judge(
    keys: Iterable[AccessKey], *, as_of: datetime, diagnostics: Iterable[Diagnostic] = (), files: int = 0, policy: Policies | None = None
) -> Report:
    """Judge ``keys`` at ``as_of``, in UTC; the report takes over ``diagnostics``, and how many ``files`` front ends searched."""
    judging = PartwiseJudge(as_of, policy)
    return redacted(joined([judging.unredacted(keys)], (*diagnostics, *judging.closing()), as_of, files))


class PartwiseJudge:
    """Judges keys in parts, such as account by account, with the verdicts of a report on all of them. It keeps none of the keys."""

    def __init__(self, as_of: datetime, policy: Policies | None) -> None:
        self._as_of, self._policies = as_of, policy or Policy()
        general = self._policies.general
        general.selected(general.with_severities(all_rules()))
        self._suppressions = Suppressions(self._policies, all_rules(), as_of)
        self._crashed: set[str] = set()

    def judge(self, keys: Iterable[AccessKey], diagnostics: Iterable[Diagnostic] = ()) -> Report:
        """The report of some keys, each of which has an address that no key of another part has."""
        return redacted(joined([self.unredacted(keys)], diagnostics, self._as_of))

    def unredacted(self, keys: Iterable[AccessKey]) -> Report:
        """The report unredacted and unsorted."""
        run = _Run(self._suppressions, self._policies, self._as_of)
        parts = [run.judge(key) for key in sorted(keys, key=_key_order)]
        self._crashed |= run.crashed
        if any(one.key.reading for one, _ in parts):
            from posturio_iac.judge.undetermined import worst_readings

            parts = worst_readings(parts)
        found = tuple(finding for _, findings in parts for finding in findings)
        return Report(self._as_of, tuple(one for one, _ in parts), found, tuple(run.diagnostics), 0)

    def closing(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that need all parts to be judged: suppressions that suppressed nothing in any of them."""
        return tuple(self._suppressions.diagnostics(self._crashed))


def joined(parts: Sequence[Report], diagnostics: Iterable[Diagnostic], as_of: datetime, files: int = 0) -> Report:
    """Join reports into one, in the order that a report has, and add ``diagnostics``."""
    keys = sorted((judged for part in parts for judged in part.keys), key=lambda judged: _key_order(judged.key))
    findings = (finding for part in parts for finding in part.findings)
    ordered = sorted(findings, key=lambda f: (*_place(f.span), f.rule.id, f.address, f.root, f.fingerprint))
    every = dict.fromkeys(chain((one for part in parts for one in part.diagnostics), diagnostics))
    return Report(as_of, tuple(keys), tuple(ordered), tuple(_capped(sorted(every, key=_order))), files)


def _capped(ordered: list[Diagnostic]) -> Iterator[Diagnostic]:
    by_path = grouped(ordered, lambda diagnostic: diagnostic.path)
    for path, of_file in by_path.items():
        if path is None or len(of_file) <= MOST_OF_A_FILE:
            yield from of_file
            continue
        gravest_first = sorted(of_file, key=lambda one: list(Level).index(one.level))
        yield from sorted(gravest_first[:MOST_OF_A_FILE], key=_order)
        text = f"{len(of_file) - MOST_OF_A_FILE:,} more messages about this file are omitted"
        yield Diagnostic(gravest_first[MOST_OF_A_FILE].level, text, path)


class _Run:
    """The state of one run: its policies, and its findings so far. A plain class, which is quicker to load than a dataclass."""

    def __init__(self, suppressions: Suppressions, policies: Policies, as_of: datetime) -> None:
        self.suppressions, self.policies, self.as_of = suppressions, policies, as_of
        self.rules: Mapping[str, Registered] = {}  # the rules for the key being judged
        self._rules: dict[int, tuple[dict[str, Registered], frozenset[str]]] = {}
        self.least: Mapping[str, Severity] = {}  # the severities that overrides raise rules to, for that key
        self.diagnostics: list[Diagnostic] = []
        self.crashed: set[str] = set()
        self.configured: frozenset[str] = frozenset()  # rules whose severity the policy of that key sets
        self.fingerprints: set[str] = set()
        self.repetitions: Counter[str] = Counter()

    def judge(self, key: AccessKey) -> Judged:
        """Apply every rule to one key."""
        policy = self.policies.of(key)
        self.rules, self.configured, self.least = self._rules_of(policy, key)
        context = policy.context_for(key, self.as_of)
        self.suppressions.notice(key)
        broken: list[str] = []
        violations, unsure = self._violations(key, context, broken), frozenset[str]()
        if key.account is not None and key.unknown_sources and any(override.tags for override in policy.config.overrides):
            contexts = (policy.context_for(key, self.as_of, loosest=one) for one in (True, False))
            loose, strict = ({rule.rule.id for rule, _ in self._violations(key, one, broken)} for one in contexts)
            unsure = frozenset(loose ^ strict)
        findings = [self._finding(key, rule, violation) for rule, violation in violations if rule.rule.id not in unsure]
        flagged = frozenset(finding.rule.id for finding in findings)
        accepted, remaining, open_ = self._open_questions(key, flagged | unsure, context, broken)
        remaining |= unsure
        open_ += tuple(OpenQuestion((Question.VERDICT,), why.as_reason()) for why in key.unknown_sources if unsure)
        questions = (*open_, *(OpenQuestion((Question.VERDICT,), crashed(rule)) for rule in dict.fromkeys(broken)))
        severities = [f.severity for f in findings] + [self.rules[rule].rule.severity for rule in accepted]
        if any(f.suppressed is None for f in findings):
            verdict = Verdict.FLAGGED
        elif questions:
            verdict = Verdict.UNDETERMINED
        else:
            verdict = Verdict.SUPPRESSED if severities else Verdict.CLEAN
        suspected = None if broken else max((self.rules[rule].rule.severity for rule in remaining), default=None)
        accepted = tuple(rule for rule in accepted if rule not in broken)
        open_rules = tuple(sorted({*accepted, *remaining, *broken}))
        return JudgedKey(key, verdict, questions, max(severities, default=None), suspected, open_rules, accepted), findings

    def _rules_of(self, policy: Policy, key: AccessKey) -> tuple[dict[str, Registered], frozenset[str], Mapping[str, Severity]]:
        if id(policy) not in self._rules:
            rules = all_rules()
            known = policy.with_severities(rules)
            selected = policy.selected(known)
            chosen = {name: rule for name, rule in known.items() if name in selected}
            self._rules[id(policy)] = chosen, frozenset(rule_id(name, rules) for name in policy.config.severity)
        chosen, configured = self._rules[id(policy)]
        changed = policy.severities_for(key, self.as_of, all_rules())
        if not changed:
            return chosen, configured, {}
        chosen, least = dict(chosen), {}
        for name, (severity, excepted) in changed.items():
            if name in chosen and (excepted or severity > chosen[name].rule.severity):
                chosen[name] = replace(chosen[name], rule=replace(chosen[name].rule, severity=severity))
                if not excepted:
                    least[name] = severity
        return chosen, configured | {name for name, (_, excepted) in changed.items() if excepted}, least

    def _violations(
        self, key: AccessKey, context: Context, broken: list[str], known: frozenset[str] = frozenset()
    ) -> list[tuple[Registered, Violation]]:
        found: list[tuple[Registered, Violation]] = []
        for name, rule in self.rules.items() if key.existence is None else ():
            if name not in known:
                try:
                    for violation in rule.check(key, context):
                        found.append((rule, violation))  # noqa: PERF401 - what a rule finds before it crashes counts
                except Exception as error:  # noqa: BLE001 - a rule that crashes must not hide what the others find
                    broken.append(name)
                    self.crashed.add(name)
                    text = f"rule {name} crashed on {key.address}: {type(error).__name__}: {error}; please report it"
                    self.diagnostics.append(Diagnostic(Level.ERROR, text, *_location(key.span), account=key.account))
        return found

    def _finding(self, key: AccessKey, rule: Registered, violation: Violation) -> Finding:
        identity = (rule.rule.id, key.framework, key.scope, key.address, violation.mark)
        fingerprint = _fingerprint(identity, 0)
        if fingerprint in self.fingerprints and not key.reading:
            self.repetitions[fingerprint] += 1
            fingerprint = _fingerprint(identity, self.repetitions[fingerprint])
        self.fingerprints.update(() if key.reading else (fingerprint,))  # of several readings one stays
        so = f"This is so {key.reading}." if key.reading and rule.rule.denies_end else ""
        return Finding(
            rule=rule.rule,
            severity=self._severity(rule, violation),
            message=" ".join(filter(None, (violation.message, f"It {key.declaration.text()}." if key.declaration else "", so))),
            remediation=violation.remediation,
            address=key.address,
            framework=key.framework,
            span=key.span if key.declaration else violation.span or key.span,
            fingerprint=fingerprint,
            suppressed=self.suppressions.cover(key, rule.rule.id, fingerprint),
            root=key.scope,
            declaration=key.declaration,
            remedy=violation.remedy,
            then=violation.then,
            otherwise=violation.otherwise,
            problem=intern(violation.sentence.unnamed),  # the same for most keys
            consumers=key.consumers if rule.rule.is_moot_without_key else (),
        )

    def _severity(self, rule: Registered, violation: Violation) -> Severity:
        if rule.rule.id in self.configured or violation.severity is None:
            return rule.rule.severity
        return max(violation.severity, self.least.get(rule.rule.id, violation.severity))

    def _open_questions(
        self, key: AccessKey, flagged: frozenset[str], context: Context, broken: list[str]
    ) -> tuple[tuple[str, ...], frozenset[str], tuple[OpenQuestion, ...]]:

        def flagged_by(assumed: AccessKey) -> frozenset[str]:
            if assumed is key:
                return flagged
            return flagged.union(rule.rule.id for rule, _ in self._violations(assumed, context, broken, flagged))

        suspected = undetermined.suspected(key, flagged_by)
        accepted = {rule: why for rule in sorted(suspected) if (why := self.suppressions.cover(key, rule)) is not None}
        for rule, why in accepted.items():
            open_ = "; ".join(question.text for question in undetermined.open_questions(key, frozenset((rule,)), flagged_by))
            text = f"{rule} is undetermined for {key.address} ({open_}), which is accepted: {why.reason}"
            self.diagnostics.append(Diagnostic(Level.NOTE, text, *_location(key.span)))
        remaining = suspected - accepted.keys()
        return tuple(accepted), remaining, undetermined.open_questions(key, remaining, flagged_by) if remaining else ()


def _fingerprint(identity: tuple[str, ...], repetition: int) -> str:
    """Digest the identity of a finding; places in files are not part of it. A repetition of the same gets another digest."""
    from posturio_iac.core.text.decoding import sha256

    return sha256("\0".join((*identity, str(repetition)) if repetition else identity).encode("utf-8", "surrogatepass"))[:32]


def _key_order(key: AccessKey) -> tuple[str, int, int, str, str]:
    return (*_place(key.span), key.address, key.scope)


def _place(span: Span | None) -> tuple[str, int, int]:
    return (span.path, span.line, span.column) if span else ("", 0, 0)


def _location(span: Span | None) -> tuple[str | None, int | None, int | None]:
    return (span.path, span.line, span.column) if span else (None, None, None)


def _order(diagnostic: Diagnostic) -> tuple[str, int, int, str, str, str]:
    path, line, column, account = diagnostic.path or "", diagnostic.line or 0, diagnostic.column or 0, diagnostic.account or ""
    return path, line, column, diagnostic.level.value, diagnostic.message, account
