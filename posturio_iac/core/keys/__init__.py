"""What is known of keys beside the model: their ids, what they are called and used for, their life. Imports nothing but core."""
