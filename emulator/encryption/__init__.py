"""Encryption at rest with keys of KMS: what becomes of data whose key is gone, disabled, or not allowed."""
