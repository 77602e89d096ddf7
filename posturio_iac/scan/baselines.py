"""The baselines of a run, read and joined to what was found."""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posturio_iac.config.model import Config
    from posturio_iac.core.finding import Report, Suppression
    from posturio_iac.judge.baseline import BaselineFile
    from posturio_iac.judge.known import CodeFiles, KnownFindings
    from posturio_iac.search import Selection


def known(config: Config) -> Mapping[str, Suppression]:
    """Return what the baselines suppress, by the fingerprints that they name."""
    if not config.baseline:
        return {}
    from posturio_iac.judge.baseline import load_all

    return {entry.fingerprint: entry.suppression() for file in load_all(config.baseline) for entry in file.baseline.entries}


def found_again(report: Report, config: Config, selection: Selection) -> Mapping[str, Suppression]:
    """Return what the baselines suppress of the findings in a report, those included whose fingerprints have changed."""
    from posturio_iac.judge.baseline import load_all

    return known_findings(report, load_all(config.baseline), selection).suppressions()


def known_findings(report: Report, files: Sequence[BaselineFile], selection: Selection) -> KnownFindings:
    """Return which entry of the baselines each finding has."""
    from posturio_iac.judge.known import match

    return match(files, report, code_files(selection))


def code_files(selection: Selection) -> CodeFiles:
    """Return the files that the findings of a scan are about."""
    from posturio_iac.judge.known import CodeFiles

    return CodeFiles(selection.root, selection.repository or selection.root)
