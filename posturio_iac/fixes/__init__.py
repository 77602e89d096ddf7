"""From remedies to edits of source files, each with its level: what the next apply does.

Imports the front ends' parsers and what lies below; reads no file and writes none.
"""
