"""Formats for services of AWS: Security Hub and Security Lake.

Imports ``contract`` and the wording that all formats share.
"""
