"""Text that somebody wrote into code, made harmless for Markdown: it never becomes markup, a link, a mention or a further cell."""

from __future__ import annotations

import re

from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.core.text.terminal import printable

_MARKUP = lazy_pattern(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
_LINKS = lazy_pattern(r"(?i)(?<=#)(?=\w)|(?<=\w)(?=://)|(?<=\bwww)(?=\.)|(?<=\bmailto)(?=:)")
_MENTION = lazy_pattern(r"[^\s()<>\"',;]*@[^\s()<>\"',;]*\w")
"""An address or a name that services would turn into a link or a mention: as code it is neither, and is copied as it is."""
_LINE_START = lazy_pattern(r"^(\s*\d*)([-+.>)=:]|#)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
BREAK = "<!-- -->"
"""Shows nothing, and ends what GitHub and GitLab would take for an issue or an address."""


def plain(text: str) -> str:
    """Return ``text`` as Markdown on one line that shows it as it is; addresses such as ``a@example.com`` become code."""
    shown = printable(text)
    parts, end = [], 0
    for found in _MENTION.finditer(shown):
        parts += [_escaped(shown[end : found.start()]), code(found[0])]
        end = found.end()
    return _LINE_START.sub(r"\1\\\2", "".join([*parts, _escaped(shown[end:])]))


def _escaped(text: str) -> str:
    escaped = "".join(_ENTITIES.get(c, c) for c in text)
    return _LINKS.sub(BREAK, _MARKUP.sub(r"\\\g<0>", escaped))


def code(text: str) -> str:
    """Return ``text`` as a code span on one line, also inside a table."""
    shown = printable(text)
    if not shown.strip() or any(c in shown for c in ("`", "|", "##")) or shown != shown.strip():
        entities = "".join(c if c.isalnum() or c in " ./" else f"&#{ord(c)};" for c in shown)
        return f"<code>{entities}</code>"
    return f"`{shown}`"


def fenced(text: str, language: str) -> str:
    """Return text as a block of code, whatever fences it holds itself."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(longest + 1, 3)
    return f"{fence}{language}\n{text}\n{fence}\n"
