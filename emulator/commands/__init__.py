"""The commands of ``dynastep``, a module each; ``emulator.cli`` imports the one that is called."""
