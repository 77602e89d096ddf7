"""Errors that end a run with one sentence."""


class UsageError(Exception):
    """The command line or the configuration is wrong; each text says what, where and what to do. Exit code 2."""

    def __str__(self) -> str:
        return "; ".join(self.args)


class HelpAskedError(Exception):
    """The command line asks for help, which is the text. Exit code 0."""


class OutputError(Exception):
    """A result could not be written; the text says where and why. Exit code 3."""


class UnreachableError(Exception):
    """A service that the run depends on cannot be reached, so nothing was judged; the text says which one and why. Exit code 3."""


def system_reason(error: Exception) -> str:
    """What the system says of a failed call, as part of a sentence: ``no such file or directory``."""
    text = str(getattr(error, "strerror", None) or error)
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def describe_size(size: int) -> str:
    """A number of bytes in the largest unit of which there is one: ``10 MiB``, ``1.5 KiB``, ``12 bytes``."""
    for unit, name in ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} byte{'' if size == 1 else 's'}"


def more_than(size: int | None, limit: int) -> str:
    """The clause about a file that is larger than the limit; sizes that would look the same are given in bytes."""
    if size is None:
        return f"it exceeds the limit of {describe_size(limit)}"
    big, small = describe_size(size), describe_size(limit)
    if big == small:
        big, small = f"{size:,} bytes", f"{limit:,} bytes"
    return f"{big} exceeds the limit of {small}"
