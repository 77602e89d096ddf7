"""The configuration: one table of options, the file that holds them, and the checks with their suggestions.

Imports ``core`` and ``metadata``.
"""

from __future__ import annotations

from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def meant(word: str, choices: Iterable[str], *, cutoff: float = 0.5) -> str:
    """``; did you mean "…"?`` for the choice that is most like ``word``, or nothing when none is like it."""
    from difflib import get_close_matches

    close = get_close_matches(word.lower(), list(choices), n=1, cutoff=cutoff)
    return f'; did you mean "{close[0]}"?' if close else ""


def hint(word: str, choices: Iterable[str]) -> str:
    known = tuple(choices)
    return meant(word, known) or (f"; there are {', '.join(known)}" if known else "")


def rule_id(name: str, ids: Iterable[str]) -> str:
    """The id of the rule that ``name`` means: an id, or the part after its dot. Raises `UsageError`, which names the nearest one."""
    known = tuple(ids)
    wanted = name.strip().lower().replace("-", "_")
    for candidate in known:
        if wanted in {candidate, candidate.rpartition(".")[2]}:
            return candidate
    from difflib import get_close_matches

    from posturio_iac.core.host_ids import CFN_LINT, CHECKOV

    ours = {hosted: candidate for table in (CHECKOV, CFN_LINT) for candidate, hosted in table.items() if candidate in known}
    if name.strip().upper() in ours:
        raise UsageError(f'there is no rule "{name}"; did you mean "{ours[name.strip().upper()]}"?')
    short = {candidate.rpartition(".")[2]: candidate for candidate in known}
    last = wanted.rpartition(".")[2]
    within = [name for name in short if last and last in name]
    close = within if len(within) == 1 else get_close_matches(last, short, n=1, cutoff=0.4)
    meant = f'; did you mean "{short[close[0]]}"?' if close else "; `posturio-iac explain` lists them"
    raise UsageError(f'there is no rule "{name}"{meant}')
