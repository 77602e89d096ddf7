"""A scan of a program of each kind: who imports this has imported what a scan needs, and reads no file to do so a second time."""

from __future__ import annotations

import contextlib
import io
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from tempfile import TemporaryDirectory

from posturio_iac import frontends, scan, search
from posturio_iac.cli import main

for package in (search, scan, frontends):
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        import_module(module.name)
with TemporaryDirectory() as _place, contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    Path(_place, "main.tf").write_text('resource "aws_iam_access_key" "a" {\n  user = "a"\n}\n', encoding="utf-8")
    Path(_place, "stack.yaml").write_text("Resources: {A: {Type: AWS::IAM::AccessKey}}\n", encoding="utf-8")
    main(["scan", _place, "--format", "json"])
