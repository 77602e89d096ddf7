"""``posturio-iac report``.

Imports ``posture``, ``contract`` and the formats.
"""
