"""Metadata and its meaning: names of tags, lifetimes that people write, comments and directives, CODEOWNERS.

Imports ``core`` and the standard library only.
"""
