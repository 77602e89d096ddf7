"""Pictures as inline SVG. Written here because charting libraries need scripts or a network.

Imports the standard library only.
"""
