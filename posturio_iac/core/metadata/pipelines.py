"""Where pipelines of the repository use secrets of a name: workflows of GitHub Actions and GitLab CI.

Could not go into `posturio_iac.core.metadata.owners`: only keys that a pipeline gets need it.
"""

from __future__ import annotations

import os
import re

from posturio_iac.core.place import Span
from posturio_iac.core.record import kept, replace
from posturio_iac.core.text.textfile import Fence, UnreadableError, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posturio_iac.core.model import AccessKey, Consumer

FILES = {"github_actions": r"\.github/workflows/[^/]+\.ya?ml", "gitlab": r"\.gitlab-ci\.ya?ml|\.gitlab/[^/]+\.ya?ml"}
USES = {"github_actions": r"secrets(?:\.|\[\s*['\"]){}\b|vars\.{}\b", "gitlab": r"\$\{{?{}\b"}  # how a file of each kind names a secret
MOST_BYTES, MOST_FILES = 1 << 20, 500


def with_uses(keys: Iterable[AccessKey], root: str, top: str, fence: Fence | None) -> list[AccessKey]:
    """Say of each pipeline that gets a key where it uses the secret; paths are relative to ``root``, pipelines are those of ``top``."""
    lines: dict[str, list[tuple[Span, str]]] = {}

    def used(consumer: Consumer) -> Consumer:
        if not consumer.secret or consumer.name not in FILES:
            return consumer
        held = kept(lines, consumer.name, lambda name: list(_lines(name, root, top, fence)))
        name = re.escape(consumer.secret)
        found = re.compile(USES[consumer.name].format(name, name), re.IGNORECASE)
        return replace(consumer, uses=tuple(span for span, line in held if found.search(line.partition("#")[0])))

    return [replace(key, consumers=tuple(map(used, key.consumers))) if key.consumers else key for key in keys]


def _lines(name: str, root: str, top: str, fence: Fence | None) -> Iterator[tuple[Span, str]]:
    for folder in ("", ".github/workflows", ".gitlab"):
        try:
            files = sorted(os.listdir(os.path.join(top, folder)))
        except OSError:
            continue
        for file in files[:MOST_FILES]:
            if re.fullmatch(FILES[name], f"{folder}/{file}".lstrip("/")):
                path = os.path.join(top, folder, file)
                shown = os.path.relpath(path, root).replace(os.sep, "/")
                try:
                    text = read(path, MOST_BYTES, fence).decode("utf-8", "replace")
                except UnreadableError:
                    continue
                yield from ((Span(shown, n, 1, n, len(line) + 1), line) for n, line in enumerate(text.splitlines(), 1))
