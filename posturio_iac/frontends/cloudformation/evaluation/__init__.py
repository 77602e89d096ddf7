"""Values of a template: intrinsic functions, conditions, loops, references."""
