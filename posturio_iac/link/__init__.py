"""From a deployed key to the code that declares it: what states say of keys, and how code, states and AWS are joined."""
