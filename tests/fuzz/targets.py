"""The targets: each kind of input with how it is made and what reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

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
from tests.fuzz.execution import Broken, also, folder_of, scan, watched
from tests.fuzz.mutations import HCL, TEMPLATES, as_json, documents, mutated
from tests.fuzz.seeds import AS_OF, CONFIGURATIONS, CREDENTIAL_REPORT, OLD_LEDGER, STATES, Program, ledger, programs, results
from tests.support import any_program
from tests.support.attacks import FORMATS, SOUND

DAY = ("--as-of", "2026-11-24")
OTHERS: tuple[tuple[str, ...], ...] = (
    *((),) * 6,
    *(("scan", *DAY, "--format", name) for name in FORMATS),
    ("scan", *DAY, "--stats"),
    ("scan", *DAY, "--group-by", "owner", "--verbose", "--no-suppressions", "--no-config"),
    ("fix", *DAY),
    ("fix", *DAY, "--unsafe", "--owner", "payments@example.com", "--in", "60d"),
    ("baseline", *DAY, "--reason", "known", "--until", "2099-12-31"),
)


class Target(NamedTuple):
    """One kind of input, and what executes one: it raises `Broken`, or what the code raised."""

    name: str
    inputs: st.SearchStrategy[Any]
    run: Callable[[Any], None]


def _run_program(made: tuple[Program, tuple[str, ...]], *, sound: bool = True) -> None:
    files, other = made
    scan(files, sound=sound)
    if other:
        also(files, *other)


def of_files(name: str, meant: str, words: Sequence[str], *, json_too: bool = False, sound: bool = True) -> Target:
    """Make a target that changes one file of a program whose path has what is ``meant``, and leaves the others as they are."""
    chosen = [(program, file) for program in programs() for file in program if re.search(meant, file)]
    seeds = [program[file] for program, file in chosen[:4]]

    def changed(pair: tuple[Program, str]) -> st.SearchStrategy[tuple[Program, tuple[str, ...]]]:
        program, file = pair
        texts = mutated([program[file], *seeds], words)
        if json_too:
            texts |= documents([json.loads(program[file])]).map(as_json)
        return st.tuples(texts.map(lambda data: {**program, file: data}), st.sampled_from(OTHERS))

    return Target(name, st.sampled_from(chosen).flatmap(changed), lambda made: _run_program(made, sound=sound))


def _of_configurations() -> Target:
    rest = {"main.tf": SOUND.encode(), "x.tfvars": b"", "p.json": b"{}", "known.json": b'{"version": 1, "findings": []}'}
    words = ("[[", "]]", "=", "'''", "[]", "{}", "nan", "[1]", '{a = "b"}')
    name = st.sampled_from(["posturio-iac.toml", "posturio-iac.toml", "sub/posturio-iac.toml"])
    made = st.builds(lambda data, name, other: ({**rest, name: data}, other), mutated(CONFIGURATIONS, words), name, st.sampled_from(OTHERS))
    return Target("configuration", made, lambda one: _run_program(one, sound=False))


def _parse(read: Callable[[str], object], *refusals: type[Exception]) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        try:
            with watched():
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


def _report(data: bytes) -> None:
    files = {"a.json": data, "b.json": as_json(results()[1])}
    also(files, "report", *files, "--format", "html" if len(data) % 2 else "markdown")


def _of_program(made: tuple[dict[str, str | bytes], tuple[str, ...]]) -> None:
    files, other = made
    _run_program(({name: data.encode() if isinstance(data, str) else data for name, data in files.items()}, other))


def targets() -> Iterator[Target]:
    yield Target("HCL by its grammar", st.tuples(any_program.programs(), st.sampled_from(OTHERS)), _of_program)
    yield of_files("HCL", r"\.(tf|tofu)$", HCL)
    yield of_files(".tf.json", r"\.tf\.json$", HCL, json_too=True)
    yield of_files("variables files", r"\.tfvars(\.json)?$", HCL)
    yield of_files("templates in YAML", r"\.ya?ml$", TEMPLATES)
    yield of_files("templates in JSON", r"^((?!plan|known|modules/|\.tf).)*\.(json|template)$", TEMPLATES, json_too=True)
    yield of_files("plans", r"plan\.json$", HCL, json_too=True)
    yield of_files("Terragrunt", r"(^|/)(terragrunt(\.stack)?|root|env|environment)\.hcl$", HCL)
    yield of_files("component stacks", r"\.tf(component|deploy)\.hcl$", HCL)
    yield of_files("modules.json", r"modules\.json$", ("..", "Dir", "Key"), json_too=True)
    yield of_files("CODEOWNERS", r"CODEOWNERS$", ("*", "**/", "@a", "[x]", "\\#", "!"))
    yield of_files("lock files", r"\.terraform\.lock\.hcl$", HCL)
    yield of_files("baselines", r"known\.json$", ("fingerprint", "until"), json_too=True, sound=False)
    yield _of_configurations()
    states, saved = documents(STATES).map(as_json), documents(results()).map(as_json)
    saved |= mutated([as_json(one) for one in results()], ("findings", "keys"))
    states |= mutated([as_json(state) for state in STATES], ("version", "instances"))
    yield Target("states", states, _parse(lambda text: parse(text, "x"), StateError))
    csv = mutated([CREDENTIAL_REPORT], ("N/A", "true", "no_information", '""', ",", "\n"))
    yield Target("credential reports", csv, _parse(lambda text: parse_report(text.encode(), AS_OF), ReportUnavailableError))
    yield Target("saved results", saved, _report)
    yield Target("results to verify", saved, _parse(read_earlier, NotAResultError))
    lines = documents([[json.loads(line) for line in ledger().splitlines()]])
    ledgers = mutated([ledger(), as_json(OLD_LEDGER)], ("run", "told", "~", "=", "tuple", "Inventory"))
    ledgers |= lines.map(lambda made: b"\n".join(map(as_json, made if isinstance(made, list) else [made])))
    yield Target("ledgers", ledgers, _parse(_ledger, DamagedLedgerError, UsageError))
    logs = mutated([PLAN_LOG], ("at", "step"))
    yield Target("logs of plans", logs, _parse(lambda text: [entry.text() for entry in read_log(text)[0].values()]))
    owners = mutated([b'users,owner\n/payments/*,payments\n"a",b@example.com\n'], (",", "users", "owner", '"'))
    yield Target("owners.csv", owners, _parse(_owners, UsageError))
