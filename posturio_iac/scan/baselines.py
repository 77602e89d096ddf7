"""The baselines of a run, read and joined to what was found."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posturio_iac.config.model import Config
    from posturio_iac.core.finding import Report
    from posturio_iac.judge.baseline import BaselineEntry, BaselineFile
    from posturio_iac.judge.known import CodeFiles, KnownFindings
    from posturio_iac.judge.policy import Policy
    from posturio_iac.search import Selection


def known_by(config: Config) -> Mapping[str, BaselineEntry]:
    """The entries of the baselines of a configuration that are there, by fingerprint."""
    return {entry.fingerprint: entry for file in files_of(config) for entry in file.baseline.entries}


def files_of(config: Config) -> tuple[BaselineFile, ...]:
    """The baselines that a configuration names and that are there."""
    paths = tuple(filter(os.path.isfile, config.baseline))
    if not paths:
        return ()
    from posturio_iac.judge.baseline import load_all

    return load_all(paths)


def found_again(report: Report, policy: Policy, selection: Selection) -> Policy | None:
    """A policy that knows findings of the baselines under changed fingerprints too; None when there are none of these."""
    if not policy.baseline:
        return None
    from posturio_iac.core.record import replace

    matched = known_findings(report, files_of(policy.config), selection).matched
    renamed = {f: one.entry for f, one in matched.items() if f != one.entry.fingerprint}
    return replace(policy, baseline={**policy.baseline, **renamed}) if renamed else None


def known_findings(report: Report, files: Sequence[BaselineFile], selection: Selection) -> KnownFindings:
    """Which entry of the baselines each finding has."""
    from posturio_iac.judge.known import match

    return match(files, report, code_files(selection))


def code_files(selection: Selection) -> CodeFiles:
    """The files that the findings of a scan are about."""
    from posturio_iac.judge.known import CodeFiles

    return CodeFiles(selection.root, selection.repository or selection.root)
