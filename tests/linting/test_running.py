"""Many files: one process and several say the same."""

import pytest

from mpdiag.linting import running

SOURCE = "import multiprocessing\nslow()\n"


@pytest.fixture
def files(project):
    """More files than the break-even that the tests set."""
    for number in range(40):
        project.write(f"f{number:02}.py", SOURCE if number % 2 else SOURCE + "wrong()\n")
    project.write("plain.py", "x = 1\n")
    return project


def test_below_the_break_even_nothing_is_started(files, monkeypatch):
    monkeypatch.setattr(running, "_in_several", None)
    monkeypatch.setattr(running, "_usable_workers", lambda: 8)

    assert len(files.lint().findings) == 60


@pytest.mark.parametrize("cpus", [1, 3])
def test_above_it_as_many_are_as_can_be_used(files, monkeypatch, cpus):
    asked = []

    def in_several(request, files, workers):
        asked.append((len(files), workers))
        return iter(())

    monkeypatch.setattr(running, "BREAK_EVEN", 40 * len(SOURCE))
    monkeypatch.setattr(running, "_usable_workers", lambda: cpus)
    monkeypatch.setattr(running, "_in_several", in_several)
    files.lint()

    assert asked == ([] if cpus == 1 else [(40, 3)])
