"""What a live run writes: tables, letters, plans and evidence."""
