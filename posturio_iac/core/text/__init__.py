"""Text: files as they are opened, JSON with places, globs, patterns, and what a terminal shows."""
