"""``dynastep validate``: definitions in files, where their problems are, and reports of them."""
