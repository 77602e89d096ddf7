"""Access key rotation that never happens.

Flags an active key whose only lifetime cannot take effect. The message says why, and the remediation says what works:

- `replace_triggered_by` with a `time_rotating` never fires on Terraform: a due `time_rotating` is planned as a creation, and
  Terraform reacts only to updates and replacements (OpenTofu also reacts to creations since 1.12.0);
- `depends_on` only orders changes and replaces nothing;
- a change that `ignore_changes` covers, or that `prevent_destroy` makes fail, replaces nothing;
- Terraform and OpenTofu ignore `replace_triggered_by` in override files;
- with `destroy = false` OpenTofu forgets the old key, which stays active;
- an expression that mentions the clock and stands still when it is due: `coalesce("c", time_rotating.ci.id)`, `triggers["other"]`;
- `for_each` and `count` that a clock decides: Terraform refuses the plan;
- with `create_before_destroy`, a user with two keys would need a third one, which AWS refuses;
- a date computed from `timestamp()` moves with every run;
- a `max_age` of 0 and a rotation set to `off` are switched off;
- AWS accepts no age (`credential_age_days`) for passwords of CodeCommit and Keyspaces, and refuses to create them;
- a fixed date that has passed replaced the key once and will not do so again.

## Why it matters

The code looks as if the key were rotated, so nobody looks again, and the key lives on.

## Terraform

Flagged:

    resource "time_rotating" "ci" {
      rotation_days = 60
    }

    resource "aws_iam_access_key" "ci" {
      user = aws_iam_user.ci.name
      lifecycle {
        replace_triggered_by  = [time_rotating.ci]
        create_before_destroy = true
      }
    }

Fixed by a resource in between that is updated when the `time_rotating` is:

    resource "time_static" "ci" {
      rfc3339 = time_rotating.ci.rfc3339
    }

    resource "aws_iam_access_key" "ci" {
      user = aws_iam_user.ci.name
      lifecycle {
        replace_triggered_by  = [time_static.ci]
        create_before_destroy = true
      }
    }

## CloudFormation

In `Metadata.Posturio` of the key: flagged with `Rotation: "off"`, mended with `Rotation: 90d`.

## Undetermined

A key is not flagged while another piece of evidence is unknown, because that may work, nor while its user is declared
elsewhere, because the user's tags may state an end that works. A place that merely could hold a lifetime, such as
`tags = var.tags`, does not prevent the finding.

## Configuration

`engine` and `engine_version`. With `require = "enforced"`, a declared lifetime beside the inert one is not enough.
"""

from __future__ import annotations

from posturio_iac.core.evidence.reason import ReasonKind
from posturio_iac.core.evidence.remedy import ReplaceValue
from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, Effect, KeySentence, Kind, Lifetime, about
from posturio_iac.core.record import replace
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import ROTATION, ago, counted, end, has, in_use, passed, sentence, spent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.evidence.remedy import Remedy

RULE = Rule(
    id="iam.inert_access_key_rotation",
    severity=Severity.MEDIUM,
    title="Access key rotation that never happens",
    checkov=5,
    cfn_lint="W9374",
    requirements=ROTATION,
    denies_end=True,
    is_moot_without_key=True,
)


@register(RULE)
def check(key: AccessKey, context: Context) -> Violations:
    """Yield at most one violation, at the first piece of evidence that is inert. Tags that cannot be seen may hold an end that works."""
    if not in_use(key) or key.unseen_tags is not None or has(key, Effect.UNKNOWN) or counted(key, context) or passed(key, context):
        return
    inert = [e for e in key.lifetimes if e.effect is Effect.INERT or spent(e, context)]
    for evidence in inert[:1]:
        days = context.max_lifetime.days
        remedy: Remedy = evidence.remedy or key.remedies.rotating(days)
        if isinstance(remedy, ReplaceValue):
            remedy = replace(remedy, written=f"{days}d")
        yield Violation(_message(key, evidence, context), sentence(remedy), evidence.span, remedy)


def _message(key: AccessKey, evidence: Lifetime, context: Context) -> KeySentence:
    if evidence.at is not None and spent(evidence, context):
        when = f"on {end(evidence)}, {ago(evidence.at, context)}"
        return about(key, f"was due for its only replacement {when}, and {evidence.source} sets no other date.")
    why = f", because {evidence.why}" if evidence.why else ""
    is_replaced = evidence.reason is not None and evidence.reason.kind is ReasonKind.FORGOTTEN
    ended = "ended" if evidence.kind is Kind.EXPIRY or is_replaced else "replaced"
    return about(key, f"is never {ended} by {evidence.source}{why}.")
