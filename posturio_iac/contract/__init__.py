"""The JSON contract: the one writer and the one reader of `docs/schema/report-1.json`.

Imports ``core`` and what a run tells about itself.
"""
