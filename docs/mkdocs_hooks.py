"""Hooks of MkDocs: the rules' pages are listed as they are, and links that leave docs/ lead to the repository."""  # noqa: INP001 - loaded by its path

from __future__ import annotations

import re
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any

LINK = re.compile(r"\]\((\.\./[^)\s]+)\)")


def on_config(config: Any) -> Any:
    """Add the pages of the rules to their section, in the order of their ids."""
    pages = [f"rules/{path.name}" for path in sorted(Path(config.docs_dir, "rules").glob("iam.*.md"))]
    for section in config.nav:
        if "Rules" in section:
            section["Rules"] += pages
    return config


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Rewrite the links of one page that lead out of docs/, so that it reads as well in the repository as on the site."""
    folder = dirname(f"docs/{page.file.src_uri}")

    def rewritten(found: re.Match[str]) -> str:
        target = normpath(join(folder, found[1]))
        return found[0] if target.startswith("docs/") else f"]({config.extra['repository']}/blob/main/{target})"

    return LINK.sub(rewritten, markdown)
