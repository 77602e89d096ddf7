"""Rotation by Secrets Manager."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from posturio_iac.core.cron import NEVER, longest_gap
from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.core.model import Effect, Kind
from tests.support.cloudformation_reading import key

HELD = """\
Resources:
  User: {{Type: AWS::IAM::User}}
  Key: {{Type: AWS::IAM::AccessKey, Properties: {{UserName: !Ref User}}}}
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: {{SecretString: !Sub '{{"s": "${{{of}.SecretAccessKey}}"}}'}}
  Schedule:
    Type: AWS::SecretsManager::RotationSchedule
    Properties: {{SecretId: {secret}, {rest}}}
"""


@pytest.mark.parametrize(
    ("rest", "effect", "days"),
    [
        ("RotationLambdaARN: !ImportValue f, RotationRules: {AutomaticallyAfterDays: 30}", Effect.ENFORCED, 30),
        ("RotationLambdaARN: x, RotationRules: {ScheduleExpression: rate(60 days)}", Effect.ENFORCED, 60),
        ("RotationLambdaARN: x, RotationRules: {ScheduleExpression: 'cron(0 8 1 * ? *)'}", Effect.ENFORCED, 31),
        ("RotationLambdaARN: x", Effect.ENFORCED, None),
        ("RotationLambdaARN: x, RotationRules: {AutomaticallyAfterDays: !ImportValue n}", Effect.ENFORCED, None),
        ("RotationLambdaARN: x, RotationRules: {ScheduleExpression: 'cron(0 8 30 2 ? *)'}", Effect.INERT, 0),
        ("RotationRules: {AutomaticallyAfterDays: 30}", Effect.INERT, 0),
        ("HostedRotationLambda: {RotationType: MySQLSingleUser}, RotationRules: {AutomaticallyAfterDays: 30}", Effect.INERT, 0),
        ("HostedRotationLambda: {RotationType: !ImportValue t}, RotationRules: {AutomaticallyAfterDays: 30}", Effect.UNKNOWN, 30),
    ],
)
def test_a_schedule_on_the_secret_that_holds_the_key_rotates_it(tmp_path: Path, rest: str, effect: Effect, days: int | None) -> None:
    found = key(tmp_path, HELD.format(of="Key", secret="!Ref Secret", rest=rest))  # noqa: S106 - a logical id
    (rotation,) = found.lifetimes
    assert (rotation.kind, rotation.effect, rotation.source) == (Kind.ROTATION, effect, "RotationSchedule Schedule")
    assert rotation.span is not None
    assert rotation.span.line == 7
    assert rotation.interval == (timedelta(days=days) if days else None)
    assert bool(rotation.why) == (effect is not Effect.ENFORCED or days is None)
    assert bool(rotation.remedy) == (effect is Effect.INERT)


@pytest.mark.parametrize(("of", "secret"), [("Other", "!Ref Secret"), ("Key", "!Ref Elsewhere")])
def test_a_schedule_on_another_secret_says_nothing(tmp_path: Path, of: str, secret: str) -> None:
    rest = "RotationLambdaARN: x, RotationRules: {AutomaticallyAfterDays: 30}"
    assert key(tmp_path, HELD.format(of=of, secret=secret, rest=rest)).lifetimes == ()


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("cron(0 8 * * ? *)", 1),
        ("cron(0 8 1 * ? *)", 31),
        ("cron(0 8 */10 * ? *)", 10),
        ("cron(0 8 ? * MON *)", 7),
        ("cron(0 8 ? * 2#1 *)", 35),
        ("cron(0 8 ? FEB,MAY,AUG,NOV TUE#2 *)", 98),
        ("cron(0 8 L * ? *)", 31),
        ("cron(0 8 LW * ? *)", 33),
        ("cron(0 8 ? * 6L *)", 35),
        ("cron(0 8 1,15 * ? *)", 17),
        ("cron(0 8 1 */2 ? *)", 62),
        ("cron(0 8 1 JAN ? *)", 366),
        ("cron(0 8 29 2 ? *)", 1461),
        ("cron(0 0/12 * * ? *)", 0.5),
        ("cron(0 8 30 2 ? *)", "never"),
        ("cron(0 8 31 4,6 ? *)", "never"),
        ("cron(0 8 1 * ? 2025)", "never"),
        ("cron(0 8 1 1 2 *)", None),
        ("cron(0 8 40 * ? *)", None),
        ("cron(0 8 1/0 * ? *)", None),
        ("cron(0 8)", None),
        ("rate(1 day)", None),
    ],
)
def test_the_longest_time_between_two_runs_of_a_cron_schedule(text: str, days: float | str | None) -> None:
    start = datetime(2026, 11, 24, tzinfo=timezone.utc)
    assert longest_gap(text, start) == (None if days is None else NEVER if isinstance(days, str) else timedelta(days=days))


@pytest.mark.parametrize(
    ("rest", "shorter"),
    [
        ("RotationRules: {AutomaticallyAfterDays: 365}", "set AutomaticallyAfterDays of Schedule to 90 or less"),
        ("RotationRules: {ScheduleExpression: 'cron(0 8 1 JAN ? *)'}", "set ScheduleExpression of Schedule to rate(90 days) or less"),
        ("RotationRules: {Duration: 2h}", ""),
    ],
)
def test_a_long_schedule_is_shortened_where_it_stands(tmp_path: Path, rest: str, shorter: str) -> None:
    found = key(tmp_path, HELD.format(of="Key", secret="!Ref Secret", rest=f"RotationLambdaARN: x, {rest}"))  # noqa: S106 - a logical id
    change = found.lifetimes[0].shortening(90)
    assert (describe(change) if change else "") == shorter
