"""The one line of a scan that found no access key."""

from __future__ import annotations

from posturio_iac.core.text.terminal import paint


def no_deployed_keys(accounts: int, *, errors: bool) -> str:
    """The line for so many accounts that were read; with ``errors`` it does not sound like good news."""
    if not errors:
        return "No access keys"
    return "No access keys were seen" if accounts else "No account could be read"


def no_keys(files: int, *, color: bool = False, errors: bool = False, narrowed: bool = False) -> str:
    """The line for ``files`` searched files; with ``errors`` it does not sound like good news, ``narrowed`` is a scan of changes alone."""
    nothing = "No access keys were found" if errors else "No access keys are declared: there were no files to search"
    text = f"No access keys are declared in {count(files, 'file')}" if files else nothing
    text = "No change concerns an access key" if narrowed else text
    return paint(text, "bold", "red" if errors else "green", color=color)


def count(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
