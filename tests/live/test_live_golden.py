"""All that `live` and `retire` print and write about one account is what ``fixtures/live/*.out`` says.

``python -m tests.live.test_live_golden`` writes these files anew; read what it changed like code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from types import SimpleNamespace

from docs import live_story
from docs.live_story import Story
from posturio_iac import __version__
from posturio_iac.live.connection.session import READS
from posturio_iac.render import FORMATS
from tests.support.fixture_tools import FIXTURES
from tests.support.live.fake_aws import FakeAws

LIVE = FIXTURES / "live"
LEDGER = "--ledger ledger.jsonl"
LOOKED = {name: f"live --show-key-ids -f {name} --code . --context" for name in FORMATS}
DAYS = {
    0: (
        *LOOKED.values(),
        f"live --verbose --group-by owner --owners-file owners.csv {LEDGER}",
        f"retire ask letters {LEDGER} --reply-to security@example.com --ask-ownerless security@example.com --show-key-ids",
        f"retire plan plan-0 {LEDGER}",
    ),
    5: (f"retire ask again --again {LEDGER} --answers answers.csv --code . -v",),
    15: (f"live --fail-on-new -f json {LEDGER}", f"retire plan plan-15 {LEDGER} --include-in-use busy --code .", "sh plan-15/run.sh --yes"),
    18: (f"retire verify plan-15 {LEDGER}", f"retire verify plan-15 {LEDGER} -f json", f"retire verify plan-0 {LEDGER} -f csv -v"),
    40: (
        f"retire plan plan-40 {LEDGER}",
        "sh plan-40/run.sh --yes",
        f"retire evidence kept plan-15 plan-40 {LEDGER}",
        "retire evidence kept --check",
        f"live -f text -q {LEDGER}",
    ),
}


def people(aws: FakeAws) -> None:
    """One user of each kind that is told differently."""
    for name, age, used, tags in (
        ("stale", 70, 60, {"owner": "payments@example.com"}),
        ("busy", 400, 1, {"owner": "payments@example.com", "expires": "2026-01-31"}),
        ("never", 60, None, {}),
        ("needed", 80, 60, {"owner": "shop@example.com", "rotation": "soon"}),
        ("leaked", 70, 1, {"owner": "shop@example.com"}),
        ("off", 400, 100, {"owner": "shop@example.com"}),
        ("declared", 100, 50, {"owner": "shop@example.com"}),
    ):
        aws.user(name, **tags)
        live_story.key(aws, name, f"AKIA{name.upper():X<16}", age, used, by="alice" if name == "never" else "")
    live_story.key(aws, "stale", f"AKIA{'SECOND':X<16}", 10, 1)
    for user, name in (("leaked", "AWSCompromisedKeyQuarantineV3"), ("busy", "AdministratorAccess")):
        policy = SimpleNamespace(arn=f"arn:aws:iam::aws:policy/{name}", name=name)
        aws.backend.users[user].managed_policies[policy.arn] = policy
    aws.switch(f"AKIA{'OFF':X<16}", "Inactive", days_ago=40, by="alice")
    aws.credential("bot", 100, ends=200)
    aws.called("busy", "GetObject", days_ago=1)
    aws.called("leaked", "CreateUser", error="AccessDenied", days_ago=1)
    aws.root_keys = 1


def story(aws: FakeAws, folder: Path) -> Iterator[tuple[str, str]]:
    people(aws)
    (folder / "main.tf").write_text('resource "aws_iam_access_key" "k" {\n  user = "declared"\n}\n')
    (folder / "owners.csv").write_text("users,owner\nnever,platform@example.com\n")
    (folder / "answers.csv").write_text(f"key_id,needed,until,note,answered_by\nAKIA{'NEEDED':X<16},yes,2026-12-20,a restore,Pat\n")
    played = Story(aws, folder)
    for day, commands in DAYS.items():
        played.day(day, "")
        shown = []
        for command in commands:
            text, code = played.run(command if command.startswith("sh ") else f"posturio-iac {command}")
            shown.append(f"$ {command}\n{text}exit {code}\n")
        yield f"day-{day}", "\n".join(shown)
    yield "denied", "\n".join(refusals(played))
    for top in ("letters", "again", "plan-0", "plan-15", "plan-40", "kept", "ledger.jsonl"):
        files = sorted(path for path in (folder / top, *(folder / top).rglob("*")) if path.is_file())
        yield top, "\n".join(f"==> {path.relative_to(folder)}\n{path.read_bytes().decode()}" for path in files)


def refusals(played: Story) -> Iterator[str]:
    """What is said where AWS refuses one kind of call."""
    for action in sorted(name.partition(":")[2] for name in READS if not name.startswith(("organizations:", "sts:"))):
        played.aws.denied = {action}
        for command in ("live --context --code . --stack-region us-east-1 -f concise", "live --exact -f concise"):
            text, code = played.run(f"posturio-iac {command}")
            yield f"$ {command} # {action} is denied\n{text}exit {code}\n"


def told() -> dict[str, str]:
    """What was printed each day and written into each folder, without what differs from run to run or from version to version."""
    with live_story.account() as (aws, folder):
        texts = {name: text.replace(str(folder), "/audit") for name, text in story(aws, folder)}
    return {
        name: re.sub(r"\b[0-9a-f]{64}\b", "SHA-256", re.sub(r"[\d.]+ s$", "0.08 s", text, flags=re.MULTILINE)).replace(__version__, "0.1.0")
        for name, text in texts.items()
    }


def test_all_is_told_as_it_was_reviewed() -> None:
    for name, text in told().items():
        pairs = zip_longest(text.split("\n"), (LIVE / f"{name}.out").read_bytes().decode().split("\n"))
        assert next((pair for pair in pairs if pair[0] != pair[1]), None) is None, f"{name}; if it is right: python -m {__name__}"


if __name__ == "__main__":
    for golden, content in told().items():
        (LIVE / f"{golden}.out").write_bytes(content.encode())
