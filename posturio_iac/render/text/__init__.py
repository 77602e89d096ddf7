"""Reports on a terminal: one block a key, one line a finding, or counts.

Imports the wording that all formats share.
"""
