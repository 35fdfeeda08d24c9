"""AWS Step Functions: its operations over the interpreter."""
