"""What the environment says about the CI service that runs us. The only place where it is asked."""

from __future__ import annotations

import os

from posturio_iac.commands.output import Appended

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

AUTO = "auto"
SUMMARY = "GITHUB_STEP_SUMMARY"


def chosen(reports: Sequence[tuple[str, str]], environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return formats with their targets, with what ``auto`` means here in its place."""
    return tuple(pair for name, target in reports for pair in (_auto(target, environment) if name == AUTO else ((name, target),)))


def _auto(target: str, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the reports that the service shows; Gitea and Forgejo answer like GitHub."""
    if environment.get("GITHUB_ACTIONS") == "true":
        yield "github", target
        if summary := environment.get(SUMMARY):
            yield "markdown", Appended(summary)
    else:
        yield "gitlab" if environment.get("GITLAB_CI") == "true" else "text", target


def prefix(root: str, top: str | None, environment: Mapping[str, str]) -> str:
    """Return what leads from the top of the repository to ``root``: empty, or a path with forward slashes that ends with one.

    ``top`` is the top of the git work tree; where there is none, the folder that the service checked out into counts.
    """
    checkout = environment.get("GITHUB_WORKSPACE") or environment.get("CI_PROJECT_DIR")
    for folder in (top, checkout):
        if folder:
            real, inside = os.path.realpath(folder), os.path.realpath(root)
            if inside != real and inside.startswith(os.path.join(real, "")):
                return os.path.relpath(inside, real).replace(os.sep, "/") + "/"
            if inside == real:
                return ""
    return ""
