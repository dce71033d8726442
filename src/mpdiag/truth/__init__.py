"""The truth kit: programs whose split of time is set by construction, and how an account of them compares.

`program` and `slow_import` are copied and run in the interpreter that is checked, as a user's program would be:
standard library only, Python 3.9 to 3.15, nothing of mpdiag.
"""
