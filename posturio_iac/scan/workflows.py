"""Scheduled workflows of GitHub Actions that seem to rotate the keys of a user: a note at the key, and no proof."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from posturio_iac.core.model import Effect, KeyKind
from posturio_iac.core.record import NamedTuple, replace
from posturio_iac.core.text.json_nodes import Array, Object
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.core.text.textfile import Fence, UnreadableError
from posturio_iac.search.locations import WORKFLOWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.core.model import AccessKey
    from posturio_iac.core.text.json_nodes import Node

MOST_FILES, MOST_BYTES = 200, 512 << 10
"""More workflows than that, and larger ones, are passed over."""

_COMMAND = lazy_pattern(r"\biam\s+(create-access-key|update-access-key)\b")
_ACTION = lazy_pattern(r"(?=.*rotat)(?=.*(?:aws|iam|key|secret|credential))[^@]+", re.IGNORECASE)
"""kneemaa/github-action-rotate-aws-secrets, ussba/rotate-aws-accesskey-action"""
_ASSIGNED = lazy_pattern(r"(?<!\S)-{0,2}[A-Za-z_][\w-]*=")
"""``--user-name=``, ``USER=``: the sign of equality may be part of a user's name."""
_IN_NAMES = r"[\w+=,.@-]"
"""What names of IAM users are made of."""


class _RotatingStep(NamedTuple):
    place: str
    what: str
    """What it does, for a reader: ``runs aws iam create-access-key``."""
    texts: tuple[str, ...]
    """Where it can name a user."""

    def names(self, user: str) -> bool:
        """True if it names a user, as a whole word."""
        word = re.compile(f"(?<!{_IN_NAMES}){re.escape(user)}(?!{_IN_NAMES})")
        return any(word.search(text) for text in self.texts)


def with_workflows(keys: Sequence[AccessKey], root: str) -> Sequence[AccessKey]:
    """The keys, those without a lifetime with a note on each scheduled workflow below ``root`` that seems to rotate them."""
    if not any(map(_is_asking, keys)):
        return keys
    steps = list(_rotating_steps(root))
    return [replace(key, notes=(*key.notes, *_notes(key, steps))) if steps and _is_asking(key) else key for key in keys]


def _is_asking(key: AccessKey) -> bool:
    return (
        key.kind is KeyKind.ACCESS_KEY
        and isinstance(key.user, str)
        and not any(found.effect in (Effect.ENFORCED, Effect.DECLARED) for found in key.lifetimes)
    )


def _notes(key: AccessKey, steps: list[_RotatingStep]) -> Iterator[str]:
    for step in steps:
        if isinstance(key.user, str) and step.names(key.user):
            yield f"the scheduled workflow {step.place} names its user and {step.what}, but that does not prove that this key ends"


def _rotating_steps(root: str) -> Iterator[_RotatingStep]:
    """Yield the steps that make or disable keys. What GitHub could not read either is passed over."""
    from posturio_iac.frontends.cloudformation.syntax.source import read_text
    from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import documents

    fence = Fence(os.path.realpath(root))
    for name in _names(os.path.join(root, WORKFLOWS)):
        try:
            text = read_text(root, f"{WORKFLOWS}/{name}", MOST_BYTES, fence)
        except UnreadableError:
            continue
        if "schedule" in text and ("access-key" in text or "rotat" in text.lower()):
            found, _ = documents(text)
            for document in found[:1]:
                yield from _of_workflow(document.root, f"{WORKFLOWS}/{name}")


def _names(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return sorted(name for name in names if name.endswith((".yml", ".yaml")) and name.isprintable())[:MOST_FILES]


def _of_workflow(workflow: Node, path: str) -> Iterator[_RotatingStep]:
    if _member(_member(workflow, "on"), "schedule") is None:
        return
    outer = tuple(_texts(_member(workflow, "env")))
    jobs = _member(workflow, "jobs")
    for _, job in jobs.value if jobs is not None and isinstance(jobs.value, Object) else ():
        around = (*outer, *_texts(_member(job, "env")), *_texts(_member(job, "strategy")))
        steps = _member(job, "steps")
        for step in steps.value if steps is not None and isinstance(steps.value, Array) else ():
            yield from _of_step(step, path, around)


def _of_step(step: Node, path: str, around: tuple[str, ...]) -> Iterator[_RotatingStep]:
    run, uses = (next(_texts(_member(step, name)), "") for name in ("run", "uses"))
    command, action = _COMMAND.search(run), _ACTION.match(uses)
    if command is None and action is None:
        return
    what = f"runs aws iam {command[1]}" if command is not None else f"uses {uses.partition('@')[0]}"
    arguments = re.sub(r"\baws\s+iam\s+[a-z-]+", "", run)
    own = (arguments, _ASSIGNED.sub(" ", arguments), *_texts(_member(step, "with")), *_texts(_member(step, "env")))
    yield _RotatingStep(f"{path}:{step.line}", what, (*own, *around))


def _member(node: Node | None, name: str) -> Node | None:
    return node.value.get(name) if node is not None and isinstance(node.value, Object) else None


def _texts(node: Node | None) -> Iterator[str]:
    """Yield the texts in a value, however deep; what aliases repeat, once."""
    pending = [node] if node is not None else []
    seen: set[int] = set()
    while pending:
        value = pending.pop().value
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, str):
            yield value
        elif isinstance(value, Object):
            pending += [held for _, held in value]
        elif isinstance(value, Array):
            pending += value
