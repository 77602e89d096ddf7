"""From facts to the access key of the model: the one place where keys are made, for every front end and for live; and ages that end one."""

from __future__ import annotations

from datetime import timedelta

from posturio_iac.core.evidence import reason as why
from posturio_iac.core.evidence.remedy import AddBlock, Advice, CreateFirst, IntervalSetting, Remedies, RemoveArgument, SetArgument
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.keys import AGE, LONGEST_AGE, takes_age
from posturio_iac.core.metadata.lifetime import date_in_name, exemption, misspelt, read, resembling
from posturio_iac.core.metadata.names import Meaning, Names, classify, names_a_thing
from posturio_iac.core.metadata.owners import owner_in_path, owner_named
from posturio_iac.core.model import STATUSES, AccessKey, Attr, Consumer, Directive, Effect, Exposure, Kind, Lifetime, Unknown
from posturio_iac.core.place import ArgumentOrigin, CommentOrigin, Place, Span, TagOrigin, describe_origin
from posturio_iac.core.record import replace
from posturio_iac.core.text import lazy_pattern, quote
from posturio_iac.core.times import describe_interval, parse_interval
from posturio_iac.core.unknown import MADE_BY_PROGRAM, NOT_FIXED
from posturio_iac.facts import FactOptions, KeyFacts, MetadataItem, SetByClock, UserFacts, by_hand, name_of_block
from posturio_iac.facts.keyless import certain
from posturio_iac.facts.shared_code import KeyOfUser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posturio_iac.core.evidence.remedy import Declaring
    from posturio_iac.core.metadata import ParsedComments
    from posturio_iac.core.place import Origin

_DATE = Advice("write the date itself")
_TOMORROW = timedelta(days=2)  # its end, seen from its eve
_FOLLOW_AS_WELL = Advice("let the key be replaced with it")


def items_of(parsed: ParsedComments) -> tuple[MetadataItem, ...]:
    return tuple(MetadataItem(name, value, CommentOrigin(name), span) for name, value, span in parsed.metadata)


def lifetimes_in(items: Iterable[MetadataItem], options: FactOptions) -> Iterator[Lifetime]:
    """Yield the lifetimes that metadata states. No key was rotated after tomorrow."""
    for item in items:
        lifetime = read(item.name, item.value, origin=item.origin, span=item.span, names=(names := options.names))
        if lifetime and lifetime.kind is Kind.ROTATED and lifetime.at and lifetime.at - options.as_of > _TOMORROW:
            lifetime = replace(lifetime, effect=Effect.UNREADABLE, at=None, reason=why.IN_FUTURE(quote(lifetime.value)))
        if lifetime is None and isinstance(item.origin, CommentOrigin):
            lifetime = misspelt(item.name, item.value, origin=item.origin, span=item.span, names=names)
        if lifetime is not None:
            yield _computed(lifetime, item, names)


def notes_in(items: Iterable[MetadataItem], names: Names) -> Iterator[str]:
    """Yield sentences about metadata that is noteworthy and no lifetime."""
    for item in items:
        readers = (exemption,) if isinstance(item.origin, CommentOrigin) else (exemption, resembling)
        yield from filter(None, (reader(item.name, item.value, origin=item.origin, names=names) for reader in readers))


def owner_of(facts: KeyFacts, names: Names) -> tuple[Attr[str | None], Origin | None]:
    """Who answers for a key and what metadata says so: what stands at it, then its user; Unknown where what is not seen could."""
    user = facts.user
    if not isinstance(facts.owner, Unknown) and (own := owner_named(facts.owner)) is not None:
        return own, None
    known, open_ = _owners((*facts.beside, *user.tags), names)
    for item in known:
        if (owner := owner_named(item.value)) is not None:
            return owner, item.origin
    path = "/" if user.path is None and user.address else user.path
    if isinstance(path, str) and (team := owner_in_path(path, user.name, names.users)) is not None:
        return team, None
    hidden = (*open_, *(u for u in (facts.owner, user.path) if isinstance(u, Unknown)), *user.hidden, *facts.unread)
    if hidden:
        return hidden[0], None
    if isinstance(user.account_tags, Unknown):
        return user.account_tags, None
    return next(filter(None, (owner_named(item.value) for item in _owners(user.account_tags, names)[0])), None), None


def _owners(items: Iterable[MetadataItem], names: Names) -> tuple[list[MetadataItem], list[Unknown]]:
    """The metadata that names an owner, people before what they run, and why more of it may do so."""
    owners = [item for item in items if classify(item.name, names) is Meaning.OWNER]
    known = sorted((item for item in owners if not isinstance(item.value, Unknown)), key=lambda item: names_a_thing(item.name, names))
    return known, [i.value.about(describe_origin(i.origin)) for i in owners if isinstance(i.value, Unknown)]


def _computed(lifetime: Lifetime, item: MetadataItem, names: Names) -> Lifetime:
    origin = item.origin
    for clock in item.computed if lifetime.effect is Effect.UNKNOWN else ():
        if not isinstance(origin, TagOrigin):
            break
        if not isinstance(clock, SetByClock):
            name, at_every_apply = clock
            reason, remedy = (why.MOVED_BY_APPLY(name), _DATE) if at_every_apply else (why.MOVED_BY_ROTATION(name), _FOLLOW_AS_WELL)
            return Lifetime(lifetime.kind, Effect.INERT, replace(origin, moved_by=name), name, lifetime.span, reason=reason, remedy=remedy)
        example = read(item.name, clock.example, origin=origin, span=item.span, names=names)
        if example is not None and example.effect is Effect.UNREADABLE:
            no_date = why.Reason(why.ReasonKind.UNREADABLE, why.STATED, (f"what it takes from {clock.address} is no date",))
            return replace(lifetime, effect=Effect.UNREADABLE, reason=no_date)
        if example is not None and example.at is not None and lifetime.kind is Kind.EXPIRY:
            value = describe_interval(clock.interval) if clock.interval else ""
            set_by = replace(origin, set_by=clock.address)
            return Lifetime(Kind.ROTATION, Effect.DECLARED, set_by, value, item.span, interval=clock.interval)
    return lifetime


ROOT_USER = "root"
_YEAR_AFTER_LETTER = lazy_pattern(r"(?<=[A-Za-z])(?=20[0-9]{2})")


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
        user_texts=user.written,
        status=facts.status if isinstance(facts.status, Unknown) else str(STATUSES[0] if facts.status in (None, "") else facts.status),
        remedies=facts.remedies,
        lifetimes=tuple(dict.fromkeys((*facts.lifetimes, *lifetimes_in(stated, options)))),
        unknown_sources=tuple(dict.fromkeys((*user.hidden, *facts.unread, *facts.hidden))),
        existence=facts.existence,
        unseen_tags=user.unseen,
        notes=tuple(dict.fromkeys((*facts.notes, *_dated_name(facts, options), *notes_in(stated, names)))),
        owner=owner,
        owner_origin=owner_origin,
        is_root=is_root(facts),
        replacement=facts.replacement,
        exposures=tuple(e for e in facts.exposures if isinstance(e, Exposure)),
        possible_exposures=tuple(e for e in facts.exposures if isinstance(e, Unknown)),
        consumers=certain((e for e in facts.exposures if isinstance(e, Consumer)), facts.pusher) if facts.service is None else (),
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


def is_root(facts: KeyFacts) -> Attr[bool]:
    """True if a key belongs to the root user: by the user's name, unless the code declares a user of that name."""
    return facts.user.name == ROOT_USER and facts.user.address is None if facts.is_root is None else facts.is_root


def _dated_name(facts: KeyFacts, options: FactOptions) -> Iterator[str]:
    label = _YEAR_AFTER_LETTER.sub("_", facts.label) if "20" in facts.label else facts.label
    for what, shown, name in ((name_of_block(facts.framework), facts.label, label), ("user name", facts.user.name, facts.user.name)):
        mark = date_in_name(name, options.as_of) if isinstance(name, str) else None
        if mark is not None:
            yield by_hand(what, shown, mark.text)
            return


def facts_of_program(
    address: str, file: str, framework: str, place: Span, label: str, directives: tuple[Directive, ...], scope: str
) -> KeyFacts:
    """The facts of the keys that the program of the block at ``address`` makes, which is in another ``file`` or in the block."""
    made = MADE_BY_PROGRAM(f"{address} ({file})" if file else address)
    advice, open_ = Advice("make the key by a resource, whose lifetime can be stated, or use a role"), NOT_FIXED(f"the user of {address}")
    return KeyFacts(
        address=address,
        framework=framework,
        span=place,
        user=UserFacts(open_, hidden=(open_,)),
        status="Active",
        remedies=Remedies(advice, advice, Advice("end the key in IAM")),
        label=label,
        hidden=(made,),
        existence=made,
        directives=directives,
        scope=scope,
    )


def rotator(address: str, place: Span, *, ends_keys: bool = True) -> Diagnostic:
    """The note on a program that ends keys too, or only makes them and is named by a rotation."""
    does = "holds calls that make access keys and calls that end them: it looks like a rotator, and its keys are not judged"
    names = "makes access keys, and a rotation names it: its keys are not judged, though no call in it ends any"
    text = f"{address} runs a program that {does if ends_keys else names}"
    return Diagnostic(Level.NOTE, text, place.path, place.line, place.column)


NOTE = "days after its creation; AWS sets it once, so the next apply replaces the key"  # the explanation of an age in a remedy


def age_lifetime(value: object, service: object, owner: Place, span: Span | None, argument: str = AGE) -> Lifetime | None:
    """The lifetime that an age states, as ``argument`` of ``owner``, or None; ``service`` is a name or `Unknown`."""
    if value is None:
        return None
    origin = ArgumentOrigin(argument, owner.address)
    if isinstance(service, str) and not takes_age(service):
        # An age that may be null cannot end a password either.
        return None if isinstance(value, Unknown) else _refused(value, service, origin, owner, span)
    if isinstance(value, Unknown):
        return Lifetime(Kind.EXPIRY, Effect.UNKNOWN, origin, span=span, reason=value.as_reason())
    days = _whole(value)
    if days is None or not 1 <= days <= LONGEST_AGE:
        reason = why.AGE_OUT_OF_RANGE(str(LONGEST_AGE))
        remedy = SetArgument(owner, argument, "90", "days after its creation", is_named=True)
        return Lifetime(Kind.EXPIRY, Effect.UNREADABLE, origin, str(value), span, reason=reason, remedy=remedy)
    setting = IntervalSetting(owner, argument)
    return Lifetime(Kind.EXPIRY, Effect.ENFORCED, origin, str(days), span, interval=timedelta(days=days), setting=setting)


def _refused(value: object, service: str, origin: ArgumentOrigin, owner: Place, span: Span | None) -> Lifetime:
    remedy = RemoveArgument(owner, origin.path, owner.address)
    return Lifetime(Kind.EXPIRY, Effect.INERT, origin, str(value), span, reason=why.TAKES_NO_AGE(service), remedy=remedy)


def _whole(value: object) -> int | None:
    """The whole number that Terraform would convert a value to, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def age_of(key: Place, service: object, argument: str = AGE, *, given: bool = False) -> SetArgument | None:
    """The change that lets AWS end a key, where it is known that it can; a null that is ``given`` needs a person's look."""
    return SetArgument(key, argument, "", NOTE, needs_person=given) if isinstance(service, str) and takes_age(service) else None


def max_age_lifetime(value: object, argument: str, owner: str, span: Span, header: Span | None = None) -> Lifetime:
    """The lifetime that a maximum age in seconds states, as ``argument`` of ``owner``, whose block begins with ``header``."""
    origin = ArgumentOrigin(argument, owner)
    if isinstance(value, Unknown):
        return Lifetime(Kind.ROTATION, Effect.UNKNOWN, origin, span=span, reason=value.as_reason())
    interval = parse_interval(value, "s") if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
    if interval:
        setting = IntervalSetting(Place(owner, header), argument, "s")
        return Lifetime(Kind.ROTATION, Effect.ENFORCED, origin, describe_interval(interval), span, interval=interval, setting=setting)
    if value is None or interval is not None:
        remedy = SetArgument(Place(owner, header), argument, "7776000", "90 days in seconds", is_named=True)
        reason = why.EXPIRY_NOT_SET() if value is None else why.EXPIRY_OFF()
        return Lifetime(Kind.ROTATION, Effect.INERT, origin, "" if value is None else str(value), span, reason=reason, remedy=remedy)
    return Lifetime(Kind.ROTATION, Effect.UNREADABLE, origin, str(value), span, reason=why.NO_SECONDS())


INACTIVE = '"Inactive"'  # the status of a disabled key, as HCL writes it


def remedies_in_code(kind: str, name: str, declare: Declaring, service: object) -> Remedies:
    """The changes for a key of a type, called ``name``, whose block is not seen; ``declare`` states a lifetime."""
    key = Place(f"{kind}.{name}")
    disable = SetArgument(key, "status", INACTIVE, needs_person=True)
    return Remedies(declare, AddBlock(key, name), disable, CreateFirst(key), age=age_of(key, service))
