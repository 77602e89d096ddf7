"""Searching with git, which has an index of what it tracks."""
