"""The emulator. Internal: what tests and functions import is the package ``dynastep``."""
