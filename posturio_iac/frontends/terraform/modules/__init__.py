"""Modules: files and folders, calls between them, instances with their inputs, and what Terragrunt adds.

Imports ``known_modules``, ``evaluation`` and what lies below.
"""
