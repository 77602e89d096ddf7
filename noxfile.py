"""Everything that is checked about this project, each in an environment of its own.

``nox`` alone runs the tests that need nothing but Python, ``nox -s outside`` those in other programs, ``nox -s lint`` the linters,
``nox -s all`` everything; ``nox -l`` lists the rest. Three sessions run at a time. Environments are kept between runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import nox
from nox.command import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["quick"]
QUICK = ("tests", "differential", "wheel")
OUTSIDE = ("hosts", "live", "browser", "checkov_clone", "sarif")
"""What a change can break where other programs are needed, the longest first."""
OLDEST = ("cfn_lint_oldest", "checkov_oldest")
AT_A_TIME = 3
"""Sessions: on two processors, two of them work while one waits for a package registry or for its last test."""

# Thousands of processes are started here, and with this variable, which images of Python like to set, each compiles all that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

for trust in ("UV_SYSTEM_CERTS", "UV_NATIVE_TLS"):  # the certificates that the machine trusts, as pip does; older uv knows the second name
    os.environ.setdefault(trust, "1")

ROOT = Path(__file__).parent
LINTERS = [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["lint-imports", "--no-logo"]]
SARIF_MULTITOOL = "5.7.0"
IAM_SIMULATE = "0.1.173"
HOSTS = ["test_checkov", "test_checkov_parity", "test_cfn_lint", "test_cfn_lint_damaged", "test_cfn_lint_parity"]
HOSTS += ["test_pre_commit", "test_action", "test_channels", "test_readme", "test_readers", "test_ocsf", "test_pack_isolation"]
HOSTS += ["test_guard_file"]
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]


def group(name: str) -> list[str]:
    """The requirements of a dependency group of pyproject.toml."""
    return list(nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), name))


PIP = {"PIP_NO_COMPILE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
"""For the environments that tests make with pip and use once: compiling all of boto3 takes longer than what is then imported of it."""


def pytest(session: nox.Session, *paths: str, processes: str = "auto", **environment: str) -> None:
    """Run tests on all processors; what shares an expensive fixture says so by ``xdist_group`` and stays together.

    ``processes`` is 0 where it takes as long to import in each of them as to run the tests, while other sessions use the other processors.
    """
    session.run("pytest", "--numprocesses", processes, "--dist", "loadgroup", *paths, *session.posargs, env={**PIP, **environment})


def within(*names: str) -> list[str]:
    """The paths of files in ``tests/hosts``."""
    return [f"tests/hosts/{name}.py" for name in names]


def oldest(host: str) -> str:
    """The oldest release of a linter that pyproject.toml allows."""
    (allowed,) = nox.project.load_toml("pyproject.toml")["project"]["optional-dependencies"][host]
    return f"{allowed.replace('>=', '==')}.0"


def together(session: nox.Session, names: Sequence[str], workers: int | None = None) -> None:
    """Run sessions several at a time, print what each says when it has ended, and fail when one of them does.

    ``workers`` is the number of processes of each that runs tests; by default the processors divided among the sessions.
    """
    arguments = ["--", *session.posargs] if session.posargs else []
    workers = workers or -(-(os.cpu_count() or 1) // AT_A_TIME)
    # One worker would collect the tests for a second process that only waits for it.
    environment = {"PYTEST_XDIST_AUTO_NUM_WORKERS": str(workers if workers > 1 else 0), **os.environ}

    def run(name: str) -> tuple[str, float, subprocess.CompletedProcess[bytes]]:
        started = time.monotonic()
        command = [sys.executable, "-m", "nox", "--noxfile", __file__, "--session", name, *arguments]
        silent, pipe, same = subprocess.DEVNULL, subprocess.PIPE, subprocess.STDOUT
        done = subprocess.run(command, stdin=silent, stdout=pipe, stderr=same, env=environment, check=False)  # noqa: S603 - nox
        return name, time.monotonic() - started, done

    failed = []
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        try:
            for future in as_completed([pool.submit(run, name) for name in names]):
                name, seconds, done = future.result()
                sys.stdout.buffer.write(done.stdout)
                sys.stdout.flush()
                session.log(f"{name} took {seconds:.0f} s and ended with {done.returncode}")
                failed += [name] if done.returncode else []
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if failed:
        session.error(f"failed: {', '.join(failed)}")


@nox.session(venv_backend="none")
def quick(session: nox.Session) -> None:
    """Run the tests that need nothing but Python."""
    together(session, QUICK, os.cpu_count())  # one of them takes nearly all of the time


@nox.session(venv_backend="none")
def outside(session: nox.Session) -> None:
    """Run the tests in checkov, cfn-lint, pre-commit, a browser, SARIF's validator and a played AWS."""
    together(session, OUTSIDE)


@nox.session(name="all", venv_backend="none")
def everything(session: nox.Session) -> None:
    """Run every session that checks something, with each supported Python that is installed."""
    rest = ("setups", "lint", "docs", "site", "oracle", "plans", "layout", "fuzz", "guard_rails", "lowest")
    together(session, (*QUICK, *OUTSIDE, *OLDEST, *rest, *(f"compat-{python}" for python in PYTHONS)))


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests on the Python that runs nox; arguments go to pytest."""
    session.install("-e", ".[report]", *group("tests"))
    pytest(session)


@nox.session(python=PYTHONS)
def compat(session: nox.Session) -> None:
    """Run the tests on each supported Python that is installed."""
    session.install("-e", ".[report]", *group("tests"))
    pytest(session)


@nox.session(venv_backend="uv")
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest dependencies that pyproject.toml allows."""
    session.install("--resolution", "lowest-direct", "-e", ".[report]")
    session.install(*group("tests"))
    pytest(session)


@nox.session
def differential(session: nox.Session) -> None:
    """Compare the front ends with other parsers of the same languages on every fixture and on generated code."""
    session.install("-e", ".", *group("differential"))
    pytest(session, "tests/differential")


@nox.session
def oracle(session: nox.Session) -> None:
    """Compare the values of 20,000 generated expressions with those of HashiCorp's own evaluator."""
    session.install("-e", ".", *group("differential"))
    pytest(session, "tests/differential/test_hcl_values.py", POSTURIO_ORACLE_EXAMPLES="20000")


@nox.session
def plans(session: nox.Session) -> None:
    """Compare what is said of 2,000 generated rotations with Terraform's own plans."""
    session.install("-e", ".", *group("differential"))
    pytest(session, "tests/differential/test_terraform_plan.py", processes="0", POSTURIO_PLANS="2000")


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz all inputs with atheris for an hour, or for as many seconds as POSTURIO_FUZZ_SECONDS says; arguments name inputs."""
    if sys.platform != "linux" or sys.version_info < (3, 12):
        session.skip("atheris has wheels for Linux and Python 3.12 and newer only")
    session.install("-e", ".[report]", *group("fuzz"))
    session.run("python", "-m", "tests.fuzz", os.environ.get("POSTURIO_FUZZ_SECONDS", "3600"), *session.posargs)


@nox.session
def layout(session: nox.Session) -> None:
    """Do all that docs/layout.md shows to a copy of the project, and run the tests there."""
    session.install("-e", ".[report]", *group("tests"))
    away = Path(session.cache_dir).resolve() / "layout"  # not create_tmp(), which makes each test work inside this repository
    shutil.rmtree(away, ignore_errors=True)
    session.run("python", "-m", "tests.support.layout_page", str(away))
    for command in ("add -A", "-c user.name=x -c user.email=x@example.com commit -qm x"):
        session.run("git", "-C", str(away), *command.split(), external=True)
    session.install("--no-deps", "-e", str(away))  # adopt asks the work tree that is installed for its revision
    session.chdir(away)
    pytest(session, "tests", "--ignore", "tests/test_layout_page.py", PYTHONPATH=str(away))


@nox.session
def mutation(session: nox.Session) -> None:
    """Mutate the package, and run the tests of each mutant; the arguments are those of ``tests.mutation``."""
    session.install("-e", ".[live,report,distributed,checkov,cfn-lint]", *group("live"), *group("lint"), *group("mutation"))
    session.run("python", "-m", "tests.mutation", *(session.posargs or ["1", "100"]))


@nox.session
def live(session: nox.Session) -> None:
    """Run the live check against moto's server on this machine, which answers like AWS."""
    session.install("-e", ".[live,report,distributed]", *group("live"))
    # In two processes, as ``hosts`` is, since these two take longest; a workflow of the second path is for zizmor.
    pytest(session, "tests/live", "tests/facts/test_keyless.py", processes="2")


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it, and test it where the source cannot be seen."""
    away = Path(session.create_tmp()).resolve()
    for old in away.glob("*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    session.install("build", "hatchling", *group("tests"))
    session.run("python", "-m", "build", "--no-isolation", "--outdir", str(away / "dist"), silent=True)
    for folder in ("fixtures", "tests/installed"):
        shutil.copytree(ROOT / folder, away / folder)
    (built,) = (away / "dist").glob("*.whl")
    rebuild(session, away)
    session.install("--reinstall-package" if session.venv_backend == "uv" else "--force-reinstall", *wheel_arguments(session, built))
    session.chdir(away)
    session.run("pytest", "-c", "/dev/null", "--rootdir", ".", "-p", "no:cacheprovider", "-ra", "tests/installed", *session.posargs)


@nox.session
def hosts(session: nox.Session) -> None:
    """Run our packs in the newest checkov and cfn-lint, our hooks in pre-commit and prek, and the shell of the action; read our formats."""
    session.install("-e", ".[checkov,cfn-lint]", "--upgrade", *group("hosts"))
    pytest(session, *within(*HOSTS), processes="2")


@nox.session
def setups(session: nox.Session) -> None:
    """Do what the pages about checkov and cfn-lint tell users to do, which installs both again and again."""
    session.install("-e", ".[checkov,cfn-lint]", "--upgrade", *group("hosts"))
    pytest(session, *within("test_checkov_setups", "test_cfn_lint_setups"))


@nox.session
def cfn_lint_oldest(session: nox.Session) -> None:
    """Run our pack in the oldest cfn-lint that pyproject.toml allows."""
    session.install("-e", ".", *group("cfn-lint"), oldest("cfn-lint"))
    pytest(session, *within("test_cfn_lint", "test_cfn_lint_damaged", "test_cfn_lint_parity"), processes="0")


@nox.session
def checkov_oldest(session: nox.Session) -> None:
    """Run our pack in the oldest checkov that pyproject.toml allows."""
    session.install("-e", ".", *group("tests"), oldest("checkov"))
    pytest(session, *within("test_checkov_parity"), processes="0")


@nox.session
def checkov_clone(session: nox.Session) -> None:
    """Run our pack in the newest checkov from a clone, with neither us nor our parsers installed."""
    session.install("--upgrade", "checkov", *group("tests"))
    pytest(session, *within("test_checkov_clone"), processes="0")


def rebuild(session: nox.Session, away: Path) -> None:
    """Build again from the source distribution, in another folder and with other times of files, and fail when a byte differs."""
    (source,) = (away / "dist").glob("*.tar.gz")
    shutil.unpack_archive(source, away / "source")
    (unpacked,) = (away / "source").iterdir()
    (unpacked / "PKG-INFO").unlink()  # made by the first build
    for path in unpacked.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    session.run("python", "-m", "build", "--no-isolation", "--outdir", str(away / "again"), str(unpacked), silent=True)
    for name in (path.name for path in (away / "dist").iterdir()):
        first, second = (sha256((away / folder / name).read_bytes()).hexdigest() for folder in ("dist", "again"))
        if first != second:
            session.error(f"two builds of {name} differ: {first} and {second}")
        session.log(f"built twice alike: {name} {first}")


def wheel_arguments(session: nox.Session, built: Path) -> list[str]:
    """Return what makes the installer replace an earlier build of the same version."""
    return ["posturio-iac", str(built)] if session.venv_backend == "uv" else [str(built)]


@nox.session
def sarif(session: nox.Session) -> None:
    """Validate SARIF by its official schema and by Microsoft's validator with GitHub's demands; needs npm and x86-64."""
    if shutil.which("npm") is None:
        session.skip("npm is not installed, and the validator is a package of npm")
    away = Path(session.create_tmp()).resolve()
    system = {"darwin": "darwin", "win32": "win32"}.get(sys.platform, "linux")
    package = f"@microsoft/sarif-multitool-{system}"
    session.install("-e", ".", *group("tests"))
    npm = ("npm", "install", "--prefix", str(away), "--ignore-scripts", "--no-audit", "--no-fund", f"{package}@{SARIF_MULTITOOL}")
    session.run(*npm, external=True, silent=True)
    tool = away / "node_modules" / package
    for program in tool.glob("Sarif.Multitool*"):
        program.chmod(0o755)
    pytest(session, *within("test_sarif"), processes="0", SARIF_MULTITOOL=str(tool))


@nox.session
def guard_rails(session: nox.Session) -> None:
    """Evaluate the service control policies of the documentation by an evaluator that is not ours; needs npm and Node.js."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        session.skip("npm is not installed, and the evaluator is a package of npm")
    away = Path(session.create_tmp()).resolve()
    session.install("-e", ".", *group("tests"))
    package = f"@cloud-copilot/iam-simulate@{IAM_SIMULATE}"
    session.run("npm", "install", "--prefix", str(away), "--ignore-scripts", "--no-audit", "--no-fund", package, external=True, silent=True)
    pytest(session, *within("test_guard_rails"), IAM_SIMULATE=str(away))


@nox.session
def browser(session: nox.Session) -> None:
    """Open the report in the Chromium of this machine, which the variable CHROMIUM may name; without one it is skipped."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        session.skip("there is no Chromium on the PATH: apt-get install chromium, or name one in the variable CHROMIUM")
    session.install("-e", ".[report]", *group("browser"))
    pytest(session, *within("test_browser"), CHROMIUM=chromium)


@nox.session
def lint(session: nox.Session) -> None:
    """Run every linter and type checker, all of them even when one complains."""
    session.install("-e", ".", *group("lint"))
    complained = []
    for linter in LINTERS:
        try:
            session.run(*linter)
        except CommandFailed:
            complained.append(" ".join(linter))
    if complained:
        session.error("complaints of " + ", ".join(complained))


@nox.session
def docs(session: nox.Session) -> None:
    """Fail when a generated document differs from what would be written now; the argument ``write`` writes it."""
    session.install("-e", ".")
    session.run("python", "docs/generate.py", *([] if session.posargs == ["write"] else ["--check"]))


@nox.session
def site(session: nox.Session) -> None:
    """Build the documentation as a site; a broken link or a page that no menu lists fails."""
    session.install(*group("site"))
    session.run(
        "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(Path(session.create_tmp()).resolve() / "site"), *session.posargs
    )


@nox.session
def bench(session: nox.Session) -> None:
    """Print how much time and memory a scan of the given tree takes, as ratios; see benchmarks/README.md."""
    session.install(".", "uv")
    session.run("python", "benchmarks/suite.py", *session.posargs)
