"""From one JSON result, as `docs/schema/report-1.json` describes it, to records.

Fields that are not known are passed over, so that a later minor version may add some. A field that is known must be what the contract
says: a damaged result is refused whole, since half of it would look like good news. `open_questions` is passed over for `undecided`.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone

from posturio_iac.contract import RunScope
from posturio_iac.contract.records import SavedEvidence, SavedFinding, SavedKey, SavedRemedy, SavedResult, SavedVerdict, cost
from posturio_iac.core.finding import Diagnostic, Level, Severity, Suppression, Verdict
from posturio_iac.core.keys import MASK, KeyIdMask
from posturio_iac.core.model import KeyKind
from posturio_iac.core.text import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar

    T = TypeVar("T")

VERSION = 1
_COULD_BE_ID = lazy_pattern(r"[A-Za-z0-9_]{16}")


class NotAResultError(Exception):
    """A text is not a readable result; the message is a clause that says why and what to do."""


def load(text: str, source: str, *, show_key_ids: bool = False) -> SavedResult:
    """The result in ``text``; key ids anywhere in it are masked unless they may be shown. Raises `NotAResultError`."""
    document = decoded(text, source)
    return result(document if show_key_ids else _masked(document, KeyIdMask(_ids(document))), source)


def decoded(text: str, source: str = "") -> Any:
    """The JSON of a result, for `result` to read; the lines of ``--format jsonl`` are one. Raises `NotAResultError`."""
    first, _, rest = text.partition("\n")
    if source.endswith(".jsonl") or (first.startswith("{") and first.rstrip().endswith("}") and rest.strip()):
        return _of_lines([_json(line) for line in text.splitlines()])
    return _json(text)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise NotAResultError("is nested too deeply to be a posturio-iac result") from None
    except ValueError as error:
        where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        empty = "is empty" if not text.strip() else f"is not valid JSON{where}, perhaps cut off"
        raise NotAResultError(f"{empty}; write it again with --format json --output FILE") from None


def _of_lines(lines: list[Any]) -> Any:
    *accounts, last = lines or [None]
    if not isinstance(last, dict) or "keys" in last or not isinstance(last.get("scope"), dict):
        raise NotAResultError("lacks its last line, the summary, so accounts are missing: the run was cut off; run it again")
    for account in accounts:
        result(account, "")
    return {**last, **{name: [item for line in lines for item in line.get(name, ())] for name in ("keys", "findings", "diagnostics")}}


def _ids(document: Any) -> frozenset[str]:
    keys = document.get("keys") if isinstance(document, dict) else None
    found = (key.get("key_id") for key in keys if isinstance(key, dict)) if isinstance(keys, list) else ()
    return frozenset(key_id for key_id in found if isinstance(key_id, str) and _COULD_BE_ID.search(key_id))


def _masked(value: Any, mask: KeyIdMask) -> Any:
    match value:
        case str():
            return mask.text(value) if _COULD_BE_ID.search(value) else value
        case dict():
            return {name: _masked(entry, mask) for name, entry in value.items()}
        case list():
            return [_masked(entry, mask) for entry in value]
        case _:
            return value


def result(document: Any, source: str) -> SavedResult:
    """A decoded result as records. Raises `NotAResultError` if it is no result of ours, or one of a newer version."""
    if not isinstance(document, dict) or not isinstance(document.get("tool"), dict) or document["tool"].get("name") != "posturio-iac":
        raise NotAResultError("is JSON but not a posturio-iac result; pass the output of `scan` or `live` with --format json")
    version = document.get("version")
    if type(version) is int and version > VERSION:
        raise NotAResultError(f"was written by a newer posturio-iac (contract version {version}; this one reads {VERSION}); update it")
    if type(version) is not int or version != VERSION:
        raise NotAResultError(f"has no known contract version ({VERSION})")
    try:
        return _result(document, source)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        why = f"{error} is missing" if isinstance(error, KeyError) else str(error).partition("\n")[0][:120]
        raise NotAResultError(f"does not follow the contract ({why}); it may have been edited or damaged") from None


def _result(document: dict[str, Any], source: str) -> SavedResult:
    found = tuple(map(_found, _list(document["findings"])))
    severities: dict[tuple[str, str, str], list[str]] = {}
    for finding in found:
        severities.setdefault((finding.framework, finding.root, finding.address), []).append(finding.severity.value)
    return SavedResult(
        source,
        moment(document["as_of"]),
        _text(document["tool"]["version"]),
        _covered(document.get("scope")),
        tuple(_key(key, severities) for key in _list(document["keys"])),
        found,
        tuple(map(_said, _list(document["diagnostics"]))),
        int(document["summary"]["files"]),
        _verified(document),
        tuple(map(_verdict, _list(document["verification"]["results"]))) if document.get("verification") is not None else (),
    )


def _verdict(entry: dict[str, Any]) -> SavedVerdict:
    place = {"framework": "aws", "path": None, "line": None}
    kind = KeyKind(entry.get("kind") or KeyKind.ACCESS_KEY.value)
    return SavedVerdict(_text(entry["state"]), _found({**entry, **place}), _optional(entry["status"]), _optional(entry["owner"]), kind)


def _verified(document: dict[str, Any]) -> frozenset[str] | None:
    """The users that a verification asked about; it covers no others."""
    verification = document.get("verification")
    if verification is None:
        return None
    entries = (*_list(document["keys"]), *_list(verification["results"]))
    return frozenset(_text(entry["address"]).rpartition("/")[0] for entry in entries)


def moment(text: Any) -> datetime:
    """An RFC 3339 time as the contract writes it. Raises ValueError or TypeError."""
    if not isinstance(text, str):
        raise TypeError(f"a time must be text, not {type(text).__name__}")
    when = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
    if when.tzinfo is None:
        raise ValueError(f"the time {text[:40]} has no zone")
    return when.astimezone(timezone.utc)


def _key(key: dict[str, Any], severities: Mapping[tuple[str, str, str], list[str]]) -> SavedKey:
    address, framework, root = _text(key["address"]), _text(key["framework"]), _text(key.get("root") or "")
    service, region = _optional(key.get("last_used_service")), _optional(key.get("last_used_region"))
    return SavedKey(
        address,
        framework,
        root,
        _optional(key["path"]),
        _number(key["line"]),
        _optional(key["user"]),
        _optional(key["status"]),
        _optional(key["owner"]),
        Verdict(key["verdict"]),
        tuple(SavedEvidence(*(_text(entry[name]) for name in ("kind", "value", "effect", "source"))) for entry in _list(key["lifetime"])),
        _texts(key.get("undecided")),
        cost(key, severities.get((framework, root, address), ())),
        _optional(key.get("account")),
        _maybe(moment, key.get("created")),
        _maybe(moment, key.get("last_used")),
        key.get("never_used") is True,
        " in ".join(word for word in (service, region) if word),
        _maybe(moment, key.get("disabled_since")),
        _texts(key.get("evidence")),
        _declared(key.get("declared_as")) or ("no code declares it" if key.get("managed") is False else ""),
        *((_optional(at.get("path")), _number(at.get("line"))) if isinstance(at := key.get("declared_as"), dict) else (None, None)),
        KeyKind(key.get("kind") or KeyKind.ACCESS_KEY.value),
        _optional(key.get("service")),
        "declared_as" in key or "managed" in key,
    )


def _declared(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    candidates = [place for entry in value.get("candidates") or () if (place := _place(entry))]
    text = f"one of {', '.join(candidates)}" if candidates else _place(value)
    return f"{text}, likely" if text and value.get("link") == "likely" and not candidates else text


def _place(entry: Any) -> str:
    address, path, line = _optional(entry.get("address")) or "", _optional(entry.get("path")), _number(entry.get("line"))
    place = f"{path}:{line}" if path and line else path or ""
    return f"{address} ({place})" if address and place else address or place


def _found(finding: dict[str, Any]) -> SavedFinding:
    why = finding.get("suppressed")
    return SavedFinding(
        _text(finding["rule"]),
        Severity(finding["severity"]),
        _text(finding["message"]),
        _text(finding["remediation"]),
        _text(finding["address"]),
        _text(finding["framework"]),
        _text(finding.get("root") or ""),
        _optional(finding["path"]),
        _number(finding["line"]),
        _text(finding["fingerprint"]),
        None if why is None else Suppression(_text(why["reason"]), _maybe(moment, why["until"]), _text(why["source"])),
        _maybe(_remedy, finding.get("remedy")),
        _text((finding.get("fix") or {}).get("level") or ""),
        _maybe(moment, finding.get("first_seen")),
        _text(finding.get("problem") or finding["message"]),
        tuple(dict.fromkeys(map(_instead, _list(finding.get("instead", []))))),
    )


def _instead(consumer: dict[str, Any]) -> str:
    first, *more = [*map(_place, _list(consumer.get("used_at", [])))] or [""]
    used = f" (used at {first}{f' and {len(more)} more' if more else ''})" if first else ""
    return f"{_text(consumer['text'])}{used}"


def _remedy(remedy: dict[str, Any]) -> SavedRemedy:
    summary, code, *commands = (_text(remedy.get(name) or "") for name in ("summary", "code", "command", "otherwise"))
    command, otherwise = ("" if MASK in command else command for command in commands)  # masked, it could not be run
    more = _optional(remedy.get("address")), _optional(remedy.get("then"))
    return SavedRemedy(_text(remedy["kind"]), summary, code, command, *more, otherwise)


def _said(diagnostic: dict[str, Any]) -> Diagnostic:
    path, line, account = _optional(diagnostic.get("path")), _number(diagnostic.get("line")), _optional(diagnostic.get("account"))
    return Diagnostic(Level(diagnostic["level"]), _text(diagnostic["message"]), path, line, account=account)


def _covered(scope: Any) -> RunScope:
    scope = scope or {}
    narrowed, name = scope.get("narrowed") is True, _optional(scope.get("name"))
    names = {_text(account): _text(known) for account, known in (scope.get("account_names") or {}).items()}
    accounts, left_out, url = _texts(scope.get("accounts")), _texts(scope.get("left_out")), _text(scope.get("source_url") or "")
    if url and not url.startswith(("https://", "http://")):  # a page would link to it
        raise ValueError("source_url is not a web address")
    return RunScope(name, _texts(scope.get("paths")), narrowed, accounts, names, left_out=left_out, source_url=url)


def _maybe(read: Callable[[Any], T], value: Any) -> T | None:
    return None if value is None else read(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"a list was expected, not {type(value).__name__}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text was expected, not {type(value).__name__}")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_text, _list(value))) if value is not None else ()


def _optional(value: Any) -> str | None:
    return None if value is None else _text(value)


def _number(value: Any) -> int | None:
    if value is not None and type(value) is not int:
        raise TypeError(f"a whole number was expected, not {type(value).__name__}")
    return value
