"""The summary of a result, added up report by report so that no report has to be kept."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Level, Verdict, exact_score

if TYPE_CHECKING:
    from posturio_iac.core.finding import Report


class Totals:
    """The keys of reports, counted."""

    __slots__ = ("_demerits", "_files", "_incomplete", "_verdicts")

    def __init__(self, *reports: Report) -> None:
        """Count the keys of these reports."""
        self._verdicts: Counter[Verdict] = Counter()
        self._files, self._demerits, self._incomplete = 0, 0.0, False
        for report in reports:
            self.add(report)

    def add(self, report: Report) -> None:
        """Count the keys of one more report."""
        self._verdicts.update(judged.verdict for judged in report.keys)
        self._files += report.files
        self._demerits += sum(judged.demerit for judged in report.keys)
        self._incomplete |= any(diagnostic.level is Level.ERROR for diagnostic in report.diagnostics)

    def document(self) -> dict[str, int | None]:
        """The summary as the JSON contract has it."""
        counts = {verdict.value: self._verdicts[verdict] for verdict in Verdict}
        score = None if self._incomplete else round(exact_score(self._demerits))
        return {"files": self._files, "keys": self._verdicts.total(), **counts, "score": score}
