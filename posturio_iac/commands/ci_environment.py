"""The CI service that runs us, by its environment variables. The only place that reads them."""

from __future__ import annotations

import os

from posturio_iac.commands.output import Appended
from posturio_iac.errors import UsageError

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

AUTO = "auto"
SUMMARY = "GITHUB_STEP_SUMMARY"


def chosen(reports: Sequence[tuple[str, str]], environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return formats with their targets, with ``auto`` replaced by its meaning here."""
    return tuple(pair for name, target in reports for pair in (_auto(target, environment) if name == AUTO else ((name, target),)))


def _auto(target: str, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the reports that the service shows; Gitea and Forgejo answer like GitHub."""
    if environment.get("GITHUB_ACTIONS") == "true":
        yield "github", target
        if summary := environment.get(SUMMARY):
            yield "markdown", Appended(summary)
    else:
        yield "gitlab" if environment.get("GITLAB_CI") == "true" else "text", target


def source_url(given: str | None, leading: str, environment: Mapping[str, str]) -> str:
    """The URL of a line of code, with ``{path}``, relative to the scan root, and ``{line}`` in it; empty if unknown.

    ``given`` comes from the command line or the configuration: such a URL, or that of the repository at some revision on a forge. Without
    it the URL follows from the CI service; ``leading`` is the path from the top of the repository to the scan root.

    Raises:
        UsageError: ``given`` is not a web address.

    """
    template = given or _checkout(environment)
    if not template:
        return ""
    if not template.startswith(("https://", "http://")):
        raise UsageError(f'source_url must begin with https:// or http://, not "{template}"')
    from urllib.parse import quote

    if "{path}" not in template:
        template = f"{template.rstrip('/')}/{{path}}#L{{line}}"
    return template.replace("{path}", f"{quote(leading)}{{path}}")


def _checkout(environment: Mapping[str, str]) -> str:
    """The folder of the revision that the service has checked out; Gitea and Forgejo answer like GitHub."""
    if environment.get("GITHUB_ACTIONS") == "true":
        server, repository, revision = (environment.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "SHA"))
        kind = "src/commit" if environment.get("GITEA_ACTIONS") == "true" else "blob"
        return f"{server}/{repository}/{kind}/{revision}" if server and repository and revision else ""
    project, revision = environment.get("CI_PROJECT_URL", ""), environment.get("CI_COMMIT_SHA", "")
    return f"{project}/-/blob/{revision}" if project and revision else ""


def prefix(root: str, top: str | None, environment: Mapping[str, str]) -> str:
    """The path from the top of the repository to ``root``: empty, or with forward slashes, ending with one.

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
