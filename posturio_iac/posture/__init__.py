"""Joins saved JSON results into one view of the posture: keys as they are, their history, and changes. Pure."""
