"""The report for people: one HTML page or one Markdown document of joined results.

Imports ``posture`` and ``contract``. Needs the extra ``report``.
"""
