"""What is answered without click is what click would say."""

import subprocess
import sys

import click
import pytest

from mpdiag import __version__, brief, cli
from mpdiag.__main__ import main


def test_help_is_what_click_prints():
    context = click.Context(cli.group, info_name="mpdiag", terminal_width=78, help_option_names=["-h", "--help"])

    assert brief.help_text() == cli.group.get_help(context) + "\n"


def test_version_is_what_click_prints(capsys):
    cli.run(["--version"])

    assert brief.answer(["--version"]) == capsys.readouterr().out == f"mpdiag {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["probe"], ["probe", "--help"], ["--version", "--help"], ["--versio"]])
def test_all_else_is_left_to_click(arguments):
    assert brief.answer(arguments) == ""


@pytest.mark.parametrize("option", ["--version", "--help", "-h"])
def test_answering_imports_neither_click_nor_commands(option):
    code = f"import sys; from mpdiag.__main__ import main; sys.argv[1:] = [{option!r}]; main(); print(*sys.modules)"

    *answer, modules = subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()

    assert answer
    assert {name for name in modules.split() if name.startswith("mpdiag")} == {
        "mpdiag",
        "mpdiag.__main__",
        "mpdiag.brief",
    }
    assert "click" not in modules.split()


def test_the_rest_of_the_command_line_works_as_before(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["mpdiag", "prob"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert "prob" in capsys.readouterr().err


@pytest.mark.parametrize("module", ["mpdiag.brief", "mpdiag.cli", "click"])
def test_an_interruption_while_all_is_still_imported_is_told_in_one_line(module):
    code = f"""\
import sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
sys.argv[1:] = ["doctor"]
from mpdiag.__main__ import main
main()
"""

    ended = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "mpdiag: interrupted\n")
