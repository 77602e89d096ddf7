"""Evidence as data, with its words: where it stands, why it does not count, what is open, and what would mend it."""
