"""Calls to AWS: a budget that counts them by operation, token buckets that spread them over time, and failures, each one `AwsError`."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from concurrent import futures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Executor
    from typing import Any, TypeVar

    R = TypeVar("R")
    T = TypeVar("T")

RATES = {"iam": (20.0, 40), "sts": (100.0, 100), "cloudtrail": (2.0, 2), "organizations": (10.0, 20), "cloudformation": (5.0, 10)}
"""Calls a second to a service of one account, and how many at once before that.

AWS publishes two a second for LookupEvents of CloudTrail and no number for IAM, where more would be felt by others in the account.
STS hands out one role an account, so its rate is what bounds the number of accounts.
"""


def wait(seconds: float) -> None:
    """Sleep; looked up at each call, so that a test can make time stand still."""
    time.sleep(seconds)


class Bucket:
    """Lets through ``burst`` calls at once and ``rate`` calls a second after that. Threads may share it."""

    def __init__(
        self, rate: float, burst: int, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] = wait
    ) -> None:
        self.rate, self.burst, self._clock, self._sleep = rate, burst, clock, sleep
        self._tokens, self._filled = float(burst), clock()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for a token and take it; each waiting call makes later ones wait longer."""
        with self._lock:
            now = self._clock()
            self._tokens = min(float(self.burst), self._tokens + (now - self._filled) * self.rate) - 1
            self._filled = now
            owed = -self._tokens / self.rate
        if owed > 0:
            self._sleep(owed)


class CallBudget:
    """Counts requests, including retries. Threads may share it."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def spend(self, operation: str, number: int = 1) -> None:
        with self._lock:
            self._counts[operation] += number

    @property
    def counts(self) -> dict[str, int]:
        with self._lock:
            return dict(self._counts)

    def line(self) -> str:
        """One line for a reader: the number of requests, and that of each operation, the most frequent first."""
        counts = sorted(self.counts.items(), key=lambda entry: (-entry[1], entry[0]))
        total = sum(number for _, number in counts)
        detail = ", ".join(f"{name} {number}" for name, number in counts)
        return f"{total} call{'' if total == 1 else 's'} to AWS{': ' if detail else ''}{detail}"


TRIES = 3


def understood(operation: str, send: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """``send``, tried again while its answer is empty, as botocore reads a page of a proxy. Raises `AwsError`."""
    from botocore.parsers import ResponseParserError

    def patient(**parameters: Any) -> dict[str, Any]:
        for number in range(TRIES):
            wait(number)
            try:
                answer = send(**parameters)
            except (ResponseParserError, *NOT_UNDERSTOOD):
                continue
            if answer.keys() - {"ResponseMetadata"}:
                return answer
        raise AwsError(operation, UNEXPECTED, "something between here and AWS may have sent it")

    return patient


def together(pool: Executor | None, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """``work`` for each item, in order. The pool begins with the first and the caller, itself of the pool perhaps, with the last."""
    if pool is None:
        return [work(item) for item in items]
    begun = [pool.submit(work, item) for item in items]
    done: list[R] = []
    try:
        while begun and begun[-1].cancel():
            begun.pop()
            done.append(work(items[len(begun)]))
        return [future.result() for future in begun] + done[::-1]
    finally:
        for future in begun:
            future.cancel()


def as_finished(workers: int, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Yield the result of ``work`` for each item as it is finished; at most ``workers`` items are under way, and no result is kept."""
    pool = futures.ThreadPoolExecutor(workers)
    try:
        waiting: set[futures.Future[R]] = set()
        for item in items:
            waiting.add(pool.submit(work, item))
            del item
            yield from _finished(waiting, 0 if len(waiting) < workers else None)
        while waiting:
            yield from _finished(waiting, None)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _finished(waiting: set[futures.Future[R]], timeout: float | None) -> Iterator[R]:
    done = futures.wait(waiting, timeout, futures.FIRST_COMPLETED).done
    waiting -= done
    while done:
        yield done.pop().result()


DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})
GONE = frozenset({"NoSuchEntity", "NoSuchEntityException"})
HINTS = {
    "ExpiredToken": "the session has ended; log in again",
    "ExpiredTokenException": "the session has ended; log in again",
    "InvalidClientTokenId": "AWS does not know these credentials; check the profile, and the region if this is another partition",
    "UnrecognizedClientException": "AWS does not know these credentials; check the profile and the region",
    "SignatureDoesNotMatch": "check the secret and the clock of this machine",
    "RequestExpired": "check the clock of this machine",
    "RequestTimeTooSkewed": "check the clock of this machine",
    "InvalidSignatureException": "check the secret and the clock of this machine",
    "RegionDisabledException": "the account has not enabled this region; set AWS_DEFAULT_REGION to another one",
    "UnauthorizedSSOTokenError": "the SSO session has ended; run aws sso login",
    "SSOTokenLoadError": "there is no SSO session; run aws sso login",
    "EndpointConnectionError": "check the region, the network, and AWS_ENDPOINT_URL if it is set",
    "Throttling": "AWS is throttling the calls; try again later",
    "ParamValidationError": "this boto3 is too old for that; update it",
    "ThrottlingException": "AWS is throttling the calls; try again later",
}
UNEXPECTED = "a response that is not from AWS"
NOT_UNDERSTOOD = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, NameError)
"""What botocore's parsers, and readers of their answers, raise over one that is built in another way; a parser leaves names unbound."""
_LONGEST = 300
_MARKUP = re.compile(r"<(style|script|head)\b.*?</\1\s*>|<[!/]?[A-Za-z-][^<>]*>", re.DOTALL | re.IGNORECASE)
"""Signs of a page that something between here and AWS, such as a proxy, answered with."""


class AwsError(Exception):
    """A call that did not succeed, after all retries. Its text names the operation and the reason."""

    def __init__(self, operation: str, code: str, message: str) -> None:
        self.operation, self.code, self.message = operation, code, message
        detail = " ".join(_MARKUP.sub(" ", message).split()).rstrip(".")[:_LONGEST]
        hint = f"; {HINTS[code]}" if code in HINTS else ""
        what = "is denied" if self.denied else f"failed with {code}"
        super().__init__(f"{operation} {what}{f' ({detail})' if detail else ''}{hint}")

    def __reduce__(self) -> tuple[Any, ...]:
        return AwsError, (self.operation, self.code, self.message)

    @property
    def denied(self) -> bool:
        return self.code in DENIED

    @property
    def gone(self) -> bool:
        return self.code in GONE


class CredentialsError(Exception):
    """There are no credentials; the text says what to do."""


def not_understood(error: Exception) -> str:
    return f"the response from AWS was not understood ({type(error).__name__}: {error})"


def translated(operation: str, error: Exception) -> AwsError | CredentialsError:
    """The error for an exception of botocore."""
    from botocore import exceptions as known

    match error:
        case known.ClientError():
            said = error.response.get("Error", {})
            return AwsError(operation, str(said.get("Code", "an unknown error")), str(said.get("Message", "")))
        case known.NoCredentialsError() | known.PartialCredentialsError():
            return CredentialsError("no AWS credentials were found; name a --profile, log in, or set AWS_ACCESS_KEY_ID and its secret")
        case _:
            return AwsError(operation, type(error).__name__, str(error))
