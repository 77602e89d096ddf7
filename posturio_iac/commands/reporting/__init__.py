"""Reporting that commands share: formats and outputs, lines of code, changes, and notes about the run.

Imports the formats and the output.
"""
