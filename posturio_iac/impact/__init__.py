"""From changed files to the modules and templates that must be judged again."""
