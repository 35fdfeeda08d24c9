"""A container of Dynastep for Testcontainers, and a test that uses it."""
