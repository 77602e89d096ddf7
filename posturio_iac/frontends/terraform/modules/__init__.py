"""Modules: files and folders, calls between them, instances with their inputs, and the additions of Terragrunt.

Imports ``known_modules``, ``evaluation`` and what lies below.
"""
