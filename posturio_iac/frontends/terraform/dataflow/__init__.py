"""What a value comes from, and what happens when clocks are due. Imports ``modules`` and what lies below."""
