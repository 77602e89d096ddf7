"""What every command that judges tells beside its findings: formats and outputs, lines of code, changes, and notes about the run.

Imports the formats and the output.
"""
