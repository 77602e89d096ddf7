"""Facts about deployed keys for the formats of AWS services: place, properties and names."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from posturio_iac.contract.write import moment
from posturio_iac.core import keys
from posturio_iac.core.finding import Finding, JudgedKey, Report, Verdict
from posturio_iac.core.record import grouped
from posturio_iac.core.text.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.contract import RenderContext, ResolvedFinding
    from posturio_iac.core.keys.life import KeyLife
    from posturio_iac.core.model import AccessKey, Attr, Declaration

FRAMEWORK = "aws"
VENDOR, PRODUCT = "Posturio", "posturio-iac"
BENCHMARK = "CIS AWS Foundations Benchmark"
OPEN = "undetermined"  # the name in place of a rule where a verdict is open
REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-us-iso": "us-iso-east-1"}
PARTITIONS = {region.rsplit("-", 2)[0]: partition for partition, region in REGIONS.items()}
SHOWN = 4


def mended(report: Report, context: RenderContext) -> list[ResolvedFinding]:
    listed = {finding.fingerprint for finding in report.findings}
    return [result for result in context.mended if result.fingerprint not in listed]


def keys_with_findings(report: Report) -> Iterator[tuple[JudgedKey, list[Finding]]]:
    """Yield the deployed keys of a report, each with its findings."""
    found = grouped(report.findings, lambda finding: (finding.root, finding.address))
    for judged in report.keys:
        if judged.key.framework == FRAMEWORK:
            yield judged, found.get((judged.key.scope, judged.key.address), [])


def account_of(key: AccessKey) -> str:
    return key.account or keys.account_of(key.address)


def identity(*parts: str) -> str:
    """The id of a statement that is no finding of a rule: the same in every run."""
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def key_identity(purpose: str, key: AccessKey) -> str:
    """The id of a statement about a key as a whole, whether or not its key id is masked."""
    created = moment(key.created) if isinstance(key.created, datetime) else ""
    return identity(purpose, key.address.rpartition("/")[0], key.address[-SHOWN:], created)


def open_title(judged: JudgedKey) -> str:
    return f"Access key that could not be checked{' for every rule' if judged.verdict is Verdict.FLAGGED else ''}"


def names_of(report: Report) -> Iterator[str]:
    """Yield the ids of all statements about deployed keys: the fingerprints of findings, and those of open questions."""
    yield from (finding.fingerprint for finding in report.findings)
    yield from (key_identity(OPEN, judged.key) for judged in report.keys if judged.undecided)


def facts(key: AccessKey) -> dict[str, str]:
    """The facts about a key, as text that is safe to show. Unknown ones are left out; "never used" is stated."""
    service, region = key.used_for or ("", "")
    known: dict[str, str | None] = {
        "account_name": key.account_name,
        "owner": key.owner if isinstance(key.owner, str) else None,
        "user": key.user if isinstance(key.user, str) else None,
        "kind": key.kind.value,
        "service": key.service if isinstance(key.service, str) else None,
        "status": key.status if isinstance(key.status, str) else None,
        "created": _time(key.created),
        "last_used": "never" if key.last_used is None else _time(key.last_used),
        "last_used_service": service,
        "last_used_region": region,
        "disabled_since": _time(key.disabled_since),
        "created_by": key.created_by,
        **(_life(key.life) if key.life is not None else {}),
        "evidence": "; ".join(key.evidence),
        **_declared(key.declaration),
    }
    return {name: printable(value) for name, value in known.items() if value and value.strip()}


def _life(life: KeyLife) -> dict[str, str | None]:
    answer = life.answer() or None
    return {"asked": _time(life.asked), "answer_by": _time(life.answer_by), "answer": answer, "delete_on": _time(life.delete_on)}


def age(finding: Finding, context: RenderContext) -> dict[str, str]:
    new = context.ages.new
    return {} if new is None else {"new": str(finding.fingerprint in new).lower()}


def cut(text: str, most: int) -> str:
    """At most ``most`` characters of ``text``; a text that is cut ends with an ellipsis, an empty one is a dash."""
    text = text.strip() or "-"
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _declared(declaration: Declaration | None) -> dict[str, str | None]:
    if declaration is None:
        return {}
    shown = " or ".join(place.text() for place in declaration.places)
    return {"declared_as": shown, "link": "exact" if declaration.exact else "likely"}


def _time(when: Attr[datetime | None]) -> str | None:
    return moment(when) if isinstance(when, datetime) else None
