"""From JSON to a Machine: which fields there are, what is wrong with a definition, parsing."""
