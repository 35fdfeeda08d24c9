"""From a Machine and its input to a history: executions, the eight states, Map Runs."""
