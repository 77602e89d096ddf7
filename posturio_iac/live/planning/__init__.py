"""Plans: the steps that end keys, the scripts that carry them out, and the log that verification reads."""
