"""The baselines of a run, read and joined to what was found."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posturio_iac.config.model import Config
    from posturio_iac.core.finding import Report, Suppression
    from posturio_iac.judge.baseline import BaselineFile
    from posturio_iac.judge.known import CodeFiles, KnownFindings
    from posturio_iac.judge.policy import PolicyTree
    from posturio_iac.search import Selection


class Baselines:
    """Baselines of several configurations, each file read once."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, ...], tuple[BaselineFile, ...]] = {}

    def files(self, config: Config) -> tuple[BaselineFile, ...]:
        """The baselines that a configuration names and that are there."""
        paths = tuple(filter(os.path.isfile, config.baseline))
        if not paths:
            return ()
        if paths not in self._files:
            from posturio_iac.judge.baseline import load_all

            self._files[paths] = load_all(paths)
        return self._files[paths]

    def known(self, config: Config) -> Mapping[str, Suppression]:
        return {entry.fingerprint: entry.suppression() for file in self.files(config) for entry in file.baseline.entries}


def found_again(report: Report, policies: PolicyTree, selection: Selection) -> PolicyTree | None:
    """Return policies that know findings of the baselines under changed fingerprints too; None when there are none of these."""
    paths = tuple(dict.fromkeys(path for policy in policies.policies() if policy.baseline for path in policy.config.baseline))
    if not paths:
        return None
    from posturio_iac.judge.baseline import load_all

    found = known_findings(report, load_all(tuple(filter(os.path.isfile, paths))), selection)
    renamed = {f: one for f, one in found.matched.items() if f != one.entry.fingerprint}
    return policies.knowing(renamed) if renamed else None


def known_findings(report: Report, files: Sequence[BaselineFile], selection: Selection) -> KnownFindings:
    """Return which entry of the baselines each finding has."""
    from posturio_iac.judge.known import match

    return match(files, report, code_files(selection))


def code_files(selection: Selection) -> CodeFiles:
    """The files that the findings of a scan are about."""
    from posturio_iac.judge.known import CodeFiles

    return CodeFiles(selection.root, selection.repository or selection.root)
