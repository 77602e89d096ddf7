"""Terragrunt's units: which module each applies, with which inputs, and what is generated beside it. No program is run.

Imports ``syntax``, ``functions``, ``evaluation`` and the sources of ``known_modules``.
"""
