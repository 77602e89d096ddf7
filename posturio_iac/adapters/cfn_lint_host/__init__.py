"""The bridge between the rules of cfn-lint and our scan. Apart from them, since cfn-lint takes every class in a rules package for a rule.

Imports the library, never the command line.
"""
