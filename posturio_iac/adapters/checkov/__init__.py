"""Our rules as checks of checkov, with the verdicts of our own command.

checkov asks a check about one resource at a time. The first resource that could be a key lets our scan judge the whole folder that checkov
was started on, and all checks answer from that report; keys outside of the scan are read from checkov's own configuration and graph.
"""

CLONES: list[str] = []
"""Clones that the pack was loaded from. checkov puts them into the current folder, and so among the code that it reads."""
