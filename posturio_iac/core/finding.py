"""What a run reports: findings, diagnostics, and the report that owns the exit code."""

from __future__ import annotations

import functools

from posturio_iac.core.record import Enum, dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from posturio_iac.core.budget import BudgetError
    from posturio_iac.core.evidence.lifetime import OpenQuestion
    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.model import AccessKey, Consumer, Declaration, KeySentence, Span


@functools.total_ordering
class Severity(Enum):
    """How bad a finding is. Ordered: ``Severity.LOW < Severity.CRITICAL``."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return _RANKS[self.value]

    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, Severity) else NotImplemented


_RANKS = {severity.value: rank for rank, severity in enumerate(Severity)}
CIS = "CIS AWS Foundations Benchmark"


def by_severity(severities: Mapping[Severity, int], least: Severity = Severity.LOW) -> str:
    """How many there are of each severity, the worst first: ``10 critical, 54 high``."""
    return ", ".join(f"{severities[one]:,} {one.value}" for one in sorted(Severity, reverse=True) if severities.get(one) and one >= least)


@dataclass(frozen=True, slots=True)
class Rule:
    """The constants of a rule. Its page is the docstring of its module."""

    id: str  # permanent: ``iam.access_keys_without_lifetime``
    severity: Severity
    title: str  # names the bad thing, in the plural, without a full stop
    requirements: tuple[tuple[str, tuple[str, ...]], ...] = ()  # requirements that it belongs to, by the name of their standard
    advice: str = ""  # advice that is better than any of its changes, as a sentence that a report states once
    checkov: int | None = None
    """The number of its check in checkov, where code can break it. Permanent: a new rule takes the next number, and none is given twice."""
    cfn_lint: str = ""
    """Its id in cfn-lint, where a template can break it: ``W9371``, whose letter says error or warning. Permanent, as above."""
    only_live: str = ""
    """Why no code can break it: half a sentence. Such a rule has no program in the fixtures and no id in the hosts."""
    needs_use: bool = True  # false if its verdict is independent of when a key was used, so that ``live`` need not ask
    means_unneeded: bool = False  # a finding means that the key is not needed, or should have ended
    is_moot_without_key: bool = False  # having no key is better than any remedy
    about_words: bool = False  # a finding is about what is said of a key, so that a new one would be flagged too
    denies_end: bool = False  # a finding, suppressed or not, says that the end of a key does not hold

    @property
    def standards(self) -> dict[str, tuple[str, ...]]:
        return dict(self.requirements)

    @property
    def host_ids(self) -> dict[str, str]:
        ids = {"checkov": f"CKV_POSTURIO_{self.checkov}" if self.checkov else "", "cfn-lint": self.cfn_lint}
        return {host: host_id for host, host_id in ids.items() if host_id}


@dataclass(frozen=True, slots=True)
class Violation:
    """What a rule yields about one key."""

    sentence: KeySentence
    remediation: str
    span: Span | None = None  # where it is, when that is not the key's own header
    remedy: Remedy | None = None  # the change in ``remediation``, the first one where there is a choice
    severity: Severity | None = None
    """The severity of this case, where it differs from that of the rule; a configured severity overrides both."""
    then: str | None = None  # the clauses after ``remedy`` in ``remediation``, of a finding too; None where that does not begin with it
    otherwise: str = ""  # the command of the AWS CLI that ``remediation`` ends with as another choice; of a finding too
    mark: str = ""
    """Distinguishes it from other violations of the rule by the same key. It is part of the fingerprint, so it holds no line numbers."""

    @property
    def message(self) -> str:
        return self.sentence.text


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why a finding does not count."""

    reason: str
    until: datetime | None
    source: str
    """``comment``, ``metadata``, ``cfn-lint metadata``, ``checkov skip``, ``configuration``, ``baseline``; of a deployed key ``code``."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A violation, with everything that a format needs."""

    rule: Rule
    severity: Severity
    message: str
    remediation: str
    address: str
    framework: str
    span: Span | None
    fingerprint: str  # 32 hexadecimal digits that moved and reformatted code keeps
    suppressed: Suppression | None
    root: str = ""  # folder of the root module, or path of the outermost template: with the address it identifies the key
    declaration: Declaration | None = None  # the code of a deployed key, where there is a link to it
    remedy: Remedy | None = None
    then: str | None = None
    otherwise: str = ""
    problem: str = ""  # the message without the name of the key: the same for all keys with the same problem
    consumers: tuple[Consumer, ...] = ()  # what could do without the key, where that is better than the remedy
    shows_code: bool = True
    """True if a report may quote the line that it points at, which it must not if the line can hold something sensitive."""

    @property
    def identity(self) -> tuple[str, str, str]:
        return self.framework, self.root, self.address


class Level(str, Enum):
    """How serious a diagnostic is."""

    ERROR = "error"  # something was not read, called or decided: exit code 3
    WARNING = "warning"  # worth saying, and everything was still done
    NOTE = "note"


CRASH, BUDGET, CALLS_NOT_FOLLOWED = "crash", "budget", "calls"
"""What diagnostics are about: a crash of our own, a spent budget, or calls of code that is not here: something was not checked."""
CONFIGURATION = "configuration"  # the subject of diagnostics that every format shows, whatever their level
SUBJECT = "\0"  # stands for the subject in the template of a diagnostic


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A message about the run itself."""

    level: Level
    template: str  # with `SUBJECT` in the place of ``subject``
    path: str | None = None
    line: int | None = None
    column: int | None = None
    account: str | None = None
    about: str = ""  # `BUDGET`, `CALLS_NOT_FOLLOWED`, `CONFIGURATION`, `CRASH`, or empty
    subject: str = ""  # the account or file that the message names, and that alone tells it from the same message about another one

    @property
    def message(self) -> str:
        return self.template.replace(SUBJECT, self.subject) if self.subject else self.template

    @property
    def is_always_shown(self) -> bool:
        return self.level is Level.ERROR or self.about in (CONFIGURATION, CALLS_NOT_FOLLOWED)


def too_costly(what: str, error: BudgetError, path: str | None, rest: str = "") -> Diagnostic:
    """The diagnostic for code whose budget is spent, where that happened if it is known."""
    span = error.span
    path, line, column = (path, None, None) if span is None else (span.path, span.line, span.column)
    text = f"{what} {error}, so {rest or 'not all of its keys were checked; simplify it, or split it'}"
    return Diagnostic(Level.ERROR, text, path, line, column, about=BUDGET)


def of_account(level: Level, text: str, account: str | None) -> Diagnostic:
    """A diagnostic about an account, which may hold what AWS says: there the id of the account stands in every ARN."""
    return Diagnostic(level, text.replace(account, SUBJECT) if account else text, account=account, subject=account or "")


class Verdict(str, Enum):
    """The verdict on a key."""

    FLAGGED = "flagged"
    CLEAN = "clean"
    UNDETERMINED = "undetermined"
    SUPPRESSED = "suppressed"


class Exit(int, Enum):
    """Exit codes, the same for every format."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class JudgedKey:
    """A key and the verdict on it."""

    key: AccessKey
    verdict: Verdict
    open_questions: tuple[OpenQuestion, ...] = ()  # what is left open and could add a finding; a flagged key may have such questions too
    worst: Severity | None = None
    """The severity of its worst finding, including suppressed ones and those that a suppression accepts in advance."""
    suspected: Severity | None = None
    """The severity of the worst finding that ``open_questions`` could add; None as well when a rule crashed."""
    open_rules: tuple[str, ...] = ()  # the rules that could still find something, or crashed, including ``accepted_rules``
    accepted_rules: tuple[str, ...] = ()  # the rules whose possible findings a suppression accepts in advance

    @property
    def undecided_rules(self) -> tuple[str, ...]:
        return tuple(rule for rule in self.open_rules if rule not in self.accepted_rules)

    @property
    def undecided(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(question.text for question in self.open_questions))

    def var_files(self) -> tuple[str, ...]:
        """The files of variable values that would settle some of what is left open."""
        names = {question.reason.subject for question in self.open_questions if question.reason is not None}
        settled = (files for name, files in self.key.open_values if name in names)
        return tuple(dict.fromkeys(path for files in settled for path in files))

    @property
    def demerit(self) -> float:
        """Its cost in the score: the larger of what is wrong and what is open, so that mending either never costs more."""
        found = DEMERITS[self.worst] if self.worst else 0.0
        if not self.open_questions and self.verdict is not Verdict.UNDETERMINED:
            return found
        return max(found, min(UNDETERMINED, DEMERITS[self.suspected]) if self.suspected else UNDETERMINED)


DEMERITS = {Severity.LOW: 0.25, Severity.MEDIUM: 1.0, Severity.HIGH: 2.0, Severity.CRITICAL: 3.0}
"""The cost of a key in the score, by the severity of its worst finding."""
UNDETERMINED = 1.0  # the highest cost of a key for what is undetermined about it


def exact_score(demerits: float) -> float:
    """The score of keys that cost ``demerits`` together, not rounded: 100 when they cost nothing, and always above 0."""
    return 100 / (1 + demerits / 10)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a run found. Formats are pure functions of it."""

    as_of: datetime
    keys: tuple[JudgedKey, ...]
    findings: tuple[Finding, ...]  # in total order: path, line, column, rule, address
    diagnostics: tuple[Diagnostic, ...]
    files: int

    def count(self, verdict: Verdict) -> int:
        return sum(k.verdict is verdict for k in self.keys)

    def active(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.suppressed is None)

    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.level is Level.ERROR)

    def score(self) -> int | None:
        """How good the posture is, from 100 towards 0, by the number of bad keys and not their share; None when the run is incomplete."""
        return None if self.errors() else round(exact_score(sum(key.demerit for key in self.keys)))

    def exit_code(self, fail_on: Severity | None, *, strict: bool = False, strict_calls: bool = False) -> Exit:
        """The exit code; incomplete wins. ``fail_on=None`` never fails on findings, ``strict`` does on what is left open."""
        if self.errors():
            return Exit.INCOMPLETE
        if fail_on is not None and any(f.severity >= fail_on for f in self.active()):
            return Exit.FINDINGS
        if strict and any(k.open_questions or k.verdict is Verdict.UNDETERMINED for k in self.keys):
            return Exit.FINDINGS
        return Exit.FINDINGS if strict_calls and any(d.about == CALLS_NOT_FOLLOWED for d in self.diagnostics) else Exit.CLEAN
