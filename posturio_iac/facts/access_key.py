"""From facts to the access key of the model: the one place where keys are made, for every front end and for live."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posturio_iac.core.model import STATUSES, AccessKey, Unknown
from posturio_iac.facts.describe import by_hand, name_of_block
from posturio_iac.facts.metadata_items import lifetimes_in, notes_in, owner_of
from posturio_iac.facts.siblings import KeyOfUser
from posturio_iac.metadata.manual_rotation import date_in_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.model import Attr
    from posturio_iac.facts.model import FactOptions, KeyFacts

ROOT_USER = "root"
_YEAR_AFTER_LETTER = r"(?<=[A-Za-z])(?=20[0-9]{2})"


def access_key(facts: KeyFacts, options: FactOptions) -> AccessKey:
    """The key that these facts make. Comparisons with other keys and with users of the same name come later."""
    user, names = facts.user, options.names
    owner, owner_origin = owner_of(facts, names)
    stated = (*user.tags, *facts.beside)
    return AccessKey(
        address=facts.address,
        framework=facts.framework,
        span=facts.span,
        user=user.name,
        user_address=user.address,
        status=status_of(facts.status),
        remedies=facts.remedies,
        lifetimes=tuple(dict.fromkeys((*facts.lifetimes, *lifetimes_in(stated, names)))),
        unknown_sources=tuple(dict.fromkeys((*user.hidden, *facts.unread, *facts.hidden))),
        existence=facts.existence,
        unseen_tags=user.unseen,
        notes=tuple(dict.fromkeys((*facts.notes, *_dated_name(facts, options), *notes_in(stated, names)))),
        owner=owner,
        owner_origin=owner_origin,
        is_root=is_root(facts),
        replacement=facts.replacement,
        exposures=tuple(e for e in facts.exposures if not isinstance(e, Unknown)),
        possible_exposures=tuple(e for e in facts.exposures if isinstance(e, Unknown)),
        directives=facts.directives,
        tags=tuple({tag.name: tag.value for tag in user.tags if isinstance(tag.value, str)}.items()),
        scope=facts.scope,
        restores_status=facts.restores_status,
        secrets=facts.secrets,
        kind=facts.kind,
        service=facts.service,
        open_values=facts.open_values,
    )


def key_of_user(facts: KeyFacts, options: FactOptions, schedules: frozenset[str] = frozenset()) -> KeyOfUser:
    return KeyOfUser(access_key(facts, options), facts.user.identity, schedules)


def status_of(value: object) -> Attr[str]:
    """The status of a key: Active unless the code states another one."""
    return value if isinstance(value, Unknown) else STATUSES[0] if value is None or value == "" else str(value)


def is_root(facts: KeyFacts) -> Attr[bool]:
    """True if a key belongs to the root user: by the user's name, unless the code declares a user of that name."""
    return facts.user.name == ROOT_USER and facts.user.address is None if facts.is_root is None else facts.is_root


def _dated_name(facts: KeyFacts, options: FactOptions) -> Iterator[str]:
    """Yield a sentence when the name of the block or of the user holds a date or a version."""
    label = re.sub(_YEAR_AFTER_LETTER, "_", facts.label) if "20" in facts.label else facts.label
    for what, shown, name in ((name_of_block(facts.framework), facts.label, label), ("user name", facts.user.name, facts.user.name)):
        mark = date_in_name(name, options.as_of) if isinstance(name, str) else None
        if mark is not None:
            yield by_hand(what, shown, mark.text)
            return
