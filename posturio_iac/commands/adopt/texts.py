"""Texts of the files that are set up; what is there keeps every other character. Pure."""

from __future__ import annotations

from json import dumps

import yaml

from posturio_iac import DOCS, __version__
from posturio_iac.config import TABLE, Config
from posturio_iac.config.load import parse_toml
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HOOK = "posturio-iac"
_KEY = "repos"
MOST_ALIASES = 40  # more of them, one within the other, can stand for more values than can be compared; these stand for two million at most
_GITHUB = """\
name: posturio-iac
on:
  pull_request:
  push:
    branches: [main]

permissions:
  contents: read

jobs:
  access-keys:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
        with:
          persist-credentials: false
      - uses: posturio/posturio-iac@{revision}
{options}"""
_GITLAB = """\
access-keys:
  image: python:3.12-slim
  before_script:
    - apt-get update -q && apt-get install -qy --no-install-recommends git
    - python3 -I -m pip install --quiet "posturio-iac{pin}"
  script:
    - posturio-iac scan --format gitlab --output gl-code-quality-report.json --format text{options}
  artifacts:
    when: always
    reports:
      codequality: gl-code-quality-report.json
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
"""


def with_hook(text: str, repository: str, revision: str, shown: str) -> str:
    """``text`` with the hook in its list of repositories; ``shown`` names the file. Raises `UsageError` if a second parse differs."""
    entry = [f"- repo: {_scalar(repository)}", f"  rev: {_scalar(revision)}", "  hooks:", f"    - id: {HOOK}"]
    if not text.strip():
        return f"{text}{_KEY}:\n{_block(entry, '')}"
    before = _loaded(text, shown)
    if not isinstance(before, dict) or not isinstance(before.get(_KEY), list):
        raise UsageError(f"{shown}: has no list of {_KEY} to add to; `pre-commit validate-config` shows what is wrong")
    if any(map(_has_hook, before[_KEY])):
        return text
    aliases = sum(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader))
    after = None if aliases > MOST_ALIASES else _extended(text, entry)
    if after is None or _loaded(after, shown) != before | {_KEY: [*before[_KEY], *yaml.safe_load(_block(entry, ""))]}:
        wanted = dumps({"repo": repository, "rev": revision, "hooks": [{"id": HOOK}]})
        raise UsageError(f"{shown}: its list of {_KEY} cannot be extended safely; add {wanted} to it")
    return after


def _block(lines: list[str], indent: str) -> str:
    return "".join(f"{indent}{line}\n" for line in lines)


def _scalar(text: str) -> str:
    try:
        plain = yaml.safe_load(f"- repo: {text}\n") == [{"repo": text}]
    except yaml.YAMLError:
        plain = False
    return text if plain else dumps(text)


def _has_hook(repository: Any) -> bool:
    hooks = repository.get("hooks") if isinstance(repository, dict) else None
    return isinstance(hooks, list) and any(isinstance(hook, dict) and str(hook.get("id", "")).startswith(HOOK) for hook in hooks)


def _loaded(text: str, shown: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark is not None else ""
        raise UsageError(f"{shown}{where}: is not valid YAML: {getattr(error, 'problem', None) or 'it cannot be read'}") from None


def _extended(text: str, entry: list[str]) -> str | None:
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    items = next(value for key, value in root.value if key.value == _KEY)
    newline = "\r\n" if "\r\n" in text else "\n"
    if not items.value and items.flow_style:
        at, end = items.start_mark.index, items.end_mark.index
        return text[:at].rstrip(" ") + newline + _block(entry, "").replace("\n", newline).removesuffix(newline) + text[end:]
    if items.flow_style or not items.value:
        return None
    lines = text.splitlines(keepends=True)
    last = _last_line(items.value[-1])
    while not lines[last].strip():
        last -= 1
    head = lines[: last + 1]
    if not head[-1].endswith(("\n", "\r")):
        head[-1] += newline
    return "".join(head) + _block(entry, " " * items.start_mark.column).replace("\n", newline) + "".join(lines[last + 1 :])


def _last_line(node: yaml.Node) -> int:
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    mark = node.end_mark
    return int(mark.line - 1 if mark.column == 0 and mark.line > node.start_mark.line else mark.line)


def ci_file(service: str, repository: str, revision: str, *, baseline: bool) -> str:
    """The file of a service; with a ``baseline`` it fails while entries match nothing, so that the baseline only shrinks."""
    flag = "--fail-on-stale" if baseline else ""
    if service == "github":
        return _GITHUB.format(revision=revision, options=f"        with:\n          args: {flag}\n" if flag else "")
    pin = f"=={__version__}" if revision == f"v{__version__}" else f" @ git+{repository}@{revision}"
    return _GITLAB.format(pin=pin, options=f" {flag}" if flag else "")


def short(baseline: str = "") -> str:
    """The file; it names a ``baseline`` where there is one."""
    default = Config()
    return f"""\
# Configuration of posturio-iac for this repository. Every option: {DOCS}/configuration.md
max_lifetime_days = {default.max_lifetime_days}
fail_on = "{default.fail_on}"
{f'baseline = "{baseline}"{chr(10)}' if baseline else ""}"""


def with_baseline(text: str, baseline: str, *, shared: bool) -> str | None:
    """A configuration with a line that names its ``baseline``, or None where it cannot be told where the line belongs.

    It stands before the first option, or below the header of the table in a file that other tools ``shared``.
    """
    lines = text.split("\n")
    header = f"[tool.{TABLE}]"
    places = [n + 1 for n, line in enumerate(lines) if line.strip() == header]
    if not shared:
        places = [next((n for n, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines) - 1)]
    wanted = parse_toml(text, "")
    (wanted["tool"][TABLE] if shared else wanted)["baseline"] = baseline
    end = "\r" if "\r\n" in text else ""
    for place in places:
        made = "\n".join([*lines[:place], f'baseline = "{baseline}"{end}', *lines[place:]])
        try:
            if parse_toml(made, "") == wanted:
                return made
        except UsageError:
            continue
    return None
