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
