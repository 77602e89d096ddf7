"""Output of a live run: tables, letters, plans and evidence."""
