"""The meaning of metadata: names of tags, lifetimes as people write them, comments and directives, CODEOWNERS.

Imports ``core`` and the standard library only.
"""
