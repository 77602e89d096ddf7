"""From a deployed key to the code that declares it: keys in states, and how code, states and AWS are joined.

Pure but for the file of a state. Imports ``judge``, front ends and what lies below.
"""
