"""One report that has everything in it, for the tests of every format."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta, timezone

from posturio_iac.contract import RenderContext, ResolvedFinding
from posturio_iac.core.evidence.lifetime import Question
from posturio_iac.core.evidence.remedy import AddBlock, AddTag, Advice, Remedies
from posturio_iac.core.finding import CIS, Diagnostic, Finding, JudgedKey, Level, Report, Rule, Severity, Suppression, Verdict
from posturio_iac.core.model import AccessKey, Effect, Kind, Lifetime, Span
from posturio_iac.core.place import Place, SecretRotationOrigin, TagOrigin
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.render import renderer
from tests.support.keys import open_question

AS_OF = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
REMEDIES = Remedies(AddTag(Place("aws_iam_user.ci")), AddBlock(Place("aws_iam_access_key.ci"), "ci"), Advice("disable it"))
WITHOUT = Rule("iam.access_keys_without_lifetime", Severity.MEDIUM, "Access keys without lifetime", ((CIS, ("v5.0 1.13",)),))
OWNERLESS = Rule("iam.ownerless_access_keys", Severity.LOW, "Access keys without owner")
EXPIRED = Rule("iam.expired_access_keys", Severity.HIGH, "Expired access keys")

LINES = {
    "iam/ci.tf": ['resource "aws_iam_access_key" "ci" {', "  user = aws_iam_user.ci.name", "}"],
    "iam/old.tf": ["", '\tresource "aws_iam_access_key" "old" {'],
    "iam/é.tf": ['resource "aws_iam_access_key" "é" {}'],
}


def span(path: str, line: int = 1, column: int = 1, end: int = 36) -> Span:
    return Span(path, line, column, line, end)


def key(address: str, where: Span | None, **more: object) -> AccessKey:
    given = {"user": "ci", "user_address": None, "status": "Active", "remedies": REMEDIES, **more}
    return AccessKey(address, "terraform", where, **given)  # type: ignore[arg-type]


def finding(rule: Rule, address: str, where: Span | None, message: str, suppressed: Suppression | None = None) -> Finding:
    return Finding(rule, rule.severity, message, "add a date", address, "terraform", where, "0123456789abcdef" * 2, suppressed)


def report() -> Report:
    ci, old, accent = span("iam/ci.tf"), span("iam/old.tf", 2, 2, 37), span("iam/é.tf")
    ninety = Lifetime(Kind.ROTATION, Effect.ENFORCED, SecretRotationOrigin("time_rotating.ci"), "90", ci, interval=timedelta(days=90))
    past = Lifetime(Kind.EXPIRY, Effect.DECLARED, TagOrigin("expires", "aws_iam_user.old"), "2026-01-31", None, at=AS_OF)
    accepted = Suppression("moves to OIDC", datetime(2027, 3, 1, tzinfo=timezone.utc), "comment")
    return Report(
        AS_OF,
        keys=(
            JudgedKey(key("aws_iam_access_key.ci", ci, owner="payments@example.com"), Verdict.FLAGGED),
            JudgedKey(key("aws_iam_access_key.old", old, lifetimes=(past,)), Verdict.FLAGGED),
            JudgedKey(key("aws_iam_access_key.rotated", span("iam/ci.tf", 3), lifetimes=(ninety,)), Verdict.CLEAN),
            JudgedKey(key('module.mail.aws_iam_access_key.this["a"]', accent, user=AS_STATED("var.user")), Verdict.SUPPRESSED),
            JudgedKey(
                key("aws_iam_access_key.open", span("iam/ci.tf", 2)),
                Verdict.UNDETERMINED,
                (open_question("var.tags is set by the caller"),),
            ),
        ),
        findings=(
            finding(WITHOUT, "aws_iam_access_key.ci", ci, "aws_iam_access_key.ci has no end"),
            finding(OWNERLESS, "aws_iam_access_key.ci", ci, "aws_iam_access_key.ci: nobody answers for it"),
            finding(EXPIRED, "aws_iam_access_key.old", old, "aws_iam_access_key.old should have ended on 2026-01-31"),
            finding(
                OWNERLESS,
                'module.mail.aws_iam_access_key.this["a"]',
                accent,
                'module.mail.aws_iam_access_key.this["a"]: nobody answers for it',
                accepted,
            ),
        ),
        diagnostics=(
            Diagnostic(Level.ERROR, "expected a closing brace", "iam/broken.tf", 7, 3),
            Diagnostic(Level.NOTE, "the engine is OpenTofu"),
        ),
        files=12,
    )


def repeated(roots: tuple[str, ...] = ("dev", "prod", "test")) -> Report:
    shared, address = span("modules/user/main.tf"), "module.ci.aws_iam_access_key.this"
    keys = tuple(JudgedKey(key(address, shared, scope=root), Verdict.FLAGGED) for root in roots)
    found = [finding(WITHOUT, address, shared, f"{address} has no end") for _ in roots]
    findings = tuple(replace(f, root=root, fingerprint=f"{n:032x}") for n, (f, root) in enumerate(zip(found, roots, strict=True)))
    return Report(AS_OF, keys, findings, (), 5)


HOSTILE = (
    "::error file=a.tf,line=1::pwned",
    "%0A::warning::pwned%0D",
    "a\nb\r\nc\rd\u2028e\x85f",
    "\x1b[31mred\x1b[0m\x07\x9b2J",
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1",
    "-1",
    "\uff1d1",
    "\t=1",
    "\u202egnp.tf\u2066",
    "caf\udce9",
    "half \ud800",
    "\ufffe\x00",
    "| a | `b` ``c`` | \\| <!-- -->",
    "@acme/admins #1 https://evil.example www.evil.example a@evil.example",
    "[click](https://evil.example) ![x](https://evil.example/x.png)",
    "##[add-mask]x ##vso[task.setvariable variable=x]y",
    "]]> &amp; &#x0A; \"quoted\" 'it'",
    "# heading",
    "1. item",
    "$x$ {0} {{x}} *a* _b_ ~c~",
    "",
    "   ",
)
"""What somebody may have written into a tag, a name or a path to do harm where a report is shown."""


def hostile() -> Report:
    """Every hostile text as address, path, root, message, remediation, reason and diagnostic."""
    until = datetime(2027, 3, 1, tzinfo=timezone.utc)
    keys: list[JudgedKey] = []
    findings: list[Finding] = []
    for number, text in enumerate(HOSTILE):
        where = span(text, number + 1)
        open_, accepted = (finding(WITHOUT, text, where, text, why) for why in (None, Suppression(text, until, "comment")))
        found = (replace(open_, remediation=text, root=text, fingerprint=f"{number:032x}"), replace(accepted, rule=OWNERLESS, root=text))
        findings += found
        keys.append(JudgedKey(key(text, where, scope=text), Verdict.FLAGGED))
        keys.append(JudgedKey(key(f"open {text}", where, scope=text), Verdict.UNDETERMINED, (open_question(text),)))
    said = tuple(Diagnostic(level, text, text, n + 1) for level in Level for n, text in enumerate(HOSTILE))
    return Report(AS_OF, tuple(keys), tuple(findings), said, 1)


ACCOUNT = "123456789012"
UNUSED = "iam.unused_access_keys"


def deployed_key(user: str, key_id: str = "****WXYZ", **more: object) -> AccessKey:
    arn = f"arn:aws:iam::{ACCOUNT}:user/{user}"
    given: dict[str, object] = {"user": user, "account": ACCOUNT, "key_id": key_id, "created": AS_OF - timedelta(days=200), **more}
    return replace(key(f"{arn}/{key_id}", None), framework="aws", **given)  # type: ignore[arg-type]


def deployed() -> Report:
    """What a live run may find: an expired key, a suppressed one, the root user's, an open one, one that is fine, and an error."""
    accepted = Suppression("moves to OIDC", datetime(2027, 3, 1, tzinfo=timezone.utc), "configuration")
    used = deployed_key(
        "payments/mailer", last_used=AS_OF - timedelta(days=60), used_for=("ses", "eu-west-1"), owner="payments@example.com",
        evidence=("ListAccessKeys and GetAccessKeyLastUsed of this run",),
    )  # fmt: skip
    root = replace(deployed_key("x", last_used=None), address=f"arn:aws:iam::{ACCOUNT}:root/key-1", is_root=True, user="<root_account>")
    open_ = deployed_key(
        "open", last_used=AS_STATED("iam:GetAccessKeyLastUsed is denied"), status=AS_STATED("denied"), created=AS_STATED("denied")
    )
    spare = deployed_key("spare", "AKIAIOSFODNN7EXAMPLE", last_used=None)
    return Report(
        AS_OF,
        keys=(
            JudgedKey(used, Verdict.FLAGGED),
            JudgedKey(root, Verdict.FLAGGED),
            JudgedKey(spare, Verdict.SUPPRESSED),
            JudgedKey(open_, Verdict.UNDETERMINED, (open_question("iam:GetAccessKeyLastUsed is denied", Question.LAST_USED),)),
            JudgedKey(deployed_key("fine", last_used=AS_OF), Verdict.CLEAN),
            JudgedKey(deployed_key("accepted", last_used=AS_STATED("denied")), Verdict.SUPPRESSED),
        ),
        findings=(
            of_deployed(EXPIRED, used, f"{used.address} is still active"),
            of_deployed(OWNERLESS, used, f"{used.address}: nobody answers for it"),
            of_deployed(EXPIRED, root, f"{root.address} belongs to the root user"),
            of_deployed(WITHOUT, spare, "it never ends", accepted),
        ),
        diagnostics=(
            Diagnostic(Level.ERROR, "iam:GetAccessKeyLastUsed is denied", account=ACCOUNT),
            Diagnostic(Level.ERROR, "nothing was read"),
            Diagnostic(Level.NOTE, "an account is suspended", account="210987654321"),
        ),
        files=0,
    )


def of_deployed(rule: Rule, about: AccessKey, message: str, why: Suppression | None = None) -> Finding:
    made = replace(finding(rule, about.address, None, message, why), framework="aws")
    return replace(made, fingerprint=f"{abs(zlib.crc32(f'{rule.id} {about.address}'.encode('utf-8', 'replace'))):032x}")


MENDED = ResolvedFinding(UNUSED, Severity.MEDIUM, f"arn:aws:iam::{ACCOUNT}:user/old/****ABCD", ACCOUNT, "old", "ab" * 16, "the key is gone")


def hostile_mended() -> tuple[ResolvedFinding, ...]:
    address = f"arn:aws:iam::{ACCOUNT}:user"
    return tuple(MENDED._replace(rule=t, address=f"{address}/{t}", user=t, fingerprint=f"{n:032x}", why=t) for n, t in enumerate(HOSTILE))


def hostile_deployed() -> Report:
    """Every hostile text as user, owner, evidence, message, remediation, reason and diagnostic of a live run."""
    keys: list[JudgedKey] = []
    findings: list[Finding] = []
    for text in (*HOSTILE, "x" * 5000, "鍵" * 5000):
        about = deployed_key(text, owner=text, evidence=(text,), used_for=(text, text), last_used=AS_OF, status=text)
        why = Suppression(text, None, "configuration")
        findings += (replace(of_deployed(WITHOUT, about, text), remediation=text), of_deployed(EXPIRED, about, text, why))
        keys += (
            JudgedKey(about, Verdict.FLAGGED),
            JudgedKey(replace(about, address=f"{about.address}2"), Verdict.UNDETERMINED, (open_question(text),)),
        )
    said = tuple(Diagnostic(Level.ERROR, text, account=ACCOUNT) for text in HOSTILE)
    return Report(AS_OF, tuple(keys), tuple(findings), said, 0)


def empty(files: int = 12, diagnostics: tuple[Diagnostic, ...] = ()) -> Report:
    return Report(AS_OF, (), (), diagnostics, files)


def line(path: str, number: int) -> str | None:
    lines = LINES.get(path, [])
    return lines[number - 1] if 0 < number <= len(lines) else None


def context(**more: object) -> RenderContext:
    return RenderContext(**{"lines": line, "root": "/repository", "elapsed": 0.084, **more})  # type: ignore[arg-type]


def rendered(name: str, report: Report, context: RenderContext) -> str:
    return "".join(renderer(name)(report, context))
