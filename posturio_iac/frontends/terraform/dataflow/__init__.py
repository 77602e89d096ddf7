"""Where values come from and what makes them change: references followed through modules, schedules found at their end.

Imports ``modules`` and what lies below.
"""
