"""The configuration that holds for what is scanned."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from posturio_iac.config.model import Config


def seen_from(folder: str, root: str) -> str:
    """Return the scan root relative to the folder of the configuration, with forward slashes; empty where there is no way."""
    try:
        way = os.path.relpath(root, os.path.realpath(folder)) if folder else ""
    except ValueError:  # different drives
        return ""
    return "" if way == os.curdir else way.replace(os.sep, "/")


def configuration_near(folder: str) -> Config:
    """Return the configuration nearest a folder. It comes with the code, so what it names must be in the same repository."""
    from posturio_iac.config.locate import find
    from posturio_iac.config.model import Config

    path = find(folder)
    if path is None:
        return Config()
    from posturio_iac.config.load import load
    from posturio_iac.core.textfile import Fence
    from posturio_iac.search.locations import repository_of

    place = os.path.dirname(os.path.abspath(path))
    real = os.path.realpath(place)
    return load(path, Fence(repository_of(real) or real))
