"""Run the command line: ``mpdiag`` and ``python -m mpdiag``."""

import sys

from mpdiag import brief


def main() -> None:
    """Answer what needs no parsing; leave the rest to the command line."""
    if text := brief.answer(sys.argv[1:]):
        print(text, end="")
        return
    from mpdiag.cli import main as run

    run()


if __name__ == "__main__":
    main()
