"""Evidence as data, and the modules that put it into words: where it stands, why it does not count, and what would mend it."""
