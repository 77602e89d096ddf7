"""Finds IAM access keys that nothing in the code ever ends."""

__version__ = "0.1.0"
