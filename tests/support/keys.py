"""Access keys for tests: an active key of ``ci`` with nothing wrong but what a test gives it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from posturio_iac.config import Config
from posturio_iac.core.evidence.lifetime import OpenQuestion, Question
from posturio_iac.core.evidence.reason import STATED, UNCERTAIN_LINK, Reason, ReasonKind
from posturio_iac.core.evidence.remedy import AddBlock, AddTag, Advice, CreateFirst, Remedies, SetArgument
from posturio_iac.core.model import AccessKey, Directive, Effect, Exposure, Kind, Lifetime, Replacement, Span
from posturio_iac.core.place import HolderKind, Place, SecretHolder, SecretRotationOrigin, TagOrigin, TriggerOrigin
from posturio_iac.core.record import replace
from posturio_iac.core.times import parse_date
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.judge.engine import judge
from posturio_iac.judge.policy import Policy
from posturio_iac.rules import Context, all_rules

if TYPE_CHECKING:
    from posturio_iac.core.finding import Diagnostic, Report, Verdict, Violation
    from posturio_iac.core.place import Origin

AS_OF = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
CONTEXT = Context(as_of=AS_OF, max_lifetime=timedelta(days=90), window=timedelta(days=45), grace=timedelta(days=14))
ENFORCED_ONLY = replace(CONTEXT, enforced_only=True)
UNKNOWN = AS_STATED("var.x is set by whoever calls this module")
KEY = Place("aws_iam_access_key.ci", Span("iam.tf", 5, 1, 5, 20))
REMEDIES = Remedies(
    declare=AddTag(Place("aws_iam_user.ci", Span("iam.tf", 1, 1, 1, 20))),
    rotate=AddBlock(KEY, "ci"),
    disable=SetArgument(KEY, "status", '"Inactive"'),
    overlap=CreateFirst(KEY, is_set=True),
)


def span(line: int = 5, path: str = "iam.tf") -> Span:
    return Span(path, line, 1, line, 20)


def access_key(*lifetimes: Lifetime, **changes: Any) -> AccessKey:
    key = AccessKey(
        address="aws_iam_access_key.ci",
        framework="terraform",
        span=span(),
        user="ci",
        user_address="aws_iam_user.ci",
        status="Active",
        remedies=REMEDIES,
        lifetimes=lifetimes,
        owner="payments@example.com",
    )
    return replace(key, **changes)


def open_question(text: str, *questions: Question) -> OpenQuestion:
    return OpenQuestion(questions or (Question.LIFETIME,), AS_STATED(text).as_reason())


def unknown_key() -> AccessKey:
    evidence = tuple(Lifetime(kind, Effect.UNKNOWN, tag(kind.value), reason=UNKNOWN.as_reason()) for kind in Kind)
    return access_key(
        *evidence,
        user=UNKNOWN,
        user_address=None,
        status=UNKNOWN,
        unknown_sources=(UNKNOWN,),
        owner=UNKNOWN,
        is_root=UNKNOWN,
        replacement=UNKNOWN,
        active_siblings=UNKNOWN,
        possible_exposures=(UNKNOWN,),
        created=UNKNOWN,
        last_used=UNKNOWN,
        disabled_since=UNKNOWN,
        managed=UNKNOWN,
        quarantine=UNKNOWN,
        newest_active=UNKNOWN,
    )


CLOCK = SecretRotationOrigin("time_rotating.ci")  # an origin that is shown by its address alone


def tag(name: str, holder: str = "aws_iam_user.ci") -> TagOrigin:
    return TagOrigin(name, holder)


def day(text: str) -> datetime:
    """The end of a day, as metadata states it."""
    moment = parse_date(text)
    assert moment is not None
    return moment


def expires(text: str, effect: Effect = Effect.DECLARED, origin: Origin | None = None) -> Lifetime:
    return Lifetime(Kind.EXPIRY, effect, origin or tag("expires"), text, span(2), at=day(text))


def rotates(days: float | None, effect: Effect = Effect.DECLARED, origin: Origin | None = None) -> Lifetime:
    interval = None if days is None else timedelta(days=days)
    return Lifetime(Kind.ROTATION, effect, origin or tag("rotation"), "" if days is None else f"{days}d", span(3), interval=interval)


def enforced(days: float | None = 60) -> Lifetime:
    return rotates(days, Effect.ENFORCED, CLOCK)


def maybe(evidence: Lifetime) -> Lifetime:
    return replace(evidence, effect=Effect.UNKNOWN, effect_if_ours=evidence.effect, reason=UNCERTAIN_LINK("iam.tf:5"))


def rotated(text: str) -> Lifetime:
    return Lifetime(Kind.ROTATED, Effect.DECLARED, tag("rotated-on"), text, span(4), at=day(text))


def inert(fix: str = "go through a time_static") -> Lifetime:
    why = Reason(ReasonKind.DIRECT_CLOCK, "Terraform does not react to a resource that it creates")
    return Lifetime(
        Kind.ROTATION, Effect.INERT, TriggerOrigin("time_rotating.ci"), "", span(6), reason=why, remedy=Advice(fix) if fix else None
    )


def unreadable(value: str = "soon", origin: Origin | None = None) -> Lifetime:
    why = Reason(ReasonKind.UNREADABLE, STATED, (f'"{value}" is neither a date nor an interval',))
    return Lifetime(Kind.EXPIRY, Effect.UNREADABLE, origin or tag("expires"), value, span(2), reason=why)


def open_evidence(kind: Kind = Kind.EXPIRY) -> Lifetime:
    return Lifetime(kind, Effect.UNKNOWN, tag(kind.value), span=span(2), reason=UNKNOWN.as_reason())


def exposure(name: str = "secret") -> Exposure:
    return Exposure(span(9), SecretHolder(HolderKind.OUTPUT, name), Advice("keep the secret in Secrets Manager"))


def outage(*, create_before_destroy: Any = False, takes_turns: bool = False) -> Replacement:
    return Replacement(span(7), create_before_destroy, takes_turns)


def ignore(*rules: str, reason: str = "moves to roles", until: Any = None, line: int = 4, source: str = "comment") -> Directive:
    return Directive(tuple(f"iam.{rule}" for rule in rules), reason, until, span(line), source)


def violations(key: AccessKey, context: Context = CONTEXT) -> dict[str, list[Violation]]:
    """What each rule yields, by the last part of its id; rules that yield nothing are left out."""
    found = {rule_id.partition(".")[2]: list(rule.check(key, context)) for rule_id, rule in all_rules().items()}
    return {rule: yielded for rule, yielded in found.items() if yielded}


def flagged(key: AccessKey, context: Context = CONTEXT) -> set[str]:
    return set(violations(key, context))


def run(*keys: AccessKey, diagnostics: tuple[Diagnostic, ...] = (), suppress: bool = True, root: str = "", **config: Any) -> Report:
    policy = Policy(Config(**config), root=root, suppressions=suppress)
    return judge(keys, as_of=AS_OF, diagnostics=diagnostics, files=1, policy=policy)


def verdict(*keys: AccessKey, **config: Any) -> Verdict:
    return run(*keys, **config).keys[0].verdict


def rules(report: Report) -> list[str]:
    return [f.rule.id.partition(".")[2] for f in report.active()]


def said(report: Report) -> list[tuple[str, str]]:
    return [(d.level.value, d.message) for d in report.diagnostics]
