"""The meaning of metadata: names of tags, lifetimes as people write them, CODEOWNERS, and what comments next to the code state.

Most comments state nothing, and only those that do load what reads them. Imports ``core`` and the standard library only.
"""

from __future__ import annotations

from posturio_iac.core.record import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.core.metadata.comments import Comment
    from posturio_iac.core.metadata.names import Names
    from posturio_iac.core.model import Directive, Span


@dataclass(frozen=True, slots=True)
class ParsedComments:
    """The parsed statements of comments."""

    metadata: tuple[tuple[str, str, Span], ...] = ()  # name, value and the place of both, in the order of the text, including unknown names
    directives: tuple[Directive, ...] = ()
    """Instructions with at least one known rule and a reason. An ``until`` that cannot be read is `Unknown`, and the engine reports it."""
    problems: tuple[Diagnostic, ...] = ()  # warnings about statements that have no effect


def parse(comments: Iterable[Comment], known_rules: Collection[str], names: Names | None = None) -> ParsedComments:
    """Parse the statements in ``comments``. Any that can have no effect is a problem, with the shortest change that helps."""
    comments = tuple(comments)
    ours = [comment for comment in comments if "posturio" in comment.text.casefold()]
    if not ours:
        return ParsedComments()
    from posturio_iac.core.metadata.comments import rows_above_old_code
    from posturio_iac.core.metadata.directives import StatementReader
    from posturio_iac.core.metadata.names import Names

    reader = StatementReader(frozenset(known_rules), names or Names.default(), rows_above_old_code(comments))
    for comment in ours:
        reader.read(comment)
    return ParsedComments(tuple(reader.metadata), tuple(reader.directives), tuple(reader.problems))
