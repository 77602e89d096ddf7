"""RE2's regular expressions, run in bounded time. Written here because google-re2 has no wheels for musl and some Pythons.

Imports the standard library only.
"""
