"""Errors that end a run with one sentence and exit code 2."""


class UsageError(Exception):
    """The command line or the configuration is wrong; the text says what, where and what to do."""
