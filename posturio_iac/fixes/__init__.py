"""From remedies to edits of source files, each with the level of its effect at the next apply.

Imports the front ends' parsers and what lies below; reads no file and writes none.
"""
