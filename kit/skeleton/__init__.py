"""A connector that reads well, from which a new one begins: `retold connector new` copies it."""
