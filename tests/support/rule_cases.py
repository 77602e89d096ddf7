"""Keys with one or two things wrong, and the rules that flag them: one root cause, one finding."""

from __future__ import annotations

from posturio_iac.core.model import AccessKey, Effect, Kind
from tests.support.keys import (
    AS_OF,
    UNKNOWN,
    access_key,
    day,
    enforced,
    expires,
    exposure,
    inert,
    maybe,
    open_evidence,
    outage,
    rotated,
    rotates,
    unreadable,
)

WITHOUT = "access_keys_without_lifetime"
EXPIRED = "expired_access_keys"
OVERLONG = "overlong_access_key_lifetimes"
UNREADABLE = "unreadable_access_key_lifetimes"
INERT = "inert_access_key_rotation"
OUTAGE = "access_key_rotation_outages"
OWNERLESS = "ownerless_access_keys"
LINGERING = "lingering_inactive_access_keys"
ROOT = "root_access_keys"
SEVERAL = "multiple_active_access_keys"
EXPOSED = "exposed_access_key_secrets"
UNUSED = "unused_access_keys"
OVERDUE = "overdue_access_key_rotations"
UNMANAGED = "unmanaged_access_keys"

PAST, SOON, FAR = expires("2026-08-31"), expires("2027-01-31"), expires("2099-01-01")
FIRED = expires("2026-05-01", Effect.ENFORCED)
OLD, FRESH = day("2026-03-19"), day("2026-11-01")

CASES: dict[str, tuple[AccessKey, set[str]]] = {
    # One thing at a time.
    "nothing": (access_key(), {WITHOUT}),
    "declared end": (access_key(SOON), set()),
    "declared rotation": (access_key(rotates(90)), set()),
    "enforced rotation": (access_key(enforced()), set()),
    "enforced rotation of unknown length": (access_key(enforced(None)), set()),
    "enforced end": (access_key(expires("2027-01-31", Effect.ENFORCED)), set()),
    "passed end": (access_key(PAST), {EXPIRED}),
    "enforced end that fired": (access_key(FIRED), {INERT}),
    "far end": (access_key(FAR), {OVERLONG}),
    "long rotation": (access_key(rotates(91)), {OVERLONG}),
    "long enforced rotation": (access_key(enforced(365)), {OVERLONG}),
    "far enforced end": (access_key(expires("2099-01-01", Effect.ENFORCED)), {OVERLONG}),
    "unreadable end": (access_key(unreadable()), {UNREADABLE}),
    "inert rotation": (access_key(inert()), {INERT}),
    "rotated lately": (access_key(rotated("2026-11-01")), set()),
    "rotated long ago": (access_key(rotated("2026-03-19")), {OVERDUE}),
    "rotated in a far future": (access_key(rotated("2099-01-01")), {OVERLONG}),
    "rotated in a near future": (access_key(rotated("2026-12-01")), set()),
    "unknown evidence": (access_key(open_evidence()), set()),
    "hiding place": (access_key(unknown_sources=(UNKNOWN,)), set()),
    "no owner": (access_key(enforced(), owner=None), {OWNERLESS}),
    "empty owner": (access_key(enforced(), owner=""), {OWNERLESS}),
    "unknown owner": (access_key(enforced(), owner=UNKNOWN), set()),
    "outage": (access_key(enforced(), replacement=outage()), {OUTAGE}),
    "created before it is destroyed": (access_key(enforced(), replacement=outage(create_before_destroy=True)), set()),
    "unknown whether created before": (access_key(enforced(), replacement=outage(create_before_destroy=UNKNOWN)), set()),
    "takes turns": (access_key(enforced(), replacement=outage(takes_turns=True)), set()),
    "unknown replacement": (access_key(enforced(), replacement=UNKNOWN), set()),
    "replaced by hand": (access_key(rotated("2026-11-01"), replacement=outage()), {OUTAGE}),
    "second key": (access_key(SOON, active_siblings=("other",)), {SEVERAL}),
    "second key that rotation explains": (access_key(enforced(), active_siblings=("other",)), set()),
    "unknown second key": (access_key(SOON, active_siblings=UNKNOWN), set()),
    "exposed": (access_key(enforced(), exposures=(exposure(),)), {EXPOSED}),
    "root": (access_key(enforced(), is_root=True), {ROOT}),
    # An inactive key authenticates nobody.
    "inactive": (access_key(status="Inactive"), {LINGERING}),
    "expired by AWS": (access_key(status="Expired"), {LINGERING}),
    "inactive until soon": (access_key(SOON, status="Inactive"), set()),
    "inactive until a replacement that fired": (access_key(FIRED, status="Inactive"), {LINGERING}),
    "inactive until the past": (access_key(PAST, status="Inactive"), {LINGERING}),
    "inactive until a far future": (access_key(FAR, status="Inactive"), {LINGERING}),
    "inactive with a rotation": (access_key(enforced(), status="Inactive"), {LINGERING}),
    "inactive with a long rotation": (access_key(rotates(400), status="Inactive"), {LINGERING}),
    "inactive and unreadable": (access_key(unreadable(), status="Inactive"), {LINGERING}),
    "inactive and inert": (access_key(inert(), status="Inactive"), {LINGERING}),
    "inactive and overdue": (access_key(rotated("2026-03-19"), status="Inactive"), {LINGERING}),
    "inactive and unused": (access_key(SOON, status="Inactive", created=OLD, last_used=None), set()),
    "inactive second key": (access_key(SOON, status="Inactive", active_siblings=("other",)), set()),
    "inactive with an outage": (access_key(SOON, enforced(), status="Inactive", replacement=outage()), set()),
    "inactive without owner": (access_key(SOON, status="Inactive", owner=None), {OWNERLESS}),
    "inactive and exposed": (access_key(SOON, status="Inactive", exposures=(exposure(),)), {EXPOSED}),
    "inactive with an unknown end": (access_key(open_evidence(), status="Inactive"), set()),
    "inactive with a hiding place": (access_key(unknown_sources=(UNKNOWN,), status="Inactive"), set()),
    "disabled at an unknown time": (access_key(status="Inactive", disabled_since=UNKNOWN), set()),
    "disabled within the grace": (access_key(status="Inactive", disabled_since=day("2026-11-20")), set()),
    "disabled longer than the grace": (access_key(status="Inactive", disabled_since=day("2026-10-01")), {LINGERING}),
    "disabled long ago with an end": (access_key(SOON, status="Inactive", disabled_since=day("2026-10-01")), set()),
    # Whether it is active is unknown.
    "unknown status": (access_key(status=UNKNOWN), set()),
    "unknown status and passed end": (access_key(PAST, status=UNKNOWN), set()),
    "unknown status without owner": (access_key(status=UNKNOWN, owner=None), {OWNERLESS}),
    # Usage and age.
    "used lately": (access_key(enforced(), created=FRESH, last_used=FRESH), set()),
    "used long ago": (access_key(SOON, created=OLD, last_used=OLD), {UNUSED}),
    "never used and fresh": (access_key(SOON, created=FRESH, last_used=None), set()),
    "never used and old": (access_key(SOON, created=OLD, last_used=None), {UNUSED}),
    "declared by no code": (access_key(SOON, managed=False), {UNMANAGED}),
    "declared by code": (access_key(SOON, managed=True), set()),
    "declared by no code and switched off": (access_key(SOON, status="Inactive", managed=False), {UNMANAGED}),
    "older than evidence that may be about it": (access_key(maybe(enforced(60)), created=OLD), {OVERDUE}),
    "younger than evidence that may be about it": (access_key(maybe(enforced(365)), created=OLD), set()),
    "never used since an unknown day": (access_key(SOON, created=UNKNOWN, last_used=None), set()),
    "unknown use": (access_key(SOON, created=OLD), set()),
    "older than its rotation": (access_key(rotates(30), created=day("2026-10-01"), last_used=AS_OF), {OVERDUE}),
    "younger than its rotation": (access_key(rotates(90), created=day("2026-10-01"), last_used=AS_OF), set()),
    # Two things: one root cause, one finding.
    "passed end beside an enforced rotation": (access_key(PAST, enforced()), {EXPIRED}),
    "passed end beside a long rotation": (access_key(PAST, rotates(365)), {EXPIRED}),
    "passed end beside a far one": (access_key(PAST, FAR), {EXPIRED}),
    "passed end beside an inert rotation": (access_key(PAST, inert()), {EXPIRED}),
    "passed end beside an unreadable one": (access_key(PAST, unreadable()), {EXPIRED, UNREADABLE}),
    "passed end beside an old rotation": (access_key(PAST, rotated("2026-03-19")), {EXPIRED}),
    "passed end of an old key": (access_key(PAST, created=OLD, last_used=AS_OF), {EXPIRED}),
    "passed end beside an unknown one": (access_key(PAST, open_evidence()), {EXPIRED}),
    "fired end beside a declared one": (access_key(FIRED, SOON), set()),
    "fired end beside a passed one": (access_key(FIRED, PAST), {EXPIRED}),
    "fired end beside a far one": (access_key(FIRED, FAR), {OVERLONG}),
    "fired end with an outage": (access_key(FIRED, replacement=outage()), {INERT}),
    "far end beside a near one": (access_key(FAR, SOON), set()),
    "far end beside a short rotation": (access_key(FAR, enforced()), set()),
    "far end beside an inert rotation": (access_key(FAR, inert()), {OVERLONG}),
    "far end beside an unknown one": (access_key(FAR, open_evidence()), set()),
    "far end beside a hiding place": (access_key(FAR, unknown_sources=(UNKNOWN,)), {OVERLONG}),
    "long rotation beside one of unknown length": (access_key(rotates(365), enforced(None)), set()),
    "long rotation that is overdue as well": (access_key(rotates(365), rotated("2025-03-19")), {OVERLONG, OVERDUE}),
    "long rotation that is not due": (access_key(rotates(365), rotated("2026-03-19")), {OVERLONG}),
    "short rotation that is overdue": (access_key(rotates(30), rotated("2026-10-01")), {OVERDUE}),
    "old rotation with a new end": (access_key(rotated("2026-03-19"), SOON), set()),
    "old rotation beside an unknown interval": (access_key(rotated("2026-03-19"), open_evidence(Kind.ROTATION)), set()),
    "old rotation beside a hiding place": (access_key(rotated("2026-03-19"), unknown_sources=(UNKNOWN,)), {OVERDUE}),
    "old rotation beside an enforced one": (access_key(rotated("2026-03-19"), enforced()), set()),
    "old rotation beside a long enforced one": (access_key(rotated("2026-03-19"), enforced(365)), {OVERLONG}),
    "old rotation beside an inert one": (access_key(rotated("2026-03-19"), inert()), {OVERDUE}),
    "old key beside an enforced rotation": (access_key(enforced(), rotated("2026-03-19"), created=OLD, last_used=AS_OF), {OVERDUE}),
    "possibly exposed": (access_key(enforced(), possible_exposures=(UNKNOWN,)), set()),
    "two rotations, one of them lately": (access_key(rotated("2026-03-19"), rotated("2026-11-01")), set()),
    "inert rotation beside an enforced one": (access_key(inert(), enforced()), set()),
    "inert rotation beside a declared end": (access_key(inert(), SOON), set()),
    "inert rotation beside an unreadable end": (access_key(inert(), unreadable()), {INERT, UNREADABLE}),
    "inert rotation beside an unknown end": (access_key(inert(), open_evidence()), set()),
    "inert rotation beside a hiding place": (access_key(inert(), unknown_sources=(UNKNOWN,)), {INERT}),
    "inert rotation with an outage": (access_key(inert(), replacement=outage()), {INERT}),
    "inert rotation beside a declared end with an outage": (access_key(inert(), SOON, replacement=outage()), set()),
    "inert rotation beside an enforced one with an outage": (access_key(inert(), enforced(), replacement=outage()), {OUTAGE}),
    "unreadable end beside an enforced rotation": (access_key(unreadable(), enforced()), {UNREADABLE}),
    "unreadable end beside a hiding place": (access_key(unreadable(), unknown_sources=(UNKNOWN,)), {UNREADABLE}),
    "no lifetime and old": (access_key(created=OLD, last_used=AS_OF), {OVERDUE}),
    "no lifetime and fresh": (access_key(created=FRESH, last_used=AS_OF), {WITHOUT}),
    "hiding place and old": (access_key(created=OLD, last_used=AS_OF, unknown_sources=(UNKNOWN,)), set()),
    "old and unused": (access_key(created=OLD, last_used=OLD), {OVERDUE, UNUSED}),
    "root without anything": (access_key(is_root=True, owner=None, created=OLD, last_used=None, active_siblings=("b",)), {ROOT}),
    "root and inactive": (access_key(is_root=True, status="Inactive"), {ROOT}),
    "no lifetime, no owner": (access_key(owner=None), {WITHOUT, OWNERLESS}),
    "second key without lifetime": (access_key(active_siblings=("other",)), {WITHOUT, SEVERAL}),
    "second key with an unknown rotation": (access_key(open_evidence(Kind.ROTATION), active_siblings=("other",)), set()),
    "second key with an unknown end": (access_key(open_evidence(), active_siblings=("other",)), {SEVERAL}),
}

ENFORCED_CASES: dict[str, tuple[AccessKey, set[str]]] = {
    "nothing": (access_key(), {WITHOUT}),
    "declared end": (access_key(SOON), {WITHOUT}),
    "enforced rotation": (access_key(enforced()), set()),
    "enforced end": (access_key(expires("2027-01-31", Effect.ENFORCED)), set()),
    "declared and enforced": (access_key(SOON, enforced()), set()),
    "passed end": (access_key(PAST), {EXPIRED}),
    "declared end that is far": (access_key(FAR), {WITHOUT}),
    "short declared rotation beside a long enforced one": (access_key(rotates(30), enforced(365)), {OVERLONG}),
    "inert rotation beside a declared end": (access_key(inert(), SOON), {INERT}),
    "fired end beside a declared one": (access_key(FIRED, SOON), {INERT}),
    "unreadable end": (access_key(unreadable()), {UNREADABLE}),
    "rotated lately": (access_key(rotated("2026-11-01")), {WITHOUT}),
    "rotated long ago": (access_key(rotated("2026-03-19")), {OVERDUE}),
    "declared end beside a hiding place": (access_key(SOON, unknown_sources=(UNKNOWN,)), set()),
    "declared end beside an unknown rotation": (access_key(SOON, open_evidence(Kind.ROTATION)), set()),
}
