"""The CI service that runs us, by its environment variables. The only place that reads them."""

from __future__ import annotations

import os

from posturio_iac.commands.output import Appended
from posturio_iac.core.text.textfile import STDIN, is_inside
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from posturio_iac.config import Config
    from posturio_iac.contract import RunScope
    from posturio_iac.search import Selection


def scope(place: str, selection: Selection, words: Sequence[str], config: Config, *, narrowed: bool, source_url: str) -> RunScope:
    """The scope of a scan. Its name starts with the folder of the repository, or is that of the scan root: no path of this machine."""
    from posturio_iac.contract import RunScope

    top = selection.repository
    real = os.path.realpath(place)
    inside = os.path.relpath(real, os.path.realpath(top)) if top and STDIN not in words else os.curdir
    name = os.path.basename(os.path.realpath(top) if top and STDIN not in words else real)
    full = name if inside == os.curdir or inside.startswith(os.pardir) else os.path.join(name, inside)
    paths = {os.path.relpath(os.path.realpath(word), selection.root).replace(os.sep, "/") for word in words or (os.curdir,)}
    given = (STDIN,) if STDIN in words else tuple(sorted(paths))
    return RunScope(full.replace(os.sep, "/"), given, narrowed=narrowed, left_out=left_out(config), source_url=source_url)


def left_out(config: Config) -> tuple[str, ...]:
    """The ids of the rules that the configuration, with the command line laid over it, leaves out."""
    from posturio_iac.judge.policy import Policy
    from posturio_iac.rules import all_rules

    known = all_rules()
    return tuple(sorted(known.keys() - Policy(config).selected(known)))


AUTO = "auto"
SUMMARY = "GITHUB_STEP_SUMMARY"


def chosen(reports: Sequence[tuple[str, str]], environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(pair for name, target in reports for pair in (_auto(target, environment) if name == AUTO else ((name, target),)))


def _auto(target: str, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if environment.get("GITHUB_ACTIONS") == "true":
        yield "github", target
        if summary := environment.get(SUMMARY):
            yield "markdown", Appended(summary)
    else:
        yield "gitlab" if environment.get("GITLAB_CI") == "true" else "text", target


def source_url(given: str | None, leading: str, environment: Mapping[str, str]) -> str:
    """The URL of a line of code, with ``{path}``, relative to the scan root, and ``{line}`` in it; empty if unknown.

    It is that of the command line or configuration, of which the folder of a revision is enough, else the CI service's; ``leading`` is
    the path from the top of the repository to the scan root. Raises `UsageError` for what is no web address.
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
    if environment.get("GITHUB_ACTIONS") == "true":
        server, repository, revision = (environment.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "SHA"))
        kind = "src/commit" if environment.get("GITEA_ACTIONS") == "true" else "blob"
        return f"{server}/{repository}/{kind}/{revision}" if server and repository and revision else ""
    project, revision = environment.get("CI_PROJECT_URL", ""), environment.get("CI_COMMIT_SHA", "")
    return f"{project}/-/blob/{revision}" if project and revision else ""


def prefix(root: str, top: str | None, environment: Mapping[str, str]) -> str:
    """The path from the top of the repository, or of what the service checked out, to ``root``: empty, or ending with a slash."""
    checkout = environment.get("GITHUB_WORKSPACE") or environment.get("CI_PROJECT_DIR")
    inside = os.path.realpath(root)
    for folder in map(os.path.realpath, filter(None, (top, checkout))):
        if is_inside(inside, folder):
            return os.path.join(os.path.relpath(inside, folder), "").replace(os.sep, "/").removeprefix("./")
    return ""
