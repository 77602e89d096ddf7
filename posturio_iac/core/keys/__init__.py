"""What is known of keys beside the model: their ids, the types that make them, their use and their life. Imports nothing but core."""
