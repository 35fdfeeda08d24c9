"""Permissions: what policies of IAM say of a request, which policy a state machine needs, and where that is asked."""
