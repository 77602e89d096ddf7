from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.hosts.hosting import DEFINITIONS, HOSTS, Host, checkout, wheel
from tests.support.repository import Repository

if TYPE_CHECKING:
    from tests.support.hosts.checkov_running import Record

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def unlimited_memory() -> None:
    """Take the limit of memory back: browsers and the .NET runtime reserve far more addresses than they use."""
    try:
        import resource  # noqa: PLC0415 - Windows has no such module
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


@pytest.fixture(scope="session")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
            patch.setenv(name, "test@example.com")
        return checkout(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="session", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in HOSTS])
def host(request: pytest.FixtureRequest, hooks: Repository, tmp_path_factory: pytest.TempPathFactory) -> Host:
    """A host with our hooks installed. From then on it works without network."""
    made = Host(request.param, hooks, tmp_path_factory.mktemp("home"))
    place = Repository(tmp_path_factory.mktemp("first"))
    place.write(".pre-commit-config.yaml", made.configuration(*(str(one["id"]) for one in DEFINITIONS)))
    code, said = made.run(place, "install-hooks", offline=False)
    assert code == 0, said
    return made


@pytest.fixture
def repository(tmp_path: Path, host: Host) -> Repository:
    made = Repository(tmp_path / "repository")
    made.write(".pre-commit-config.yaml", host.configuration("posturio-iac"))
    made.commit()
    code, said = host.run(made, "install")
    assert code == 0, said
    return made


@pytest.fixture(scope="session")
def links(hooks: Repository, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of this checkout, from which pip takes it as if it were published."""
    place = tmp_path_factory.mktemp("links")
    wheel(hooks.path, place)
    return place


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(ROOT / "fixtures", tmp_path_factory.mktemp("programs") / "fixtures"))


@pytest.fixture(scope="session")
def seen(programs: Path) -> list[Record]:
    """What checkov says about all of them, in one run, which takes long: the tests that ask for it are one group of xdist's."""
    from tests.support.hosts.checkov_running import report  # noqa: PLC0415 - not every session has checkov

    return report(programs)


@pytest.fixture(scope="session")
def scanned(programs: Path) -> dict[str, Any]:
    from tests.support.hosts.checkov_running import scan  # noqa: PLC0415 - not every session has checkov

    return scan(programs)
