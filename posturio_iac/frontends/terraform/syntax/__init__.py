"""Files of HCL and of its JSON form as nodes with places, errors recovered. The only home of tree-sitter.

Imports ``core`` and ``metadata``.
"""
