"""The targets: each kind of input with how it is made and what reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from posturio_iac.commands.live.ledger import LedgerFile
from posturio_iac.commands.live.run import read_owners
from posturio_iac.contract.read import NotAResultError
from posturio_iac.errors import UsageError
from posturio_iac.link.state import StateError, parse
from posturio_iac.live.model import Account
from posturio_iac.live.reading.report import ReportUnavailableError
from posturio_iac.live.reading.report import parse as parse_report
from posturio_iac.live.survey import AccountTarget
from posturio_iac.retire.earlier import read as read_earlier
from posturio_iac.retire.ledger_history import read_ledger
from posturio_iac.retire.ledger_lines import DamagedLedgerError
from posturio_iac.retire.plan import read_log
from tests.fuzz.execution import Broken, Figures, also, folder_of, scan, watched
from tests.fuzz.mutations import HCL, TEMPLATES, as_json, as_toml, documents, mutated
from tests.fuzz.seeds import AS_OF, CREDENTIAL_REPORT, OLD_LEDGER, OPTIONS, STATES, ledger, programs, results
from tests.support import any_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.fuzz.seeds import Program

DAY = ("--as-of", "2026-11-24")
OTHERS: tuple[tuple[str, ...], ...] = (
    *((),) * 6,
    *(("scan", *DAY, "--format", name) for name in ("text", "sarif", "csv", "markdown", "github", "gitlab", "junit", "html")),
    ("scan", *DAY, "--stats"),
    ("scan", *DAY, "--group-by", "owner", "--verbose", "--no-suppressions", "--no-config"),
    ("fix", *DAY),
    ("fix", *DAY, "--unsafe", "--owner", "payments@example.com", "--in", "60d"),
    ("baseline", *DAY, "--reason", "known", "--until", "2099-12-31"),
)
"""What runs over some of the programs after the scan."""


@dataclass
class Target:
    """One kind of input."""

    name: str
    inputs: st.SearchStrategy[Any]
    run: Callable[[Figures, Any], None]
    figures: Figures = field(default_factory=Figures)

    def once(self, made: Any) -> None:
        """Execute one input. Raises `Broken`, or what the code raised."""
        self.run(self.figures, made)


def _run_program(figures: Figures, made: tuple[Program, tuple[str, ...]], *, sound: bool = True) -> None:
    files, other = made
    scan(figures, files, sound=sound)
    if other:
        also(figures, files, *other)


def _chosen(is_meant: Callable[[str], bool]) -> list[tuple[Program, str]]:
    return [(program, name) for program in programs() for name in program if is_meant(name)]


def _with(pair: tuple[Program, str], data: bytes, other: tuple[str, ...]) -> tuple[Program, tuple[str, ...]]:
    program, name = pair
    return {**program, name: data}, other


def of_files(name: str, is_meant: Callable[[str], bool], words: Sequence[str], *, json_too: bool = False, sound: bool = True) -> Target:
    """Make a target that changes one file of a program, and leaves the others as they are."""
    chosen = _chosen(is_meant)
    assert chosen, name
    seeds = [program[file] for program, file in chosen]

    def changed(pair: tuple[Program, str]) -> st.SearchStrategy[tuple[Program, tuple[str, ...]]]:
        data = pair[0][pair[1]]
        texts = mutated([data, *seeds[:4]], words)
        if json_too:
            texts |= documents([json.loads(data)]).map(as_json)
        return st.builds(_with, st.just(pair), texts, st.sampled_from(OTHERS))

    made = st.sampled_from(chosen).flatmap(changed)
    return Target(name, made, lambda figures, program: _run_program(figures, program, sound=sound))


def ending(*ends: str) -> Callable[[str], bool]:
    return lambda name: name.endswith(ends)


def _configurations() -> Target:
    program = {"main.tf": b'resource "aws_iam_access_key" "k" {\n  user = "ci"\n}\n'}
    program |= {
        "posturio-iac.toml": b'baseline = "known.json"\n',
        "x.tfvars": b"",
        "p.json": b"{}",
        "known.json": b'{"version": 1, "findings": []}',
    }
    tables = [*OPTIONS, *({name: value} for table in OPTIONS for name, value in table.items())]
    text = documents(tables).map(as_toml) | mutated([as_toml(table) for table in tables], ("[[", "]]", "=", "'''"))
    place = st.sampled_from(["posturio-iac.toml", "posturio-iac.toml", "sub/posturio-iac.toml"])
    made = st.builds(lambda data, name, other: ({**program, name: data}, other), text, place, st.sampled_from(OTHERS))
    return Target("configuration", made, lambda figures, one: _run_program(figures, one, sound=False))


def _ledger_documents() -> st.SearchStrategy[bytes]:
    lines = [json.loads(line) for line in ledger().splitlines()]
    return documents([lines]).map(lambda made: b"".join(as_json(one) + b"\n" for one in made) if isinstance(made, list) else as_json(made))


def _parse(read: Callable[[str], object], *refusals: type[Exception]) -> Callable[[Figures, bytes], None]:
    def run(figures: Figures, data: bytes) -> None:
        try:
            with watched(figures):
                read(data.decode("utf-8", "replace"))
        except refusals as error:
            if not str(error).strip() and DamagedLedgerError not in refusals:
                raise Broken("refused without a sentence") from None
        except (Broken, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise Broken(f"{type(error).__name__} instead of a sentence: {error}") from error

    return run


def _ledger(text: str) -> None:
    known = read_ledger(text)
    known.text(AS_OF)
    if (run := known.unfinished) is not None:
        file = LedgerFile(None, known, AS_OF, run)  # type: ignore[arg-type] # nothing is written
        for account in run.read:
            file.known(AccountTarget(account=Account(account)))


def _owners(text: str) -> None:
    with folder_of({"owners.csv": text.encode("utf-8", "surrogatepass")}):
        read_owners("owners.csv")


PLAN_LOG = b'{"at": "2026-11-24T10:00:00Z", "step": "disable", "outcome": "done", "why": "", "key_id": "AKIAIOSFODNN7EXAMPLE"}\n' * 2


def _report(figures: Figures, data: bytes) -> None:
    files = {"a.json": data, "b.json": as_json(results()[1])}
    also(figures, files, "report", *files, "--format", "html" if len(data) % 2 else "markdown")


def _is_template(name: str) -> bool:
    return name.endswith((".json", ".template")) and not any(part in name for part in ("plan", "known", "modules/", ".tf"))


def _is_of_terragrunt(name: str) -> bool:
    return name.rpartition("/")[2] in ("terragrunt.hcl", "root.hcl", "env.hcl", "environment.hcl", "terragrunt.stack.hcl")


def _of_bytes(program: dict[str, str | bytes], other: tuple[str, ...]) -> tuple[Program, tuple[str, ...]]:
    return {name: data.encode() if isinstance(data, str) else data for name, data in program.items()}, other


def targets() -> list[Target]:
    """A new list of all targets, with figures at zero."""
    return [*_of_programs(), *_of_documents()]


def _of_programs() -> Iterator[Target]:
    yield Target("HCL by its grammar", st.builds(_of_bytes, any_program.programs(), st.sampled_from(OTHERS)), _run_program)
    yield of_files("HCL", ending(".tf", ".tofu"), HCL)
    yield of_files(".tf.json", ending(".tf.json"), HCL, json_too=True)
    yield of_files("variables files", ending(".tfvars", ".tfvars.json"), HCL)
    yield of_files("templates in YAML", ending(".yaml", ".yml"), TEMPLATES)
    yield of_files("templates in JSON", _is_template, TEMPLATES, json_too=True)
    yield of_files("plans", ending("plan.json"), HCL, json_too=True)
    yield of_files("Terragrunt", _is_of_terragrunt, HCL)
    yield of_files("component stacks", ending(".tfcomponent.hcl", ".tfdeploy.hcl"), HCL)
    yield of_files("modules.json", ending("modules.json"), ("..", "Dir", "Key"), json_too=True)
    yield of_files("CODEOWNERS", ending("CODEOWNERS"), ("*", "**/", "@a", "[x]", "\\#", "!"))
    yield of_files("lock files", ending(".terraform.lock.hcl"), HCL)
    yield of_files("baselines", ending("known.json"), ("fingerprint", "until"), json_too=True, sound=False)
    yield _configurations()


def _of_documents() -> Iterator[Target]:
    states, saved = documents(STATES).map(as_json), documents(results()).map(as_json)
    saved |= mutated([as_json(one) for one in results()], ("findings", "keys"))
    states |= mutated([as_json(state) for state in STATES], ("version", "instances"))
    yield Target("states", states, _parse(lambda text: parse(text, "x"), StateError))
    csv = mutated([CREDENTIAL_REPORT], ("N/A", "true", "no_information", '""', ",", "\n"))
    yield Target("credential reports", csv, _parse(lambda text: parse_report(text.encode(), AS_OF), ReportUnavailableError))
    yield Target("saved results", saved, _report)
    yield Target("results to verify", saved, _parse(read_earlier, NotAResultError))
    ledgers = mutated([ledger(), as_json(OLD_LEDGER)], ("run", "told", "~", "=", "tuple", "Inventory")) | _ledger_documents()
    yield Target("ledgers", ledgers, _parse(_ledger, DamagedLedgerError, UsageError))
    logs = mutated([PLAN_LOG], ("at", "step"))
    yield Target("logs of plans", logs, _parse(lambda text: [entry.text() for entry in read_log(text)[0].values()]))
    owners = mutated([b'users,owner\n/payments/*,payments\n"a",b@example.com\n'], (",", "users", "owner", '"'))
    yield Target("owners.csv", owners, _parse(_owners, UsageError))
