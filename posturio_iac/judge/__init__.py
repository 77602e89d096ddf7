"""From keys to verdicts, purely: no clock, no network, no disk. Imports ``rules`` and what lies below."""
