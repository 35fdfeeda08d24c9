"""The tester's bench: what helps to test state machines, beside the emulator that runs them."""
