"""``posturio-iac merge``: from JSON results of live runs, or the lines of one, to one result, as if one run had found it all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from posturio_iac.commands.output import STDOUT, to_stdout, write
from posturio_iac.commands.parser import Command, help_text, parse
from posturio_iac.config.option_table import ARGUMENTS, Option, Shape
from posturio_iac.contract.cost import cost
from posturio_iac.contract.read import NotAResultError, decoded, result
from posturio_iac.core.finding import Exit, Level, Severity, Verdict, exact_score
from posturio_iac.errors import UsageError, system_reason

if TYPE_CHECKING:
    from collections.abc import Sequence

FAIL_ON = next(option for option in ARGUMENTS if option.name == "fail_on")
EXIT_ZERO = next(option for option in ARGUMENTS if option.name == "exit_zero")
COMMAND = Command(
    "merge",
    "Joins the JSON results of several live runs, such as shards, into one; also reads --format jsonl.",
    "FILE",
    "Results of --format json or jsonl",
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
    merged = merge([document for path in given.words for document in _load(path)])
    write(json.dumps(merged, indent=2) + "\n", given.output or STDOUT)
    code = exit_code(merged, given.fail_on or str(FAIL_ON.default))
    return 0 if given.exit_zero and code == Exit.FINDINGS else code


def merge(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One result. Of an account that is in several results, the latest counts."""
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
    names = {account: name for document in ordered for account, name in _names(document).items() if account in latest}
    unread = sum(document["scope"].get("not_read", 0) for document in ordered if isinstance(document.get("scope"), dict))
    scope = {
        "kind": "aws",
        "accounts": sorted(latest),
        **({"account_names": dict(sorted(names.items()))} if names else {}),
        **({"not_read": unread} if unread else {}),
        **({"left_out": left_out} if left_out else {}),
    }
    runs = [document["run"] for document in ordered if "run" in document]
    head = {name: newest[name] for name in ("version", "tool", "as_of")} | {"scope": scope} | ({"run": runs[0]} if len(runs) == 1 else {})
    return {**head, **parts, "diagnostics": diagnostics, "summary": _summary(parts["keys"], parts["findings"], diagnostics)}


def exit_code(document: dict[str, Any], fail_on: str) -> int:
    """Return what a run with this result exits with."""
    if any(said["level"] == Level.ERROR.value for said in document["diagnostics"]):
        return int(Exit.INCOMPLETE)
    bad = (Severity(f["severity"]) for f in document["findings"] if "suppressed" not in f)
    return int(Exit.FINDINGS if fail_on != "never" and any(s >= Severity(fail_on) for s in bad) else Exit.CLEAN)


def _accounts(document: dict[str, Any]) -> set[str]:
    """The accounts that a result covers: those that were read, and those of its keys."""
    return {*_scope(document, "accounts"), *map(_account, document["keys"])}


def _scope(document: dict[str, Any], name: str) -> list[str]:
    """A list of the scope of a result, where it has one."""
    scope = document.get("scope")
    found = scope.get(name) if isinstance(scope, dict) else None
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def _names(document: dict[str, Any]) -> dict[str, str]:
    """The names of the accounts of a result, as far as they are known."""
    scope = document.get("scope")
    found = scope.get("account_names") if isinstance(scope, dict) else None
    return {account: name for account, name in found.items() if isinstance(name, str)} if isinstance(found, dict) else {}


def _account(item: dict[str, Any]) -> str:
    return str(item["address"]).split(":", 5)[4]


def _summary(keys: list[dict[str, Any]], findings: list[dict[str, Any]], diagnostics: list[dict[str, Any]]) -> dict[str, Any]:
    of: dict[str, list[str]] = {}
    for finding in findings:
        of.setdefault(finding["address"], []).append(finding["severity"])
    demerits = sum(cost(key, of.get(key["address"], ())) for key in keys)
    incomplete = any(said["level"] == Level.ERROR.value for said in diagnostics)
    verdicts = {verdict.value: sum(key["verdict"] == verdict.value for key in keys) for verdict in Verdict}
    return {"files": 0, "keys": len(keys), **verdicts, "score": None if incomplete else round(exact_score(demerits))}


def _load(path: str) -> list[dict[str, Any]]:
    """Read one result, or the lines of one.

    Raises:
        UsageError: it cannot be read, or is no result of a live run.

    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        first, _, rest = text.partition("\n")
        if path.endswith(".jsonl") or (first.startswith("{") and first.endswith("}") and rest.strip()):
            return [_checked(document, path) for document in _of_lines(text, path)]
        return [_checked(decoded(text), path)]
    except NotAResultError as error:
        raise UsageError(f"{path} {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {system_reason(error)}") from None


def _of_lines(text: str, path: str) -> list[dict[str, Any]]:
    """The results of accounts that ``--format jsonl`` writes, and what its last line adds to them.

    Raises:
        NotAResultError: a line is no JSON.
        UsageError: the last line is missing.

    """
    *accounts, last = map(decoded, text.splitlines() or ["{}"])
    if not isinstance(last, dict) or "keys" in last or not isinstance(last.get("scope"), dict):
        raise UsageError(f"{path} lacks its last line, the summary, so accounts are missing: the run was cut off; run it again")
    return [*accounts, last | {"keys": [], "findings": [], "scope": {**last["scope"], "accounts": []}}]


def _checked(document: dict[str, Any], path: str) -> dict[str, Any]:
    """A document that is a result of a live run. Raises `NotAResultError` and `UsageError`."""
    saved = result(document, path)
    if saved.users is not None:
        raise UsageError(f"{path} is the result of --verify, which covers only some keys; only results of full runs are joined")
    if any(not key.deployed for key in saved.keys):
        raise UsageError(f"{path} is the result of a scan of code; only results of live runs are joined here")
    return document
