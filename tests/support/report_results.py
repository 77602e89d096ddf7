"""Makes results of the JSON contract for tests of the report."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

from posturio_iac.contract.read import result as read
from posturio_iac.core.finding import Diagnostic
from posturio_iac.render.report.view import Posture, join
from tests.support import canned

AS_OF = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
A, B, C = "111122223333", "444455556666", "123456789012"
SEVERITY = {"unused": "medium", "expired": "high", "ownerless": "low", "root": "critical"}


def at(days: float = 0) -> str:
    """So many days before the newest result, as the contract writes it."""
    return (AS_OF - timedelta(days=days)).isoformat().replace("+00:00", "Z")


def deployed(user: str, *, account: str = A, label: str = "****ABCD", age: float | None = 100, **more: Any) -> dict[str, Any]:
    key: dict[str, Any] = {"address": f"arn:aws:iam::{account}:user/{user}/{label}", "framework": "aws", "root": "", "path": None}
    key |= {"line": None, "end_line": None, "user": user, "status": "Active", "owner": None, "verdict": "clean", "lifetime": []}
    key |= {"account": account, "key_id": label, **({} if age is None else {"created": at(age)})}
    return key | more


def declared(address: str, path: str = "main.tf", *, root: str = "", **more: Any) -> dict[str, Any]:
    key: dict[str, Any] = {"address": address, "framework": "terraform", "root": root, "path": path, "line": 3, "end_line": 5}
    return key | {"user": "ci", "status": "Active", "owner": None, "verdict": "clean", "lifetime": []} | more


def finding(key: dict[str, Any], rule: str = "unused", **more: Any) -> dict[str, Any]:
    """A finding about a key, which it marks as flagged or suppressed."""
    key["verdict"] = "suppressed" if "suppressed" in more else "flagged"
    named: dict[str, Any] = {"rule": f"iam.{rule}", "severity": SEVERITY[rule], "message": f"{key['address']} is {rule}"}
    named |= {name: key[name] for name in ("address", "framework", "root", "path", "line", "end_line")}
    digest = sha256(f"{key['address']} {key['root']} {rule}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return named | {"remediation": "mend it.", "column": None, "end_column": None, "fingerprint": digest} | more


def result(
    keys: Any = (), findings: Any = (), said: Any = (), *, days: float = 0, scope: Any = None, files: int = 0, version: str = "0.1.0"
) -> Any:
    return {
        "version": 1,
        "tool": {"name": "posturio-iac", "version": version},
        "as_of": at(days),
        **({"scope": scope} if scope else {}),
        "keys": list(keys),
        "findings": list(findings),
        "diagnostics": list(said),
        "summary": {"files": files, "keys": len(keys), "flagged": 0, "clean": 0, "undetermined": 0, "suppressed": 0, "score": None},
    }


def accounts(*ids: str) -> dict[str, Any]:
    return {"kind": "aws", "accounts": list(ids)}


def code(name: str = "infra", *paths: str, narrowed: bool = False) -> dict[str, Any]:
    return {"kind": "code", "name": name, "paths": list(paths or (".",)), **({"narrowed": True} if narrowed else {})}


def error(message: str = "iam:ListUsers is denied", **more: Any) -> dict[str, Any]:
    return {"level": "error", "message": message, **more}


def joined(*documents: Any, unread: tuple[Diagnostic, ...] = ()) -> Posture:
    return join([read(document, f"{number}.json") for number, document in enumerate(documents)], unread)


SUPPRESSED = {"reason": "moves to OIDC", "until": at(-10), "source": "comment"}


def everything() -> Posture:
    """A view with something in every section."""
    before, now = (
        deployed("ci", age=400, last_used=at(50)),
        deployed("ci", age=400, last_used=at(50), evidence=["credential report of 2026-11-20 08:00 UTC"]),
    )
    end = [{"kind": "expiry", "value": "2027-01-31", "effect": "declared", "source": "tag", "path": None, "line": None}]
    off = deployed("old", account=B, status="Inactive", disabled_since=at(30), never_used=True, lifetime=end, owner="data@example.com")
    kept, opened = (
        declared("aws_iam_access_key.kept"),
        declared("aws_iam_access_key.open", verdict="undetermined", undecided=["var.tags has no value"]),
    )
    found = [finding(now) | {"rule": "iam.unused_access_keys"}, finding(now, "ownerless")]
    return joined(
        result([before], [finding(before, "ownerless")], days=30, scope=accounts(A)),
        result([now], found, scope=accounts(A)),
        result([off], [finding(off, "ownerless")], [error("iam:ListUsers is denied", account=B)], days=2),
        result(
            [kept, opened],
            [finding(kept, "unused", suppressed=SUPPRESSED)],
            [{"level": "note", "message": "OpenTofu"}],
            scope=code(),
            files=7,
        ),
    )


def users(posture: Posture) -> list[str]:
    return sorted(row.key.user if row.key.deployed and row.key.user else row.key.address for row in posture.rows)


HOSTILE = (
    *canned.HOSTILE,
    "\u05e9\u05dc\u05d5\u05dd \u200f\u05e2\u05d5\u05dc\u05dd",
    "<b>" + "x" * 10_000,
    "{{ 7 * 7 }}{% raw %}",
    "\x00\x1f\x7f\x9f",
    "&lt;b&gt;",
    "]]></style><script>pwned = 1</script>",
    "'\"><img src=x onerror=pwned=1>",
    "javascript:pwned=1",
)
"""What somebody may have written into a tag, a name or a path to do harm in a page."""


def hostile(*texts: str) -> Posture:
    """A view with each text in every field that holds any."""
    documents = [document for text in texts for document in _hostile(text)]
    return join([read(document, f"{texts[0]}{number}") for number, document in enumerate(documents)])


def _hostile(text: str) -> list[Any]:
    ends = ("declared", text)
    evil: dict[str, Any] = {"user": text, "owner": text, "status": text, "undecided": [text], "evidence": [text]}
    evil["lifetime"] = [{"kind": text, "value": text, "effect": effect, "source": text, "path": text, "line": 1} for effect in ends]
    live = deployed("u", label=text) | evil | {"account": text, "key_id": text, "last_used_service": text, "last_used_region": text}
    live["declared_as"] = {"address": text, "path": text, "line": 3}
    made, other = declared(text or "x", text, root=text) | evil, declared(f"{text}2", text)
    words = {"rule": text, "message": text, "remediation": text, "fingerprint": text}
    found = [
        finding(live) | words,
        finding(made) | words,
        finding(other, suppressed={"reason": text, "until": None, "source": text}) | words,
    ]
    said = [{"level": level, "message": text, "path": text, "line": 1} for level in ("error", "warning", "note")]
    scope = {"kind": "code", "name": text, "paths": [text]}
    return [
        result([live, made, other], found, said, version=text, scope=scope),
        result([other, live], days=9, version=text, scope=scope),
        result([], [], [error(text, account=text)], scope=accounts(text)),
    ]
