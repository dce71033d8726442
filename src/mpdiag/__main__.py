"""Run the command line: ``python -m mpdiag``."""

from mpdiag.cli import main

if __name__ == "__main__":
    main()
