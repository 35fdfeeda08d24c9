"""``python -m dynastep`` is the command ``dynastep``."""

from emulator.cli import main

if __name__ == "__main__":
    main(prog_name="dynastep")
