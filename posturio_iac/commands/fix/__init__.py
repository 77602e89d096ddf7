"""``posturio-iac fix``."""
