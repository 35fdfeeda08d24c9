"""Events: patterns that choose them and filters made of patterns. Pure: nothing here delivers anything."""
