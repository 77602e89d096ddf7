"""Reads deployed access keys from AWS, and never writes there. Needs the extra ``live``.

Imports ``link``, ``contract``, ``judge`` and what lies below.
"""
