"""Formats for services of AWS: Security Hub and Security Lake."""
