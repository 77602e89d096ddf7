"""Facts about keys beside the model: ids, ARNs and addresses, and Terraform's types of resources that make them. Imports only ``core``."""

from __future__ import annotations

from posturio_iac.core.text import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

SHOWN = 4
MASK = "****"
_LIKELY = lazy_pattern(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}(?![A-Za-z0-9])")
_WORD = lazy_pattern(r"[A-Za-z0-9_]{16,128}")
INDEX_PATTERN = r'\[(?:-?[0-9]+|"(?:[^"\\]|\\.)*")\]'
INDEX = lazy_pattern(INDEX_PATTERN)
_CALL = lazy_pattern(rf"module\.([^.\[]+)(?:{INDEX_PATTERN})?\.?")
_SEGMENT = lazy_pattern(rf"([^.\[\]]+)({INDEX_PATTERN})?")
_ESCAPES = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"})


def is_arn(address: str) -> bool:
    """True if an address is that of something deployed, not of a block of code."""
    return address.startswith("arn:")


def partition_of(arn: str) -> str:
    """``aws``, ``aws-cn``; ``aws`` too of what is no ARN."""
    return _part(arn, 1) or "aws"


def account_of(arn: str) -> str:
    return _part(arn, 4)


def user_path(arn: str) -> str:
    """The path and the name of a user, and what follows: ``/teams/ci``; empty of what is no user, such as root."""
    kind, slash, rest = _part(arn, 5).partition("/")
    return slash + rest if kind == "user" else ""


def _part(arn: str, number: int) -> str:
    parts = arn.split(":", 5)
    return parts[number] if len(parts) > number and is_arn(arn) else ""


def looks_like_key_id(text: str) -> bool:
    return _LIKELY.fullmatch(text) is not None


def hidden(key_id: str) -> str:
    """``****WXYZ``."""
    return f"{MASK}{key_id[-SHOWN:]}"


class KeyIdMask:
    """Masks the ids that it was given, and anything that looks like an id."""

    def __init__(self, ids: Collection[str]) -> None:
        self._ids = frozenset(ids)

    def text(self, text: str) -> str:
        known = _WORD.sub(lambda found: hidden(found[0]) if found[0] in self._ids else found[0], text)
        return _LIKELY.sub(lambda found: hidden(found[0]), known)


ACCESS_KEY = "aws_iam_access_key"
EXPIRING_KEY = "awsutils_expiring_iam_access_key"
SERVICE_CREDENTIAL = "aws_iam_service_specific_credential"

CODED = (b"cmVhdG", b"JlYXRl", b"yZWF0Z", b"H4sI")  # what of "reate" stands in base64, wherever it begins, and of gzip
KEY_TYPES = {ACCESS_KEY: "user", EXPIRING_KEY: "user", SERVICE_CREDENTIAL: "user_name"}  # each with the argument that names the user
SERVICE, AGE = "service_name", "credential_age_days"
"""Arguments of a service credential: the only service that takes it, and how many days after its creation it ends."""
LONGEST_AGE = 36_600  # https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceSpecificCredential.html

_SECRETS = {SERVICE_CREDENTIAL: frozenset(("service_password", "service_credential_secret"))}
_SECRETS_OF_ACCESS_KEYS = frozenset(("secret", "ses_smtp_password_v4", "ses_smtp_password"))
_FORCING = {SERVICE_CREDENTIAL: ("user_name", SERVICE, AGE)}
_ENDLESS = ("codecommit", "cassandra")  # services whose credentials are passwords, which end only when somebody deletes them


def secrets_of(kind: str) -> frozenset[str]:
    """The attributes of a type that hold the secret. ``encrypted_secret`` is safe."""
    return _SECRETS.get(kind, _SECRETS_OF_ACCESS_KEYS)


def forcing(kind: str) -> tuple[str, ...]:
    return _FORCING.get(kind, ("user", "pgp_key"))


def takes_age(service: str) -> bool:
    """True if keys for a service can be given an age: ``bedrock.amazonaws.com`` and newer ones, not CodeCommit and Keyspaces."""
    return service.lower().partition(".")[0] not in _ENDLESS


def bare(address: str) -> str:
    return INDEX.sub("", address) if "[" in address else address


def calls(address: str) -> tuple[str, ...]:
    """The names of the module calls that lead to a resource, the outermost first."""
    names: list[str] = []
    at = 0
    while address.startswith("module.", at) and (found := _CALL.match(address, at)):
        names.append(found[1])
        at = found.end()
    return tuple(names)


def fits(code: str, deployed: str) -> bool:
    """True if the code's address can be that of a deployed resource; code may leave out an index, and Terraform moves ``x`` to ``x[0]``."""
    ours, theirs = _SEGMENT.findall(code), _SEGMENT.findall(deployed)
    if [name for name, _ in ours] != [name for name, _ in theirs]:
        return False
    return all(mine in ("", its) or (its == "" and mine == "[0]") for (_, mine), (_, its) in zip(ours, theirs, strict=True))


def quoted(text: str) -> str:
    """Text as HCL writes a string."""
    return '"{}"'.format(text.translate(_ESCAPES).replace("${", "$${").replace("%{", "%%{"))


def index(value: object) -> str:
    """An index as an address shows it: ``[0]``, ``["a"]``, or nothing."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return ""
    return f"[{value if isinstance(value, int) else quoted(value)}]"
