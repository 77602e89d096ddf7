"""Everything that is checked about this project, each in an environment of its own.

``nox`` alone runs all tests; ``nox -s lint`` the linters; ``nox -l`` lists the rest. Environments are kept between runs.
"""

from __future__ import annotations

import os
import shutil
import sys
from hashlib import sha256
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = [
    "live",
    "differential",
    "hosts",
    "cfn_lint",
    "checkov",
    "parity",
    "formats",
    "sarif",
    "browser",
    "wheel",
    "site",
    "tests",
]

os.environ.setdefault("UV_NATIVE_TLS", "1")  # trust the certificates that the machine trusts, as pip does

ROOT = Path(__file__).parent
LINTERS = [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["lint-imports", "--no-logo"], ["interrogate", "posturio_iac"]]
SARIF_MULTITOOL = "5.7.0"
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]


def group(name: str) -> list[str]:
    """Return the requirements of a dependency group of pyproject.toml."""
    return list(nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), name))


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests on the Python that runs nox; arguments go to pytest."""
    session.install("-e", ".[report]", *group("tests"))
    session.run("pytest", *session.posargs)


@nox.session(python=PYTHONS)
def compat(session: nox.Session) -> None:
    """Run the tests on each supported Python that is installed."""
    session.install("-e", ".[report]", *group("tests"))
    session.run("pytest", *session.posargs)


@nox.session(venv_backend="uv")
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest dependencies that pyproject.toml allows."""
    session.install("--resolution", "lowest-direct", "-e", ".[report]")
    session.install(*group("tests"))
    session.run("pytest", *session.posargs)


@nox.session
@nox.parametrize("parser", ["python-hcl2", "pygohcl", "cfn-lint"])
def differential(session: nox.Session, parser: str) -> None:
    """Compare a front end with another parser of the same language on every fixture and on generated code."""
    session.install("-e", ".", *group(f"differential-{parser}"))
    module = "test_" + parser.replace("-", "_") + ".py"
    session.run("pytest", f"tests/differential/{module}", *session.posargs)


@nox.session
def live(session: nox.Session) -> None:
    """Run the live check against moto's server on this machine, which answers like AWS."""
    session.install("-e", ".[live,report,distributed]", *group("live"))
    session.run("pytest", "tests/live", *session.posargs)


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
    """Run the hooks in real pre-commit and prek, and the shell steps of the action; installing needs a package index, running nothing."""
    session.install("-e", ".", *group("hosts"))
    tests = ("test_pre_commit.py", "test_action.py", "test_channels.py", "test_readme.py")
    session.run("pytest", *(f"tests/hosts/{name}" for name in tests), *session.posargs)


@nox.session
@nox.parametrize("cfn_lint", ["oldest", "newest"])
def cfn_lint(session: nox.Session, cfn_lint: str) -> None:
    """Run our pack in the oldest cfn-lint that pyproject.toml allows, and in the newest one, where its set-ups are done as documented."""
    (allowed,) = nox.project.load_toml("pyproject.toml")["project"]["optional-dependencies"]["cfn-lint"]
    old = cfn_lint == "oldest"
    session.install("-e", ".", "--upgrade", *group("cfn-lint"), allowed.replace(">=", "==") + ".0" if old else allowed)
    tests = ["test_cfn_lint.py", "test_cfn_lint_damaged.py", "test_cfn_lint_parity.py", *([] if old else ["test_cfn_lint_setups.py"])]
    session.run("pytest", *(f"tests/hosts/{name}" for name in tests), *session.posargs)


@nox.session
@nox.parametrize("checkov", ["oldest", "newest", "clone"])
def checkov(session: nox.Session, checkov: str) -> None:
    """Run our pack in the oldest checkov that pyproject.toml allows, in the newest one, and there from a clone without installing us."""
    (allowed,) = nox.project.load_toml("pyproject.toml")["project"]["optional-dependencies"]["checkov"]
    wanted = allowed.replace(">=", "==") + ".0" if checkov == "oldest" else allowed
    ours = [] if checkov == "clone" else ["-e", "."]
    session.install("--upgrade", wanted, *ours, *group("checkov"))
    tests = {
        "oldest": ["test_checkov_parity.py"],
        "newest": ["test_checkov.py", "test_checkov_parity.py", "test_checkov_setups.py"],
        "clone": ["test_checkov_clone.py"],
    }
    session.run("pytest", *(f"tests/hosts/{name}" for name in tests[checkov]), *session.posargs)


@nox.session
def parity(session: nox.Session) -> None:
    """Run our scan, checkov and cfn-lint over the same programs, the three in one environment."""
    session.install("-e", ".[checkov,cfn-lint]", "--upgrade", *group("tests"))
    session.run("pytest", "tests/hosts/test_parity.py", *session.posargs)


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
def formats(session: nox.Session) -> None:
    """Let programs of others read the formats that they are made for."""
    session.install("-e", ".", *group("formats"))
    session.run("pytest", "tests/hosts/test_readers.py", "tests/hosts/test_ocsf.py", *session.posargs)


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
    session.run("pytest", "tests/hosts/test_sarif.py", *session.posargs, env={"SARIF_MULTITOOL": str(tool)})


@nox.session
def browser(session: nox.Session) -> None:
    """Open the report in the Chromium of this machine, which the variable CHROMIUM may name; without one it is skipped."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        session.skip("there is no Chromium on the PATH: apt-get install chromium, or name one in the variable CHROMIUM")
    session.install("-e", ".[report]", *group("browser"))
    session.run("pytest", "tests/hosts/test_browser.py", *session.posargs, env={"CHROMIUM": chromium})


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
    session.run("python", "benchmarks/scan.py", *session.posargs)
