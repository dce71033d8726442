"""Run the command line: ``mpdiag`` and ``python -m mpdiag``."""

import sys


def main() -> None:
    """Run it; a Ctrl-C that comes before it can tell of one is told here."""
    try:
        answer()
    except KeyboardInterrupt:
        sys.stderr.write("mpdiag: interrupted\n")
        sys.exit(130)


def answer() -> None:
    """Answer what needs no parsing; leave the rest to the command line."""
    from mpdiag import brief

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
