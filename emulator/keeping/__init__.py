"""Keeping: the state of a world as bytes, under a name (snapshots) or in a folder, and what is made of it again."""
