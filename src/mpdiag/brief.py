"""The answers to ``--version`` and ``--help``: importing click takes longer than starting Python, so they go without.

The text is what click would print at 80 columns; a test compares them.
"""

from mpdiag import __version__

#: What mpdiag does, in one sentence of two lines.
ABOUT = """\
Tell why Python multiprocessing code is slow, stuck, hungry or wrong, and
what to do about it."""
#: One line each, so that no command need be imported for it.
COMMANDS = {
    "probe": "Measure what multiprocessing costs on this machine.",
    "run": "Run a program and tell where its time goes.",
    "hang": "Tell why a running program is stuck.",
    "size": "Measure how many workers a function wants.",
    "doctor": "Look at what multiprocessing needs of this machine.",
    "fleet": "Ask every host of a cluster: which is slow or different?",
    "lint": "Find multiprocessing mistakes in source code, before it runs.",
    "selftest": "Check what run reports against programs of known truth.",
    "explain": "Explain a rule, a probe or a topic.",
    "report": "Show a saved report in any format.",
    "compare": "Compare two saved reports: what changed, what was won.",
}


def answer(arguments: list[str]) -> str:
    """The whole answer to ``arguments``; empty when the command line has to be parsed."""
    if arguments == ["--version"]:
        return f"mpdiag {__version__}\n"
    if arguments in (["--help"], ["-h"]):
        return help_text()
    return ""


def help_text() -> str:
    """What mpdiag is for, its options and its commands."""
    about = "\n".join(f"  {line}" for line in ABOUT.splitlines())
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:{width}}  {text}" for name, text in COMMANDS.items())
    return f"""\
Usage: mpdiag [OPTIONS] COMMAND [ARGS]...

{about}

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
{commands}
"""
