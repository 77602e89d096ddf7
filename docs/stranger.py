"""What a stranger does who has only the README, each step as it is printed there, and how long it takes.

``python docs/stranger.py`` clones this repository into a new folder and goes from nothing to a scan, a SARIF file, a hook that blocks a
commit, a table of deployed keys and a report. moto on this machine stands for AWS. It needs git and the package registry, and fails when a
step does something else than the README says, or takes longer than two minutes.
"""  # noqa: INP001 - a script

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 120
AWS = """
import boto3
from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse
from moto.server import ThreadedMotoServer

IamResponse.list_service_specific_credentials = lambda self: ActionResult({"ServiceSpecificCredentials": [], "IsTruncated": False})
server = ThreadedMotoServer("127.0.0.1", 0)
server.start()
address = "http://%s:%s" % server.get_host_and_port()
iam = boto3.client("iam", endpoint_url=address)
iam.create_user(UserName="stale", Tags=[{"Key": "expires", "Value": "2026-01-31"}])
iam.create_access_key(UserName="stale")
print(address, flush=True)
input()
"""
KEY = 'resource "aws_iam_access_key" "new" {\n  user = "joe"\n}\n'
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}


def block(beginning: str) -> str:
    """The block of the README that begins like this."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (found,) = (body for body in re.findall(r"^```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL) if body.startswith(beginning))
    return str(found)


def line(holding: str, beginning: str) -> str:
    (found,) = (text for text in block(beginning).splitlines() if holding in text)
    return found


def shell(script: str, folder: Path, *, code: int, says: str = "", **more: str) -> str:
    """Run lines as one shell would, and fail when they end otherwise or say something else."""
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    command = ["bash", "-c", script]
    env = {**environment, **more}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - as the README prints it
    said = done.stdout + done.stderr
    if done.returncode != code or says not in said:
        sys.exit(f"{script}\nended with {done.returncode} in place of {code}, or without {says!r}:\n{said}")
    return said


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say how long a step takes, and fail when that is too long."""
    started = time.monotonic()
    yield
    seconds = time.monotonic() - started
    print(f"{name}: {seconds:.0f} s", flush=True)  # noqa: T201 - this is its output
    if seconds > SECONDS:
        sys.exit(f"{name} took longer than {SECONDS} s")


def hook(clone: Path, repository: Path) -> None:
    """Set up the hook of the README in a new repository, and commit a key that nothing ends."""
    revision = shell("git rev-parse HEAD", clone, code=0).strip()
    printed = block("# .pre-commit-config.yaml")
    released = ("https://github.com/posturio/posturio-iac", "v0.1.0")
    if not all(text in printed for text in released):
        sys.exit("the README's hook is pinned to something else")
    repository.mkdir()
    configuration = printed.replace(released[0], str(clone)).replace(released[1], revision)
    (repository / ".pre-commit-config.yaml").write_text(configuration, encoding="utf-8")
    (repository / "iam.tf").write_text(KEY, encoding="utf-8")
    install = f". {clone}/.venv/bin/activate && pip install --quiet pre-commit && git init --quiet . && pre-commit install && git add ."
    shell(install, repository, code=0)
    commit = f". {clone}/.venv/bin/activate && git -c user.name=a -c user.email=a@example.com commit -m key"
    shell(commit, repository, code=1, says="iam.access_keys_without_lifetime")


@contextmanager
def aws(folder: Path) -> Iterator[str]:
    """Yield the address of a moto with one user and a key; installing it is not what a stranger waits for."""
    pip = "posturio-iac/.venv/bin/pip --python moto/bin/python"  # a pip of its own takes longer to make than the rest of the environment
    shell(f"python3 -m venv --without-pip moto && {pip} install --quiet 'moto[server,iam,sts]>=5.2,<6'", folder, code=0)
    command = [str(folder / "moto/bin/python"), "-c", AWS]
    pipe, silent, env = subprocess.PIPE, subprocess.DEVNULL, {**os.environ, **CREDENTIALS}
    with subprocess.Popen(command, env=env, text=True, stdin=pipe, stdout=pipe, stderr=silent) as server:  # noqa: S603 - moto, as built here
        address = next((said.strip() for said in server.stdout or () if said.startswith("http://")), "")
        if not address:
            sys.exit("moto does not start")
        try:
            yield address
        finally:
            server.kill()


def main() -> None:
    """Do it all."""
    with TemporaryDirectory(prefix="stranger-") as name:
        folder = Path(name)
        clone = folder / "posturio-iac"
        shell(f"git clone --quiet {ROOT} {clone}", folder, code=0)
        activate = line("activate", ". .venv/bin/activate")
        with step("a first scan"):
            shell(line("posturio-iac scan", "# find the keys"), clone, code=0, says="4 findings (1 high, 3 medium) in 3 keys of 3 files")
        with step("scans, a SARIF file, a page and a baseline"):
            for command, code in zip(block(". .venv/bin/activate").splitlines()[1:], (1, 1, 0, 1, 1), strict=True):  # high: by name only
                shell(f"{activate}\ncd examples\n{command}", clone, code=code)
        results = json.loads((clone / "examples/keys.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
        if not results:
            sys.exit("the SARIF file holds no result")
        with step("a hook that blocks a commit"):
            hook(clone, folder / "own")
        with aws(folder) as address:
            lines = block('pip install --quiet ".[live').splitlines()
            more = {"AWS_ENDPOINT_URL": address, **CREDENTIALS}
            with step("a table of deployed keys"):
                shell(f"{activate}\n{lines[0]}\nposturio-iac live", clone, code=1, says="stale", **more)
            with step("a report"):
                shell("\n".join([activate, "set -e", "cd examples", *lines[1:]]), clone, code=0, **more)
        page = (clone / "examples/posture.html").read_text(encoding="utf-8").replace("<wbr>", "")
        if "stale/****" not in page or "aws_iam_access_key.deploy" not in page:
            sys.exit("the report lacks a key of the account or of the code")


if __name__ == "__main__":
    main()
