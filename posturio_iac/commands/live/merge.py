"""``posturio-iac merge``: from JSON results of several live runs to one, as if one run had found it all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from posturio_iac.commands.output import STDOUT, to_stdout, write
from posturio_iac.commands.parser import Command, help_text, parse
from posturio_iac.config.option_table import ARGUMENTS, Option, Shape
from posturio_iac.contract.read import NotAResultError, cost, decoded, result
from posturio_iac.core.finding import Exit, Level, Severity, Verdict, exact_score
from posturio_iac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

FAIL_ON = next(option for option in ARGUMENTS if option.name == "fail_on")
EXIT_ZERO = next(option for option in ARGUMENTS if option.name == "exit_zero")
COMMAND = Command(
    "merge",
    "Joins JSON results of several live runs, such as the shards of one, into one.",
    "FILE",
    "Results of --format json",
    most=None,
    options=(Option("output", Shape.TEXT, "Write the result to this file", flag="--output", metavar="FILE"), FAIL_ON, EXIT_ZERO),
)


def run(argv: Sequence[str]) -> int:
    """Join the files, write the result and return the exit code that one run would have had."""
    given = parse(COMMAND, argv)
    if given is None:
        to_stdout(help_text(COMMAND))
        return 0
    if not given.words:
        raise UsageError("merge needs the files to join (see posturio-iac merge --help)")
    merged = merge([_load(path) for path in given.words])
    write(json.dumps(merged, indent=2) + "\n", given.output or STDOUT)
    code = exit_code(merged, given.fail_on or str(FAIL_ON.default))
    return 0 if given.exit_zero and code == Exit.FINDINGS else code


def merge(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return one result. Of an account that is in several results, the latest counts."""
    ordered = sorted(documents, key=lambda document: str(document["as_of"]))
    newest = ordered[-1]
    latest = {account: place for place, document in enumerate(ordered) for account in _accounts(document)}
    parts: dict[str, list[dict[str, Any]]] = {
        name: [item for place, d in enumerate(ordered) for item in d[name] if latest.get(_account(item), place) == place]
        for name in ("keys", "findings")
    }
    diagnostics = list({json.dumps(said, sort_keys=True): said for d in ordered for said in d["diagnostics"]}.values())
    parts["keys"].sort(key=lambda key: key["address"])
    parts["findings"].sort(key=lambda finding: (finding["rule"], finding["address"]))
    left_out = sorted({rule for document in ordered for rule in _scope(document, "left_out")})
    scope = {"kind": "aws", "accounts": sorted(latest), **({"left_out": left_out} if left_out else {})}
    head = {name: newest[name] for name in ("version", "tool", "as_of")} | {"scope": scope}
    return {**head, **parts, "diagnostics": diagnostics, "summary": _summary(parts["keys"], parts["findings"], diagnostics)}


def exit_code(document: dict[str, Any], fail_on: str) -> int:
    """Return what a run with this result exits with."""
    if any(said["level"] == Level.ERROR.value for said in document["diagnostics"]):
        return int(Exit.INCOMPLETE)
    bad = (Severity(f["severity"]) for f in document["findings"] if "suppressed" not in f)
    return int(Exit.FINDINGS if fail_on != "never" and any(s >= Severity(fail_on) for s in bad) else Exit.CLEAN)


def _accounts(document: dict[str, Any]) -> set[str]:
    """Return the accounts that a result covers: those that were read, and those of its keys."""
    return {*_scope(document, "accounts"), *map(_account, document["keys"])}


def _scope(document: dict[str, Any], name: str) -> list[str]:
    """Return a list of the scope of a result, where it has one."""
    scope = document.get("scope")
    found = scope.get(name) if isinstance(scope, dict) else None
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def _account(item: dict[str, Any]) -> str:
    """Return the account of a key or a finding, which is a part of its address."""
    return str(item["address"]).split(":", 5)[4]


def _summary(keys: list[dict[str, Any]], findings: list[dict[str, Any]], diagnostics: list[dict[str, Any]]) -> dict[str, Any]:
    of: dict[str, list[str]] = {}
    for finding in findings:
        of.setdefault(finding["address"], []).append(finding["severity"])
    demerits = sum(cost(key, of.get(key["address"], ())) for key in keys)
    incomplete = any(said["level"] == Level.ERROR.value for said in diagnostics)
    verdicts = {verdict.value: sum(key["verdict"] == verdict.value for key in keys) for verdict in Verdict}
    return {"files": 0, "keys": len(keys), **verdicts, "score": None if incomplete else round(exact_score(demerits))}


def _load(path: str) -> dict[str, Any]:
    """Read one result.

    Raises:
        UsageError: it cannot be read, or is no result of a live run.

    """
    try:
        with open(path, encoding="utf-8") as file:
            document: dict[str, Any] = decoded(file.read())
        saved = result(document, path)
    except NotAResultError as error:
        raise UsageError(f"{path} {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if saved.users is not None:
        raise UsageError(f"{path} is the result of --verify, which tells of some keys only; results of whole runs are joined here")
    if any(not key.deployed for key in saved.keys):
        raise UsageError(f"{path} is the result of a scan of code; only results of live runs are joined here")
    return document
