"""Our packs inside of checkov and cfn-lint under a guard: what our own code does there to files, programs and the network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.attacks import SOUND, put
from tests.support.command_line import ROOT
from tests.support.guard import AUDIT, LOG, ONLY, Deeds
from tests.support.repository import Repository

KEY = "Resources:\n  Key:\n    Type: AWS::IAM::AccessKey\n    Properties: {UserName: joe}\n"
TEMPLATE = f"{KEY}  S:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: ../outside/stack.yaml}}\n"
CHECKOV = f"""{AUDIT}
import sys, warnings
warnings.simplefilter("ignore")
from checkov.main import Checkov
sys.exit(Checkov(["-d", ".", "--skip-download", "--external-checks-dir", {str(ROOT / "policies/checkov")!r}, "--output", "json"]).run())
"""
CFN_LINT = f"""{AUDIT}
import sys
sys.argv = ["cfn-lint", "--append-rules", "posturio_iac.adapters.cfn_lint", "--format", "json", "--", "stack.yaml"]
from cfnlint import runner
runner.main()
"""
HOSTS = {"checkov": (CHECKOV, "CKV_POSTURIO"), "cfn-lint": (CFN_LINT, "W937")}


@pytest.mark.promise("packs")
@pytest.mark.parametrize(("code", "found"), HOSTS.values(), ids=HOSTS)
def test_a_pack_does_what_it_may(tmp_path: Path, code: str, found: str) -> None:
    put(tmp_path, "outside/stack.yaml", TEMPLATE)
    put(tmp_path, "outside/mod/main.tf", SOUND)
    put(tmp_path, "outside/values.tfvars", 'name = "planted"\n')
    root = Repository(tmp_path / "root")
    root.write("main.tf", f'module "a" {{\n  source = "../outside/mod"\n}}\n{SOUND}')
    root.write("stack.yaml", TEMPLATE)
    root.commit()
    (root.path / "link.auto.tfvars").symlink_to("../outside/values.tfvars")
    log = tmp_path / "log"
    environment = {**os.environ, LOG: str(log), ONLY: f"{os.sep}posturio_iac{os.sep}"}
    done = subprocess.run([sys.executable, "-c", code], cwd=root.path, env=environment, capture_output=True, text=True, check=False)
    assert found in json.dumps(json.loads(done.stdout)), done.stderr
    deeds = Deeds.of(log)
    assert ("read", str(root.path / "stack.yaml")) in deeds.events, "the guard sees our code"
    assert deeds.sockets() == []
    assert {program[0] for program in deeds.programs()} <= {shutil.which("git")}
    asked = {path for kind, *paths in deeds.events if kind == "host-read" for path in paths}  # checkov follows modules anywhere
    assert [event for event in deeds.outside([root.path]) if event[1] not in asked] == []
    assert deeds.changed() == set()
