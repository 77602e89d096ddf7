"""Verification: the outcome of the findings of an earlier result.

Imports ``live`` and ``contract``.
"""
