"""What each state does.

A function takes the state and the cursor of the line that is in it. It returns an ``Exit``: the name of the next state,
the state's output, and the variables that the state assigns.
"""
