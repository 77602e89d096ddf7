"""A repository that has grown for years: many modules with four keys each."""

from __future__ import annotations

import subprocess
from pathlib import Path

KEYS_PER_MODULE = 4
_MODULE = """\
locals {{
  team = "team-{team}"
}}

resource "aws_iam_user" "deploy" {{
  name = "deploy-{name}"
  tags = {{
    owner = local.team
  }}
}}

resource "aws_iam_access_key" "deploy" {{
  user = aws_iam_user.deploy.name
}}

resource "aws_iam_user" "mail" {{
  name = "mail-{name}"
  path = "/smtp/"
}}

resource "aws_iam_access_key" "mail" {{
  user = aws_iam_user.mail.name
}}

resource "aws_iam_user" "backup" {{
  name = "backup-{name}"
  tags = {{ owner = local.team, expires = "2027-01-31" }}
}}

resource "aws_iam_access_key" "backup" {{
  user = aws_iam_user.backup.name
}}

resource "aws_iam_access_key" "vendor" {{
  # posturio: owner=vendors@example.com
  user = "vendor-{name}"
}}

output "vendor_secret" {{
  value     = aws_iam_access_key.vendor.secret
  sensitive = true
}}
"""


def write_tree(top: Path, modules: int) -> list[str]:
    paths = []
    for number in range(modules):
        team, name = number % 20, f"service-{number:04}"
        path = top / "teams" / f"team-{team:02}" / name / "iam.tf"
        path.parent.mkdir(parents=True)
        path.write_text(_MODULE.format(team=f"{team:02}", name=name), encoding="utf-8")
        paths.append(path.relative_to(top).as_posix())
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all of it"]):
        subprocess.run(["git", *words], cwd=top, check=True)
    return paths
