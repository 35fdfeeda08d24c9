"""Faults that tests inject: errors and delays that hit some calls of services, some Tasks or some functions.

``rules`` says which calls are hit, ``errors`` with what, ``tasks`` has the Tasks of executions meet them; calls of
clients meet them in ``endpoint``, invocations of functions in ``lambdas``.
"""
