"""Finds the entries of a stack that refer to a name, without walking those whose text does not hold it."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.frontends.cloudformation.evaluation.references import mentions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.cloudformation.evaluation.references import Mention
    from posturio_iac.frontends.cloudformation.evaluation.stack import Stack
    from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry

_ALIAS = lazy_pattern(r"""[:,\[\s-]\s*\*[^\s*"',\]}]""")


class ReferenceIndex:
    """An index of the references in the outputs and resources of a stack."""

    __slots__ = ("_mentions", "_spans", "_walked")

    def __init__(self, stack: Stack) -> None:
        """Index the outputs and the resources of ``stack``."""
        self._spans: dict[TemplateSource, tuple[list[tuple[int, int, str, TemplateEntry]], list[int]]] = {}
        self._mentions: dict[int, dict[str, list[Mention]]] = {}
        """Those of an entry that was walked, by its place among the spans."""
        self._walked: dict[str, list[tuple[str, TemplateEntry, Mention]]] = {}
        found: dict[TemplateSource, list[tuple[int, int, str, TemplateEntry]]] = {}
        for section, entries in (("Outputs", stack.outputs), ("Resources", stack.resources)):
            for entry in entries.values():
                if entry.expanded or _has_alias(entry):
                    for mention in mentions(entry.body):
                        self._walked.setdefault(mention.name, []).append((section, entry, mention))
                else:
                    found.setdefault(entry.source, []).append((entry.body.start, entry.body.end, section, entry))
        for source, spans in found.items():
            spans.sort(key=lambda span: span[:2])
            self._spans[source] = spans, [span[0] for span in spans]

    def of(self, name: str) -> Iterator[tuple[str, TemplateEntry, Mention]]:
        """Yield each reference to ``name``, with the section and the entry that it stands in."""
        yield from self._walked.get(name, ())
        for source, spans in self._spans.items():
            for _, _, section, entry in _around(name, source.text, *spans):
                if (found := self._mentions.get(id(entry))) is None:
                    found = self._mentions[id(entry)] = {}
                    for mention in mentions(entry.body):
                        found.setdefault(mention.name, []).append(mention)
                yield from ((section, entry, mention) for mention in found.get(name, ()))


def _around(
    name: str, text: str, spans: list[tuple[int, int, str, TemplateEntry]], starts: list[int]
) -> Iterator[tuple[int, int, str, TemplateEntry]]:
    """Yield the spans in which ``name`` stands; ``starts`` are where they start. No two overlap."""
    last = spans[-1][1]
    at = text.find(name, starts[0], last)
    while at >= 0:
        index = bisect_right(starts, at) - 1
        if at < spans[index][1]:
            yield spans[index]
        if index + 1 == len(spans):
            return
        at = text.find(name, max(starts[index + 1], at + 1), last)


def _has_alias(entry: TemplateEntry) -> bool:
    """True if parts of an entry stand elsewhere in its file, or its name is escaped there."""
    written = entry.source.slice(entry.body)
    if entry.source.language == "JSON":
        return "\\u" in written
    return "*" in written and _ALIAS.search(written) is not None
