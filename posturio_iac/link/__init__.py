"""From a deployed key to the code that declares it: keys in states, and the join of code, states and AWS.

Pure but for the file of a state. Imports ``judge``, front ends and what lies below.
"""
