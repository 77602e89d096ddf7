"""The JSON contract: the one writer and the one reader of `docs/schema/report-1.json`, and what formats may know about a run.

Imports ``core``.
"""

from __future__ import annotations

from posturio_iac.core.record import NamedTuple, dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from posturio_iac.core.finding import Finding, Severity
    from posturio_iac.fixes.shown import ShownChange
    from posturio_iac.scan.skipped import SkippedPlace


@dataclass(frozen=True, slots=True)
class RunScope:
    """What a run looked at, by which a later result of the same is recognised."""

    name: str | None = None
    """Code: the folder of the repository and the path in it, such as ``infra/envs/prod``; None for a live run."""
    paths: tuple[str, ...] = ()
    """Code: what was scanned, relative to the scan root; ``.`` for the root itself."""
    narrowed: bool = False
    accounts: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """Live: the names of accounts in their organization, by their ids, as far as they are known."""
    unread: int = 0
    left_out: tuple[str, ...] = ()
    source_url: str = ""
    """The URL of a line of code, with ``{path}`` and ``{line}`` in it; empty where it is not known."""

    def of_account(self, account: str) -> RunScope:
        names = {account: self.names[account]} if account in self.names else {}
        return RunScope(accounts=(account,), names=names, left_out=self.left_out, source_url=self.source_url)

    def document(self) -> dict[str, object]:
        """It as the JSON contract has it."""
        more: dict[str, object] = {"left_out": list(self.left_out)} if self.left_out else {}
        more |= {"source_url": self.source_url} if self.source_url else {}
        if self.name is None:
            named = {"account_names": dict(sorted(self.names.items()))} if self.names else {}
            unread = {"not_read": self.unread} if self.unread else {}
            return {"kind": "aws", "accounts": list(self.accounts), **named, **unread, **more}
        narrowed = {"narrowed": True} if self.narrowed else {}
        return {"kind": "code", "name": self.name, "paths": list(self.paths), **narrowed, **more}


@dataclass(frozen=True, slots=True)
class FindingAges:
    """How long findings have been open, and which of them are new."""

    first_seen: Mapping[str, datetime] = field(default_factory=dict)
    new: frozenset[str] | None = None
    """Fingerprints that the last run did not have; None where there is no earlier run to compare with."""


class ResolvedFinding(NamedTuple):
    """A finding of an earlier result that is resolved."""

    rule: str
    severity: Severity
    address: str
    account: str
    user: str
    fingerprint: str
    why: str
    first_seen: datetime | None = None

    def clause(self) -> str:
        return f"is resolved: {self.why}"

    def title(self) -> str:
        """The title of its rule; of one that is gone, its id."""
        from posturio_iac.rules import all_rules

        known = all_rules().get(self.rule)
        return known.rule.title if known else self.rule

    def partition(self) -> str:
        """The partition of AWS that it is in."""
        from posturio_iac.core.keys import partition_of

        return partition_of(self.address)


def _nothing(*_place: object) -> None:
    """Stands for a function of a context that knows nothing."""


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What a format may know beside the report. Everything in it was read, measured or decided by the caller."""

    lines: Callable[[str, int], str | None] = _nothing
    """The text of line ``n`` (from 1) of a path of the report, without its end of line; None where it cannot be read."""
    root: str = ""
    elapsed: float = 0.0
    color: bool = False
    columns: int | None = None
    """The terminal's width in columns; None where the text goes elsewhere and needs no limit."""
    screen: int | None = None
    """How many lines a person is ready to read; None where everything is wanted."""
    by_owner: bool = False
    depth: int = 0
    """To how many levels folders of ``--stats`` are cut; 0 for as many as fill a screen."""
    verbose: bool = False
    quiet: bool = False
    prefix: str = ""
    """The path from the top of the repository to the scan root: empty, or ending with a slash."""
    fail_on: str = "medium"
    """The least severity that fails the run, or ``never``."""
    exit_code: int | None = None
    region: str = ""
    text: Callable[[str], str | None] = _nothing
    """The text of a whole file with its line ends and its byte order mark; None where it is not UTF-8 or cannot be read."""
    scope: RunScope | None = None
    run: Mapping[str, object] | None = None
    """How a live run was made, as the JSON contract has it; None where that is not known."""
    mended: tuple[ResolvedFinding, ...] = ()
    """Resolved findings of an earlier result, where the run verified one."""
    change: Callable[[Finding], ShownChange | None] = _nothing
    """Returns the change of the code that mends a finding, where a program can make it, else None."""
    ages: FindingAges = FindingAges()
    skipped: tuple[SkippedPlace, ...] | None = None
    """Files and calls that were not checked; None unless they were asked for."""
