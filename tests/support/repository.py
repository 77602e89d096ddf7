"""A throw-away git repository with Terraform and CloudFormation in it, which is the current folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

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
        self.git("init", "-q", "--template=", "-b", "main")  # whose examples of hooks would be copied for each test
        if (path / ".git").is_dir():  # in a linked work tree it is a file
            (path / ".git" / "hooks").mkdir(exist_ok=True)

    def git(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.path, capture_output=True, text=True, check=False)
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
        self.git("commit", "-q", "--no-verify", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def commit_all(self) -> str:
        self.git("add", "--all")
        return self.commit()
