"""Finds IAM access keys that never expire and are never rotated."""

__version__ = "0.1.0"
DOCS = "https://github.com/posturio/posturio-iac/blob/main/docs"  # where the pages of this repository are published
