"""An interpreter of the Amazon States Language: definitions in, executions and their histories out.

It knows nothing of HTTP, AWS clients or the wall clock. Time and tasks come in through ``loop.clock`` and ``tasks``.
"""
