"""What each state does.

A function takes the state and the cursor, makes ``cursor.input`` the state's output and names the next state.
"""
