"""Files for CI services: a workflow for GitHub Actions, a job for GitLab. Pure."""

from __future__ import annotations

from posturio_iac import __version__

GITHUB, GITLAB = "github", "gitlab"
PLACES = {GITHUB: ".github/workflows/posturio-iac.yml", GITLAB: ".gitlab-ci.yml"}
"""Where each service looks for its file."""

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
      - uses: posturio/posturio-iac@v{version}
{options}"""
_GITLAB = """\
access-keys:
  image: python:3.12-slim
  before_script:
    - apt-get update -q && apt-get install -qy --no-install-recommends git
    - python3 -I -m pip install --quiet "posturio-iac=={version}"
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


def ci_file(service: str, *, baseline: bool) -> str:
    """The file of a service; with a ``baseline`` it fails while entries match nothing, so that the baseline only shrinks."""
    flag = "--fail-on-stale" if baseline else ""
    if service == GITHUB:
        return _GITHUB.format(version=__version__, options=f"        with:\n          args: {flag}\n" if flag else "")
    return _GITLAB.format(version=__version__, options=f" {flag}" if flag else "")
