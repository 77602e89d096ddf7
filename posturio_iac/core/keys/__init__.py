"""Facts about keys beside the model: ids, resource types, use and lifecycle. Imports only ``core``."""
