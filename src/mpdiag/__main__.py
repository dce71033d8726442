"""Run the command line: ``mpdiag`` and ``python -m mpdiag``."""

import sys

from mpdiag import brief


def main() -> None:
    """Answer what needs no parsing; leave the rest to the command line."""
    if text := brief.answer(sys.argv[1:]):
        try:
            print(text, end="", flush=True)
        except OSError:
            from mpdiag.cli import tell

            sys.exit(tell(text))
        return
    from mpdiag.cli import main as run

    run()


if __name__ == "__main__":
    main()
