"""Finds IAM access keys that never expire and are never rotated."""

__version__ = "0.1.0"
