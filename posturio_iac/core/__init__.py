"""The vocabulary that everything shares: the model of an access key, findings, dates, intervals, places in files.

Imports the standard library only, and nothing else of this package but ``errors``.
"""
