"""``posturio-iac baseline``, and the entries that lost their finding."""
