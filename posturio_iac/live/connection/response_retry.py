"""Retries responses that did not come from AWS: truncated ones, and pages of proxies. They are never believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posturio_iac.live.connection.calls import wait
from posturio_iac.live.connection.errors import NOT_UNDERSTOOD, UNEXPECTED, AwsError

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 3
"""Attempts at an answer that cannot be read; botocore's own retries come on top."""


def understood(operation: str, send: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Return ``send``, a method of a client, with retries while its answer cannot be read.

    botocore does not compare an answer with its announced length, and reads a page of a proxy as an answer that holds nothing. AWS
    never sends one, and "nothing" would mean that there are no keys, or that one was never used.

    Raises:
        AwsError: the last answer could not be read either.

    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    def patient(**parameters: Any) -> dict[str, Any]:
        for number in range(TRIES):
            if number:
                wait(number)
            try:
                answer = send(**parameters)
            except (BotoCoreError, ClientError):
                raise
            except (ResponseParserError, *NOT_UNDERSTOOD):
                continue
            if answer.keys() - {"ResponseMetadata"}:
                return answer
        raise AwsError(operation, UNEXPECTED, "something between here and AWS may have sent it")

    return patient
