"""Plays the sixty days of docs/live-sixty-days.md against the account of the tests, and writes what was shown into the page.

``--check`` only tells whether that differs, and exits with 1 when it does. Commands stand there as typed; the clock, the people and their
workloads are played. It takes some seconds, and needs what the tests of the live check need.
"""  # noqa: INP001 - a script

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # as pytest does

from moto.iam.models import iam_backends  # noqa: E402 - see above

from posturio_iac.cli import main as main_of_tool  # noqa: E402 - see above
from posturio_iac.live.connection import calls  # noqa: E402 - see above
from tests.support.live.cloud import ACCOUNT  # noqa: E402 - see above
from tests.support.live.fake_aws import FakeAws, serving  # noqa: E402 - see above

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = ROOT / "docs/live-sixty-days.md"
BLOCK = re.compile(r"(<!-- generated: sixty days -->\n).*?(<!-- /generated -->)", re.DOTALL)
MAILER, LOAD_TEST, REPORTS = (f"AKIAIOSFODNN7{name}" for name in ("MAILERX", "LOADTST", "REPORTS"))
TOOL, SCRIPT = "posturio-iac", f"{ACCOUNT}.sh"


class Story:
    """The account, the folder in which commands are typed, and what was written so far."""

    def __init__(self, aws: FakeAws, folder: Path) -> None:
        """Begin at the time of the account."""
        self.aws, self.folder = aws, folder
        self.started = aws.now
        self.lines: list[str] = []

    def day(self, number: int, text: str) -> None:
        """Let time go by until a day of the story, and say what happens then."""
        self.aws.now = self.started + timedelta(days=number)
        self.lines += [f"**Day {number}.** {text}", ""]

    def type(self, *commands: str) -> None:
        """Type commands, and write down what they show and their exit code where that is not 0."""
        shown = []
        for command in commands:
            out, code = self.run(command)
            shown += [
                f"$ {command}",
                *out.splitlines(),
                *([f"# exit code {code}"] if code else []),
                *([""] if command != commands[-1] else []),
            ]
        self.lines += ["```console", *shown, "```", ""]

    def run(self, command: str) -> tuple[str, int]:
        """Type a command; what it shows, and its exit code."""
        program, *words = shlex.split(command)
        if program == "ls":
            return "  ".join(sorted(path.name for path in (self.folder / words[0]).iterdir())), 0
        if program == "sh":
            done = self.aws.run(self.folder / words[0], self.folder, *words[1:])
            return done.stdout + done.stderr, done.returncode
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = main_of_tool(words)
        shown = out.buffer.getvalue().decode()
        return "".join(line for line in shown.splitlines(keepends=True) if " calls to AWS: " not in line), code


def key(aws: FakeAws, name: str, key_id: str, age: float, used: float | None, by: str = "") -> None:
    """Make a key with an id that is the same in every run."""
    made = aws.held(aws.key(name, age=age, used=used))
    aws.backend.access_keys[key_id] = aws.backend.access_keys.pop(made.access_key_id)
    made.access_key_id = key_id
    if by:
        aws.created(key_id, by)


def played(aws: FakeAws, folder: Path) -> str:
    """The story as Markdown."""
    story = Story(aws, folder)
    aws.user("mailer", owner="payments@example.com")
    key(aws, "mailer", MAILER, 400, 120)
    aws.user("reports", owner="payments@example.com")
    key(aws, "reports", REPORTS, 70, 65)
    aws.user("load-test")
    key(aws, "load-test", LOAD_TEST, 60, None, by="alice")

    ledger = "--ledger ledger.jsonl"
    story.day(0, "Three keys are not in use. Nobody is known to own one of them; CloudTrail names who created it. Owners get a letter.")
    asked = "--reply-to security@example.com --ask-ownerless security@example.com"
    story.type(f"{TOOL} live {ledger}", f"{TOOL} retire ask letters {ledger} {asked}", "ls letters")
    (letter,) = (folder / "letters").glob("payments*.txt")
    text = letter.read_text(encoding="utf-8")
    story.lines += ["````text", *text[: text.index("2. Key")].rstrip().splitlines(), "…", "````", ""]

    (sheet,) = (folder / "letters").glob("payments*.csv")
    text = sheet.read_text(encoding="utf-8").splitlines()
    answered = [f"{line[:-3]}yes,,the quarter's end,Pat" if REPORTS in line else line for line in text]
    (folder / "payments.csv").write_text("\n".join(answered) + "\n", encoding="utf-8")
    story.day(12, "An answer comes back: `needed` says `yes`, and `note` what for. A plan of this day would wait for the other.")
    story.type(f"{TOOL} retire ask {ledger} --answers payments.csv")

    story.day(15, "The time to answer is over. The plan keeps the key that is needed, and switches off the other two.")
    story.type(f"{TOOL} retire plan plan-1 {ledger}", f"sh plan-1/{SCRIPT} --yes")

    story.day(18, "Somebody switches the key of the mailer on again, and mail is sent with it. Two days later this is noticed.")
    aws.switch(MAILER, "Active")
    aws.use(MAILER)
    aws.now = story.started + timedelta(days=20)
    story.type(f"{TOOL} retire verify plan-1 {ledger}")

    story.day(
        30,
        "The mailer has a role now, so its key is named, to be switched off once more although it was in use lately. The other key has "
        "been off for longer than the grace: it is deleted.",
    )
    story.type(f"{TOOL} retire plan plan-2 {ledger} --include-in-use mailer", f"sh plan-2/{SCRIPT} --yes")

    story.day(45, "The grace of the mailer's key is over: its owner says that nothing is missed, and it is deleted.")
    story.type(f"{TOOL} retire plan plan-3 {ledger}", f"sh plan-3/{SCRIPT} --yes")

    story.day(60, "What became of it all is verified, and kept as evidence.")
    story.type(f"{TOOL} retire verify plan-1 {ledger}", f"{TOOL} retire evidence evidence plan-1 plan-2 plan-3 {ledger}")
    story.type(f"{TOOL} retire evidence evidence --check")
    story.lines += [
        "What is needed is still a finding: a role ends it, or a suppression with a reason and an end accepts it until then.",
        "",
    ]
    return "\n".join(story.lines)


@contextlib.contextmanager
def account() -> Iterator[tuple[FakeAws, Path]]:
    """Serve an empty account, with its clock, to the command and to scripts; sleep is left out."""
    for backends in iam_backends.values():
        for backend in backends.values():
            backend.reset()
    before = Path.cwd()
    try:
        with tempfile.TemporaryDirectory() as name, serving("aws") as aws, contextlib.ExitStack() as stack:
            known = {"AWS_ENDPOINT_URL": aws.address, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
            files = {"AWS_CONFIG_FILE": f"{name}/none", "AWS_SHARED_CREDENTIALS_FILE": f"{name}/none", "AWS_DEFAULT_REGION": "us-east-1"}
            stack.enter_context(mock.patch.dict(os.environ, {**known, **files}))
            stack.enter_context(mock.patch.object(calls, "RATES", dict.fromkeys(calls.RATES, (1e6, 10**6))))
            stack.enter_context(mock.patch.object(time, "sleep"))
            stack.enter_context(mock.patch("botocore.retries.bucket.TokenBucket.acquire", return_value=True))
            for command in ("live", "retire"):
                stack.enter_context(mock.patch(f"posturio_iac.commands.{command}.command.now", side_effect=lambda: aws.now))
            folder = Path(name) / "audit"
            folder.mkdir()
            os.chdir(folder)
            yield aws, folder
    finally:
        os.chdir(before)


def page(text: str) -> str:
    """The page with the story as it is now."""
    with account() as (aws, folder):
        told = played(aws, folder)
    return BLOCK.sub(lambda found: f"{found[1]}\n{told}\n{found[2]}", text)


def main(argv: list[str]) -> int:
    """Write the page, or with ``--check`` only compare it."""
    text = PAGE.read_text(encoding="utf-8")
    now = page(text)
    if now == text:
        return 0
    if argv == ["--check"]:
        sys.stdout.write(f"{PAGE.relative_to(ROOT)} differs: run {Path(__file__).relative_to(ROOT)}\n")
        return 1
    PAGE.write_text(now, encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
