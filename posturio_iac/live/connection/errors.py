"""Failures of calls to AWS: every error of the client library becomes one `AwsError`."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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
