"""The console: pages in the browser that show state machines, executions, tables, functions and requests.

``console.py`` makes the Flask blueprint. Every page asks the operations that the API has (``asking.py``), so a page
shows what a client would see. Templates and static files lie beside the modules and are part of the wheel.
"""
