"""The sixty days of docs/live-sixty-days.md happen as the page tells them: found, asked, switched off, used again, deleted, verified."""

from __future__ import annotations

from docs import live_story


def test_the_page_shows_what_happens() -> None:
    """Seconds long: fifteen commands and the scripts of three plans are run, one after the other."""
    text = live_story.PAGE.read_text(encoding="utf-8")
    assert live_story.page(text) == text, "run docs/live_story.py"
    assert "Whether anything misses a key that is off cannot be told from AWS" in " ".join(text.split())
