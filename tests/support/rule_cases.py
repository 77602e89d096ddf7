"""Keys with one or two things wrong, and the rules that flag them: one root cause, one finding."""

from __future__ import annotations

from posturio_iac.core.model import AccessKey, Effect, Kind
from tests.support import keys as k

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
QUARANTINED = "quarantined_access_keys"
EXPIRING = "expiring_access_keys"

PAST, SOON, FAR = k.expires("2026-08-31"), k.expires("2027-01-31"), k.expires("2099-01-01")
NEAR = k.expires("2026-12-01")
FIRED = k.expires("2026-05-01", Effect.ENFORCED)
OLD, FRESH = k.day("2026-03-19"), k.day("2026-11-01")

CASES: dict[str, tuple[AccessKey, set[str]]] = {
    # One thing at a time.
    "nothing": (k.access_key(), {WITHOUT}),
    "declared end": (k.access_key(SOON), set()),
    "declared rotation": (k.access_key(k.rotates(90)), set()),
    "enforced rotation": (k.access_key(k.enforced()), set()),
    "enforced rotation of unknown length": (k.access_key(k.enforced(None)), set()),
    "enforced end": (k.access_key(k.expires("2027-01-31", Effect.ENFORCED)), set()),
    "passed end": (k.access_key(PAST), {EXPIRED}),
    "near end": (k.access_key(NEAR), {EXPIRING}),
    "end on the last day of the warning": (k.access_key(k.expires("2026-12-08")), {EXPIRING}),
    "end on the day after": (k.access_key(k.expires("2026-12-09")), set()),
    "near end that the code enforces": (k.access_key(k.expires("2026-12-01", Effect.ENFORCED)), set()),
    "near end of an inactive key": (k.access_key(NEAR, status="Inactive"), set()),
    "near end beside a rotation": (k.access_key(NEAR, k.enforced()), set()),
    "near end beside a declared rotation": (k.access_key(NEAR, k.rotates(30)), {EXPIRING}),
    "near end beside an unknown rotation": (k.access_key(NEAR, k.open_evidence(Kind.ROTATION)), set()),
    "near end beside one that has passed": (k.access_key(NEAR, PAST), {EXPIRED}),
    "near end beside a later one": (k.access_key(SOON, NEAR), {EXPIRING}),
    "enforced end that fired": (k.access_key(FIRED), {INERT}),
    "far end": (k.access_key(FAR), {OVERLONG}),
    "long rotation": (k.access_key(k.rotates(91)), {OVERLONG}),
    "long enforced rotation": (k.access_key(k.enforced(365)), {OVERLONG}),
    "far enforced end": (k.access_key(k.expires("2099-01-01", Effect.ENFORCED)), {OVERLONG}),
    "unreadable end": (k.access_key(k.unreadable()), {UNREADABLE}),
    "inert rotation": (k.access_key(k.inert()), {INERT}),
    "rotated lately": (k.access_key(k.rotated("2026-11-01")), set()),
    "rotated long ago": (k.access_key(k.rotated("2026-03-19")), {OVERDUE}),
    "rotated in a far future": (k.access_key(k.rotated("2099-01-01")), {OVERLONG}),
    "rotated in a near future": (k.access_key(k.rotated("2026-12-01")), set()),
    "unknown evidence": (k.access_key(k.open_evidence()), set()),
    "hiding place": (k.access_key(unknown_sources=(k.UNKNOWN,)), set()),
    "no owner": (k.access_key(k.enforced(), owner=None), {OWNERLESS}),
    "empty owner": (k.access_key(k.enforced(), owner=""), {OWNERLESS}),
    "unknown owner": (k.access_key(k.enforced(), owner=k.UNKNOWN), set()),
    "outage": (k.access_key(k.enforced(), replacement=k.outage()), {OUTAGE}),
    "created before it is destroyed": (k.access_key(k.enforced(), replacement=k.outage(create_before_destroy=True)), set()),
    "unknown whether created before": (k.access_key(k.enforced(), replacement=k.outage(create_before_destroy=k.UNKNOWN)), set()),
    "takes turns": (k.access_key(k.enforced(), replacement=k.outage(takes_turns=True)), set()),
    "unknown replacement": (k.access_key(k.enforced(), replacement=k.UNKNOWN), set()),
    "replaced by hand": (k.access_key(k.rotated("2026-11-01"), replacement=k.outage()), {OUTAGE}),
    "second key": (k.access_key(SOON, active_siblings=("other",)), {SEVERAL}),
    "second key beside a rotation": (k.access_key(k.enforced(), active_siblings=("other",)), {SEVERAL}),
    "unknown second key": (k.access_key(SOON, active_siblings=k.UNKNOWN), set()),
    "exposed": (k.access_key(k.enforced(), exposures=(k.exposure(),)), {EXPOSED}),
    "root": (k.access_key(k.enforced(), is_root=True), {ROOT}),
    # An inactive key authenticates nobody.
    "inactive": (k.access_key(status="Inactive"), {LINGERING}),
    "expired by AWS": (k.access_key(status="Expired"), {LINGERING}),
    "inactive until soon": (k.access_key(SOON, status="Inactive"), set()),
    "inactive until a replacement that fired": (k.access_key(FIRED, status="Inactive"), {LINGERING}),
    "inactive until the past": (k.access_key(PAST, status="Inactive"), {LINGERING}),
    "inactive until a far future": (k.access_key(FAR, status="Inactive"), {LINGERING}),
    "inactive with a rotation": (k.access_key(k.enforced(), status="Inactive"), {LINGERING}),
    "inactive with a long rotation": (k.access_key(k.rotates(400), status="Inactive"), {LINGERING}),
    "inactive and unreadable": (k.access_key(k.unreadable(), status="Inactive"), {LINGERING}),
    "inactive and inert": (k.access_key(k.inert(), status="Inactive"), {LINGERING}),
    "inactive and overdue": (k.access_key(k.rotated("2026-03-19"), status="Inactive"), {LINGERING}),
    "inactive and unused": (k.access_key(SOON, status="Inactive", created=OLD, last_used=None), set()),
    "inactive second key": (k.access_key(SOON, status="Inactive", active_siblings=("other",)), set()),
    "inactive with an outage": (k.access_key(SOON, k.enforced(), status="Inactive", replacement=k.outage()), set()),
    "inactive without owner": (k.access_key(SOON, status="Inactive", owner=None), {OWNERLESS}),
    "inactive and exposed": (k.access_key(SOON, status="Inactive", exposures=(k.exposure(),)), {EXPOSED}),
    "inactive with an unknown end": (k.access_key(k.open_evidence(), status="Inactive"), set()),
    "inactive with a hiding place": (k.access_key(unknown_sources=(k.UNKNOWN,), status="Inactive"), set()),
    "disabled at an unknown time": (k.access_key(status="Inactive", disabled_since=k.UNKNOWN), set()),
    "disabled within the grace": (k.access_key(status="Inactive", disabled_since=k.day("2026-11-20")), set()),
    "disabled longer than the grace": (k.access_key(status="Inactive", disabled_since=k.day("2026-10-01")), {LINGERING}),
    "disabled within the grace after its end": (k.access_key(PAST, status="Inactive", disabled_since=k.day("2026-11-20")), set()),
    "disabled longer than the grace after its end": (
        k.access_key(PAST, status="Inactive", disabled_since=k.day("2026-10-01")),
        {LINGERING},
    ),
    "disabled within the grace before its end": (
        k.access_key(k.expires("2026-11-22"), status="Inactive", disabled_since=k.day("2026-11-20")),
        {LINGERING},
    ),
    "disabled long ago with an end": (k.access_key(SOON, status="Inactive", disabled_since=k.day("2026-10-01")), set()),
    # Whether it is active is unknown.
    "unknown status": (k.access_key(status=k.UNKNOWN), set()),
    "unknown status and passed end": (k.access_key(PAST, status=k.UNKNOWN), set()),
    "unknown status without owner": (k.access_key(status=k.UNKNOWN, owner=None), {OWNERLESS}),
    # Usage and age.
    "used lately": (k.access_key(k.enforced(), created=FRESH, last_used=FRESH), set()),
    "used long ago": (k.access_key(SOON, created=OLD, last_used=OLD), {UNUSED}),
    "never used and fresh": (k.access_key(SOON, created=FRESH, last_used=None), set()),
    "never used and old": (k.access_key(SOON, created=OLD, last_used=None), {UNUSED}),
    "never used for over a year": (k.access_key(SOON, created=k.day("2025-06-01"), last_used=None), {UNUSED}),
    "in quarantine": (k.access_key(SOON, quarantine="AWSCompromisedKeyQuarantineV2"), {QUARANTINED}),
    "in quarantine and switched off": (k.access_key(SOON, status="Inactive", quarantine="AWSCompromisedKeyQuarantineV2"), set()),
    "in quarantine by what is not known": (k.access_key(SOON, quarantine=k.UNKNOWN), set()),
    "second key of a rotation": (k.access_key(SOON, active_siblings=("other",), newest_active=k.day("2026-11-20")), set()),
    "second key of a rotation that never ended": (
        k.access_key(SOON, active_siblings=("other",), newest_active=k.day("2026-11-01")),
        {SEVERAL},
    ),
    "second key of an unknown age": (k.access_key(SOON, active_siblings=("other",), newest_active=k.UNKNOWN), set()),
    "not declared in the given code": (k.access_key(SOON, managed=False), {UNMANAGED}),
    "declared by code": (k.access_key(SOON, managed=True), set()),
    "not declared in the given code and switched off": (k.access_key(SOON, status="Inactive", managed=False), {UNMANAGED}),
    "older than evidence that may be about it": (k.access_key(k.maybe(k.enforced(60)), created=OLD), {OVERDUE}),
    "younger than evidence that may be about it": (k.access_key(k.maybe(k.enforced(365)), created=OLD), set()),
    "never used since an unknown day": (k.access_key(SOON, created=k.UNKNOWN, last_used=None), set()),
    "unknown use": (k.access_key(SOON, created=OLD), set()),
    "older than its rotation": (k.access_key(k.rotates(30), created=k.day("2026-10-01"), last_used=k.AS_OF), {OVERDUE}),
    "younger than its rotation": (k.access_key(k.rotates(90), created=k.day("2026-10-01"), last_used=k.AS_OF), set()),
    # Two things: one root cause, one finding.
    "passed end beside an enforced rotation": (k.access_key(PAST, k.enforced()), {EXPIRED}),
    "passed end beside a long rotation": (k.access_key(PAST, k.rotates(365)), {EXPIRED}),
    "passed end beside a far one": (k.access_key(PAST, FAR), {EXPIRED}),
    "passed end beside an inert rotation": (k.access_key(PAST, k.inert()), {EXPIRED}),
    "passed end beside an unreadable one": (k.access_key(PAST, k.unreadable()), {EXPIRED, UNREADABLE}),
    "passed end beside an old rotation": (k.access_key(PAST, k.rotated("2026-03-19")), {EXPIRED}),
    "passed end of an old key": (k.access_key(PAST, created=OLD, last_used=k.AS_OF), {EXPIRED}),
    "passed end beside an unknown one": (k.access_key(PAST, k.open_evidence()), {EXPIRED}),
    "fired end beside a declared one": (k.access_key(FIRED, SOON), set()),
    "fired end beside a passed one": (k.access_key(FIRED, PAST), {EXPIRED}),
    "fired end beside a far one": (k.access_key(FIRED, FAR), {OVERLONG}),
    "fired end with an outage": (k.access_key(FIRED, replacement=k.outage()), {INERT}),
    "far end beside a near one": (k.access_key(FAR, SOON), set()),
    "far end beside a short rotation": (k.access_key(FAR, k.enforced()), set()),
    "far end beside an inert rotation": (k.access_key(FAR, k.inert()), {OVERLONG}),
    "far end beside an unknown one": (k.access_key(FAR, k.open_evidence()), set()),
    "far end beside a hiding place": (k.access_key(FAR, unknown_sources=(k.UNKNOWN,)), {OVERLONG}),
    "long rotation beside one of unknown length": (k.access_key(k.rotates(365), k.enforced(None)), set()),
    "long rotation that is overdue as well": (k.access_key(k.rotates(365), k.rotated("2025-03-19")), {OVERLONG, OVERDUE}),
    "long rotation that is not due": (k.access_key(k.rotates(365), k.rotated("2026-03-19")), {OVERLONG}),
    "short rotation that is overdue": (k.access_key(k.rotates(30), k.rotated("2026-10-01")), {OVERDUE}),
    "old rotation with a new end": (k.access_key(k.rotated("2026-03-19"), SOON), set()),
    "old rotation beside an unknown interval": (k.access_key(k.rotated("2026-03-19"), k.open_evidence(Kind.ROTATION)), set()),
    "old rotation beside a hiding place": (k.access_key(k.rotated("2026-03-19"), unknown_sources=(k.UNKNOWN,)), {OVERDUE}),
    "old rotation beside an enforced one": (k.access_key(k.rotated("2026-03-19"), k.enforced()), set()),
    "old rotation beside a long enforced one": (k.access_key(k.rotated("2026-03-19"), k.enforced(365)), {OVERLONG}),
    "old rotation beside an inert one": (k.access_key(k.rotated("2026-03-19"), k.inert()), {OVERDUE}),
    "old key beside an enforced rotation": (k.access_key(k.enforced(), k.rotated("2026-03-19"), created=OLD, last_used=k.AS_OF), {OVERDUE}),
    "possibly exposed": (k.access_key(k.enforced(), possible_exposures=(k.UNKNOWN,)), set()),
    "two rotations, one of them lately": (k.access_key(k.rotated("2026-03-19"), k.rotated("2026-11-01")), set()),
    "inert rotation beside an enforced one": (k.access_key(k.inert(), k.enforced()), set()),
    "inert rotation beside a declared end": (k.access_key(k.inert(), SOON), set()),
    "inert rotation beside an unreadable end": (k.access_key(k.inert(), k.unreadable()), {INERT, UNREADABLE}),
    "inert rotation beside an unknown end": (k.access_key(k.inert(), k.open_evidence()), set()),
    "inert rotation beside a hiding place": (k.access_key(k.inert(), unknown_sources=(k.UNKNOWN,)), {INERT}),
    "inert rotation with an outage": (k.access_key(k.inert(), replacement=k.outage()), {INERT}),
    "inert rotation beside a declared end with an outage": (k.access_key(k.inert(), SOON, replacement=k.outage()), set()),
    "inert rotation beside an enforced one with an outage": (k.access_key(k.inert(), k.enforced(), replacement=k.outage()), {OUTAGE}),
    "unreadable end beside an enforced rotation": (k.access_key(k.unreadable(), k.enforced()), {UNREADABLE}),
    "unreadable end beside a hiding place": (k.access_key(k.unreadable(), unknown_sources=(k.UNKNOWN,)), {UNREADABLE}),
    "no lifetime and old": (k.access_key(created=OLD, last_used=k.AS_OF), {OVERDUE}),
    "no lifetime and fresh": (k.access_key(created=FRESH, last_used=k.AS_OF), {WITHOUT}),
    "hiding place and old": (k.access_key(created=OLD, last_used=k.AS_OF, unknown_sources=(k.UNKNOWN,)), set()),
    "old and unused": (k.access_key(created=OLD, last_used=OLD), {OVERDUE, UNUSED}),
    "root without anything": (k.access_key(is_root=True, owner=None, created=OLD, last_used=None, active_siblings=("b",)), {ROOT}),
    "root and inactive": (k.access_key(is_root=True, status="Inactive"), {ROOT}),
    "no lifetime, no owner": (k.access_key(owner=None), {WITHOUT, OWNERLESS}),
    "second key without lifetime": (k.access_key(active_siblings=("other",)), {WITHOUT, SEVERAL}),
    "second key with an unknown rotation": (k.access_key(k.open_evidence(Kind.ROTATION), active_siblings=("other",)), set()),
    "second key with an unknown end": (k.access_key(k.open_evidence(), active_siblings=("other",)), {SEVERAL}),
}

ENFORCED_CASES: dict[str, tuple[AccessKey, set[str]]] = {
    "nothing": (k.access_key(), {WITHOUT}),
    "declared end": (k.access_key(SOON), {WITHOUT}),
    "enforced rotation": (k.access_key(k.enforced()), set()),
    "enforced end": (k.access_key(k.expires("2027-01-31", Effect.ENFORCED)), set()),
    "declared and enforced": (k.access_key(SOON, k.enforced()), set()),
    "passed end": (k.access_key(PAST), {EXPIRED}),
    "declared end that is far": (k.access_key(FAR), {WITHOUT}),
    "short declared rotation beside a long enforced one": (k.access_key(k.rotates(30), k.enforced(365)), {OVERLONG}),
    "inert rotation beside a declared end": (k.access_key(k.inert(), SOON), {INERT}),
    "fired end beside a declared one": (k.access_key(FIRED, SOON), {INERT}),
    "unreadable end": (k.access_key(k.unreadable()), {UNREADABLE}),
    "rotated lately": (k.access_key(k.rotated("2026-11-01")), {WITHOUT}),
    "rotated long ago": (k.access_key(k.rotated("2026-03-19")), {OVERDUE}),
    "declared end beside a hiding place": (k.access_key(SOON, unknown_sources=(k.UNKNOWN,)), set()),
    "declared end beside an unknown rotation": (k.access_key(SOON, k.open_evidence(Kind.ROTATION)), set()),
}
