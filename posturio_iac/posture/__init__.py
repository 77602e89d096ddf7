"""Joins saved JSON results into one view of the posture: what is, how it came to be, what changed. Pure; it knows the contract only."""
