"""``posturio-iac live``. Imports the library, ``live``, ``link`` and the formats."""
