"""What runs inside an observed program: standard library only, Python 3.9 to 3.15, nothing of mpdiag.

`sitecustomize` brings it in, `finder` has some standard modules compiled with the taps of `points` woven in by `weave`,
which call `core`, which counts in the memory-mapped file of `ledger`. Whatever fails here leaves the program alone.
"""
