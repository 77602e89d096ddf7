"""Nothing reads a sentence: with every sentence of evidence replaced by "x", no verdict, no link and no fingerprint changes."""

from __future__ import annotations

import functools
import importlib
import io
import pkgutil
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import posturio_iac
from posturio_iac.cli import main
from posturio_iac.core import place
from posturio_iac.core.evidence import reason, remedy, remedy_text
from posturio_iac.core.finding import CRASH, Diagnostic, JudgedKey, Level
from posturio_iac.core.model import AccessKey, Effect, KeySentence, Unknown
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.judge import engine
from posturio_iac.judge.engine import judge as judge_keys
from posturio_iac.link.declared import Code, Stacks
from posturio_iac.link.linker import Linker
from posturio_iac.link.state import StateKey, TerraformState
from tests.support import outputs, worlds
from tests.support.fixture_tools import AS_OF, FIXTURES, cases
from tests.support.keys import AS_OF as KEYS_AS_OF
from tests.support.keys import access_key, expires, unreadable
from tests.support.plan_fixtures import CODE, PLAN, PLANS
from tests.support.plan_fixtures import cases as plan_cases
from tests.support.worlds import Fact

X = "x"
OFTEN = 1000
SENTENCES: tuple[tuple[type, str], ...] = (
    (reason.Reason, "clause"),
    (Diagnostic, "template"),
    (KeySentence, "rest"),
    (remedy.Advice, "text"),
)


def muted(make: Callable[..., None], name: str) -> Callable[..., None]:
    """An initialiser that keeps "x" in place of a sentence, and nothing where there is none."""

    def init(self: Any, *given: Any, **named: Any) -> None:
        make(self, *given, **named)
        if getattr(self, name):
            object.__setattr__(self, name, X)

    return init


def without_notes(make: Callable[..., None]) -> Callable[..., None]:
    def init(self: Any, *given: Any, **named: Any) -> None:
        make(self, *given, **named)
        object.__setattr__(self, "notes", (X,) * len(self.notes))
        object.__setattr__(self, "evidence", (X,) * len(self.evidence))

    return init


@functools.cache
def load_everything() -> None:
    """Import every module but those that need a host: one that is imported while its sentences are muted would stay so."""
    for module in pkgutil.walk_packages(posturio_iac.__path__, "posturio_iac."):
        if not module.name.startswith(("posturio_iac.adapters", "posturio_iac.__main__")):
            importlib.import_module(module.name)
    # A record that is made often replaces its initialiser by a compiled one.
    for _ in range(OFTEN):
        (
            access_key(expires("2027-01-31"), unreadable()),
            AS_STATED(""),
            Diagnostic(Level.NOTE, ""),
            KeySentence("", ""),
            remedy.Advice(""),
            reason.crashed(""),
        )


def mute(patch: pytest.MonkeyPatch) -> None:
    """Replace every sentence, where records are made and where data becomes words."""
    load_everything()
    for record, name in SENTENCES:
        patch.setattr(record, "__init__", muted(record.__init__, name))  # type: ignore[misc] # that is the point
    patch.setattr(Unknown, "reason", property(lambda _: X))
    patch.setattr(AccessKey, "__init__", without_notes(AccessKey.__init__))
    for module, function in ((place, "describe_origin"), (remedy_text, "describe")):
        original = getattr(module, function)
        for user in [m for name, m in sys.modules.items() if name.startswith("posturio_iac") and getattr(m, function, None) is original]:
            patch.setattr(user, function, lambda *_: X)


@dataclass(frozen=True)
class Judged:
    code: int
    verdicts: tuple[tuple[object, ...], ...]
    findings: tuple[tuple[object, ...], ...]
    levels: tuple[str, ...]


def seen(monkeypatch: pytest.MonkeyPatch, run: Callable[[], int]) -> Judged:
    reports = []
    with monkeypatch.context() as patch:
        original = engine.judge

        def kept(*given: Any, **named: Any) -> Any:
            reports.append(original(*given, **named))
            return reports[-1]

        patch.setattr(engine, "judge", kept)
        code = run()
    report = reports[-1]
    assert not [said for said in report.diagnostics if said.about == CRASH]
    assert all(e.reason for j in report.keys for e in j.key.lifetimes if e.effect is Effect.INERT), "it is inert for a reason of its own"
    return Judged(
        code,
        tuple((j.key.address, j.key.scope, j.verdict, j.open_rules, j.var_files(), opened(j), links(j.key)) for j in report.keys),
        tuple((f.rule.id, f.address, f.severity, f.fingerprint, f.suppressed is not None, f.span) for f in report.findings),
        tuple(sorted({said.level.value for said in report.diagnostics})),
    )


def opened(judged: JudgedKey) -> frozenset[tuple[object, ...]]:
    return frozenset(
        (question, each.origin, each.reason and (each.reason.kind, each.reason.cause, each.reason.subject))
        for each in judged.open_questions
        for question in each.questions
    )


def links(key: AccessKey) -> tuple[object, ...]:
    siblings = key.active_siblings
    return (
        key.user_address,
        key.declaration,
        len(siblings) if isinstance(siblings, tuple) else None,
        tuple(
            (
                e.kind,
                e.effect,
                e.at,
                e.interval,
                e.value,
                e.span,
                e.reason and (e.reason.kind, e.reason.cause, e.reason.subject),
                e.readings,
            )
            for e in key.lifetimes
        ),
        tuple(e.holder for e in key.exposures),
    )


def scanned(*words: str) -> int:
    """Scan copies of programs, as no repository is around them that git would search each time."""
    words = tuple(word.replace(str(FIXTURES), outputs.copies()) for word in words)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return main(["scan", *words, "--as-of", AS_OF, "--format", "json"])


def programs() -> Iterator[tuple[str, ...]]:
    yield from ((str(case.folder),) for case in cases())
    yield from ((str(folder),) for folder in sorted((FIXTURES / "cloudformation").iterdir()) if folder.is_dir())
    for name in plan_cases():
        plan, code = str(PLANS / name / PLAN), PLANS / name / CODE
        yield from ((plan,), *(((plan, "--source", str(code)),) if code.is_dir() else ()))


@pytest.mark.parametrize("words", tuple(programs()), ids=lambda words: " ".join(words).replace(f"{FIXTURES}/", ""))
def test_no_verdict_and_no_fingerprint_of_a_program_depends_on_a_sentence(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = seen(monkeypatch, lambda: scanned(*words))
    with monkeypatch.context() as patch:
        mute(patch)
        assert seen(monkeypatch, lambda: scanned(*words)) == plain


FACTS = {
    "nothing": Fact(),
    "an end": Fact({"expires": "2026-12-31"}),
    "an end that cannot be read": Fact({"expires": "12/31/2026"}),
    "a rotation that is off": Fact({"rotation": "off"}),
    "two keys": Fact(second=""),
    "a placeholder": Fact({"owner": "changeme"}),
}


def linked(fact: Fact, folder: Path, *, by_state: bool) -> tuple[tuple[object, ...], ...]:
    """Return what is known of deployed keys that are linked to their code: by a state, or by the name of their user."""
    code, deployed = worlds.terraform(fact, folder), worlds.live(fact, folder)
    ids = {f"aws_iam_access_key.{name}": key for (name, _), key in zip(fact.statuses(), deployed, strict=True)}
    deployed = [replace(key, key_id=key.address.rpartition("/")[2]) for key in deployed]
    held = tuple(StateKey(address, key.address.rpartition("/")[2], "ci", "Active") for address, key in ids.items())
    linker = Linker(Code(code), (TerraformState("x.tfstate", held),) if by_state else (), Stacks(ask=False))
    report = judge_keys(linker.linked(deployed), as_of=KEYS_AS_OF)
    return tuple(
        (j.key.address, j.key.managed, d and d.exact, d and d.places, j.verdict, tuple((e.kind, e.effect, e.at) for e in j.key.lifetimes))
        for j in report.keys
        for d in (j.key.declaration,)
    ) + tuple((f.rule.id, f.address, f.fingerprint) for f in report.findings)


@pytest.mark.parametrize("by_state", [True, False], ids=["by a state", "by the user's name"])
@pytest.mark.parametrize("name", FACTS)
def test_no_link_depends_on_a_sentence(name: str, by_state: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = linked(FACTS[name], tmp_path, by_state=by_state)
    assert any(known[3] for known in plain if len(known) > 3)
    with monkeypatch.context() as patch:
        mute(patch)
        assert linked(FACTS[name], tmp_path, by_state=by_state) == plain
