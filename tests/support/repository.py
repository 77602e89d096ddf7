"""A throw-away git repository with Terraform and CloudFormation in it, which is the current folder."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

USER = 'resource "aws_iam_user" "ci" {\n  name = "%s"\n  tags = { owner = "team"%s }\n}\n'
KEY = 'resource "aws_iam_access_key" "ci" {\n  user = aws_iam_user.ci.name\n}\n'
EXPIRES = ', expires = "2027-01-31"'
AS_OF = "2026-12-01"
CI = f'resource "aws_iam_user" "ci" {{\n  name = "ci"\n}}\n\n{KEY}'
BOT = """\
Resources:
  Bot:
    Type: AWS::IAM::User
  Key:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref Bot
"""
"""In HCL and as a template, a key that has neither a lifetime nor an owner."""
TEMPLATE = """\
Resources:
  User:
    Type: AWS::IAM::User
    Properties:
      UserName: cfn
      Tags:
        - {Key: owner, Value: team}
  Key:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref User
"""


def flagged(name: str = "ci") -> str:
    return USER % (name, "") + KEY


def clean(name: str = "ci") -> str:
    return USER % (name, EXPIRES) + KEY


class Repository:
    """The repository. Files that are written are staged, unless they are not to be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        if not (path / ".git").exists():
            for name, data in _empty().items():
                (path / name).mkdir() if data is None else (path / name).write_bytes(data)

    def git(self, *arguments: str, check: bool = True) -> str:
        command = ["git", "-c", "maintenance.auto=false", *arguments]  # which would be a process for each commit
        done = subprocess.run(command, cwd=self.path, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def write(self, name: str, text: str | bytes, *, add: bool = True) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        if add:
            self.add(name)
        return path

    def add(self, name: str) -> None:
        self.git("add", "-f", "--", f":(literal){name}")

    def commit(self, message: str = "change") -> str:
        said = self.git("-c", "core.abbrev=40", "commit", "--no-verify", "-m", message)
        return said.partition("]")[0].rpartition(" ")[2]

    def commit_all(self) -> str:
        self.git("add", "--all")
        return self.commit()


@cache
def _empty() -> dict[Path, bytes | None]:
    """What git makes of an empty folder, read once: the bytes of each file, and None for a folder."""
    with TemporaryDirectory() as place:
        subprocess.run(["git", "init", "-q", "--template=", "-b", "main", place], check=True)
        Path(place, ".git", "hooks").mkdir()
        return {path.relative_to(place): None if path.is_dir() else path.read_bytes() for path in sorted(Path(place).rglob("*"))}
