"""From keys to verdicts: the engine that asks the rules, undetermined verdicts, policy, suppressions and baselines.

Imports ``rules`` and what lies below. Pure: no clock, no network, no disk.
"""
