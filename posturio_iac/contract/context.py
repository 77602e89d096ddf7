"""Facts about a run that formats may use beside its report, such as what was scanned."""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from posturio_iac.contract.resolved import ResolvedFinding
    from posturio_iac.core.finding import Finding
    from posturio_iac.fixes.shown import ShownChange
    from posturio_iac.search.skipped import SkippedPlace


class RunScope:
    """What a run looked at, by which a later result of the same is recognised.

    A plain class, because importing `dataclasses` costs a scan that finds nothing more than searching does.
    """

    __slots__ = ("accounts", "left_out", "name", "names", "narrowed", "paths", "source_url", "unread")

    name: str | None
    """Code: the folder of the repository and the path in it, such as ``infra/envs/prod``; None for a live run."""
    paths: tuple[str, ...]
    """Code: what was scanned, relative to the scan root; ``.`` for the root itself."""
    narrowed: bool
    """Code: whether only changes were judged."""
    accounts: tuple[str, ...]
    """Live: the accounts that were read, including those without keys."""
    names: Mapping[str, str]
    """Live: the names of accounts in their organization, by their ids, as far as they are known."""
    unread: int
    """Live: how many accounts could not be read."""
    left_out: tuple[str, ...]
    """Ids of rules that did not run, because the configuration or the command line leaves them out."""
    source_url: str
    """The URL of a line of code, with ``{path}`` and ``{line}`` in it; empty where it is not known."""

    def __init__(
        self,
        name: str | None = None,
        paths: tuple[str, ...] = (),
        *,
        narrowed: bool = False,
        accounts: tuple[str, ...] = (),
        names: Mapping[str, str] | None = None,
        unread: int = 0,
        left_out: tuple[str, ...] = (),
        source_url: str = "",
    ) -> None:
        """Describe what a run looked at."""
        self.name, self.paths, self.narrowed, self.accounts, self.left_out = name, paths, narrowed, accounts, left_out
        self.names, self.unread = names or {}, unread
        self.source_url = source_url

    def of_account(self, account: str) -> RunScope:
        names = {account: self.names[account]} if account in self.names else {}
        return RunScope(accounts=(account,), names=names, left_out=self.left_out, source_url=self.source_url)

    def document(self) -> dict[str, object]:
        """Return it as the JSON contract has it."""
        more: dict[str, object] = {"left_out": list(self.left_out)} if self.left_out else {}
        more |= {"source_url": self.source_url} if self.source_url else {}
        if self.name is None:
            named = {"account_names": dict(sorted(self.names.items()))} if self.names else {}
            unread = {"not_read": self.unread} if self.unread else {}
            return {"kind": "aws", "accounts": list(self.accounts), **named, **unread, **more}
        narrowed = {"narrowed": True} if self.narrowed else {}
        return {"kind": "code", "name": self.name, "paths": list(self.paths), **narrowed, **more}


class FindingAges:
    """How long findings have been open, and which of them are new.

    A plain class, for the reason above.
    """

    __slots__ = ("first_seen", "new")

    first_seen: Mapping[str, datetime]
    """By the fingerprint of a finding, or the name of an open question."""
    new: frozenset[str] | None
    """Fingerprints that the last run did not have; None where there is no earlier run to compare with."""

    def __init__(self, first_seen: Mapping[str, datetime] | None = None, new: frozenset[str] | None = None) -> None:
        self.first_seen, self.new = first_seen or {}, new


class RenderContext:
    """What a format may know beside the report. Everything in it was read, measured or decided by the caller.

    A plain class, because importing `dataclasses` costs a scan that finds nothing more than searching does.
    """

    __slots__ = (
        "ages",
        "by_owner",
        "change",
        "color",
        "columns",
        "depth",
        "elapsed",
        "exit_code",
        "fail_on",
        "lines",
        "mended",
        "prefix",
        "quiet",
        "region",
        "root",
        "run",
        "scope",
        "screen",
        "skipped",
        "text",
        "verbose",
    )

    lines: Callable[[str, int], str | None]
    """The text of line ``n`` (from 1) of a path of the report, without its end of line; None where it cannot be read."""
    root: str
    """The scan root, absolute. The paths of the report are relative to it."""
    elapsed: float
    """How long the run took, in seconds."""
    color: bool
    """True if terminal colours are wanted."""
    columns: int | None
    """The terminal's width in columns; None where the text goes elsewhere and needs no limit."""
    screen: int | None
    """How many lines a person is ready to read; None where everything is wanted."""
    by_owner: bool
    """True if the keys of each owner stand together."""
    depth: int
    """To how many levels folders of ``--stats`` are cut; 0 for as many as fill a screen."""
    verbose: bool
    """True if clean keys and suppressed findings are listed too."""
    quiet: bool
    """True if only findings are listed."""
    prefix: str
    """The path from the top of the repository to the scan root: empty, or ending with a slash."""
    fail_on: str
    """The least severity that fails the run, or ``never``."""
    exit_code: int | None
    """The exit code of the run, when it is known."""
    region: str
    """The region of AWS that a live run talked to; empty for a scan."""
    text: Callable[[str], str | None]
    """The text of a whole file with its line ends and its byte order mark; None where it is not UTF-8 or cannot be read."""
    scope: RunScope | None
    """What the run looked at, where that is known."""
    run: Mapping[str, object] | None
    """How a live run was made, as the JSON contract has it; None where that is not known."""
    mended: tuple[ResolvedFinding, ...]
    """Resolved findings of an earlier result, where the run verified one."""
    skipped: tuple[SkippedPlace, ...] | None
    """Files and calls that were not checked; None unless they were asked for."""
    ages: FindingAges
    """How long findings have been open, as far as that is known."""

    change: Callable[[Finding], ShownChange | None]
    """Returns the change of the code that mends a finding, where a program can make it, else None."""

    def __init__(  # noqa: PLR0913 - one for each thing that a format may know
        self,
        lines: Callable[[str, int], str | None],
        root: str,
        elapsed: float,
        *,
        color: bool = False,
        columns: int | None = None,
        screen: int | None = None,
        by_owner: bool = False,
        depth: int = 0,
        verbose: bool = False,
        quiet: bool = False,
        prefix: str = "",
        fail_on: str = "medium",
        exit_code: int | None = None,
        region: str = "",
        text: Callable[[str], str | None] | None = None,
        scope: RunScope | None = None,
        run: Mapping[str, object] | None = None,
        mended: tuple[ResolvedFinding, ...] = (),
        change: Callable[[Finding], ShownChange | None] | None = None,
        ages: FindingAges | None = None,
        skipped: tuple[SkippedPlace, ...] | None = None,
    ) -> None:
        """Hold what the caller knows."""
        self.lines, self.root, self.elapsed = lines, root, elapsed
        self.screen, self.by_owner, self.depth = screen, by_owner, depth
        self.color, self.columns, self.verbose, self.quiet = color, columns, verbose, quiet
        self.prefix, self.fail_on, self.exit_code, self.region = prefix, fail_on, exit_code, region
        self.text = text or (lambda _path: None)
        self.scope, self.run, self.mended, self.ages = scope, run, mended, ages or FindingAges()
        self.skipped = skipped
        self.change = change or (lambda _finding: None)
