"""EventBridge at work: what acts by itself, at its time or when something comes."""
