"""Evidence as data, and the modules that put it into words: where it stands, why it does not count, what is open, and what would mend it."""
