"""From remedies to edits of source files, each with its effect at the next apply. Reads no file and writes none."""
