"""What front ends share: they yield `KeyFacts`, of which `access_key` makes keys. Imports ``metadata`` and ``core``."""
