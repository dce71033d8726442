"""What children of multiprocessing import comes from one file, and looks as if it came from its own."""

from __future__ import annotations

import sys

import pytest

from mpdiag.watch import folder

#: Prints what all can see of the modules that a pool brings along, and whether our loader has found any.
SHOW = """\
import sys

class Watch:
    ours = 0
    def find_spec(self, name, path=None, target=None):
        for finder in sys.meta_path:
            if type(finder).__module__ == "mpdiag_tap.finder":
                spec = finder.find_spec(name, path, target)
                Watch.ours += type(getattr(spec, "loader", None)).__module__ == "mpdiag_tap.finder"

sys.meta_path.insert(0, Watch())
import multiprocessing.pool, multiprocessing.spawn, runpy, wave
for name, module in sorted(sys.modules.items()):
    spec = getattr(module, "__spec__", None)
    loader = getattr(spec, "loader", None)
    if type(loader).__name__ in ("SourceFileLoader", "ExtensionFileLoader") and "mpdiag" not in name:
        print(name, module.__file__, getattr(module, "__path__", None), getattr(module, "__cached__", None))
        print(spec.name, spec.origin, spec.cached, spec.has_location, spec.submodule_search_locations, spec.parent)
        print(module.__loader__ is loader, loader.name, loader.path, sorted(vars(loader)))
print(Watch.ours, file=sys.stderr)
"""


def test_known_modules_look_as_if_they_came_from_their_own_files(prepared):
    bare, under = prepared.run("-c", SHOW, tapped=False), prepared.run("-c", SHOW)

    assert under.out == bare.out
    assert int(bare.err) == 0
    assert int(under.err) >= 20


@pytest.mark.parametrize("hidden", ["selectors.py", "selectors/__init__.py"])
def test_a_module_of_the_program_hides_a_known_one(prepared, tmp_path, hidden):
    (tmp_path / hidden).parent.mkdir(exist_ok=True)
    (tmp_path / hidden).write_text("print('mine')\nfrom importlib.util import *\nimport sysconfig\n")
    script = tmp_path / "program.py"
    script.write_text("import selectors; print(selectors.__file__)")

    bare, under = prepared.run(str(script), tapped=False), prepared.run(str(script))

    assert under.out == bare.out == f"mine\n{tmp_path / hidden}\n"


@pytest.mark.parametrize("module", ["_struct", "_posixshmem"])
def test_a_module_of_the_program_hides_one_in_c(prepared, tmp_path, module):
    (tmp_path / f"{module}.py").write_text("print('mine')")
    script = tmp_path / "program.py"
    script.write_text(f"import {module}, sys; print(getattr(sys.modules[{module!r}], '__file__', None))")

    bare, under = prepared.run(str(script), tapped=False), prepared.run(str(script))

    assert under.out == bare.out


def test_a_folder_of_that_name_hides_nothing(prepared, tmp_path):
    (tmp_path / "selectors").mkdir()
    script = tmp_path / "program.py"
    script.write_text("import selectors; print(selectors.__file__)")

    bare, under = prepared.run(str(script), tapped=False), prepared.run(str(script))

    assert under.out == bare.out != ""


def test_whoever_hooks_into_paths_sees_all_modules(prepared):
    program = (
        "import sys, importlib.machinery as machinery\n"
        "class Told(machinery.SourceFileLoader):\n"
        "    def exec_module(self, module):\n"
        "        print(module.__name__)\n"
        "        super().exec_module(module)\n"
        "sys.path_hooks.insert(0, machinery.FileFinder.path_hook((Told, ['.py'])))\n"
        "sys.path_importer_cache.clear()\n"
        "import secrets\n"
    )

    bare, under = prepared.run("-c", program, tapped=False), prepared.run("-c", program)

    assert "secrets" in bare.out
    assert under.out == bare.out


@pytest.mark.skipif(sys.platform == "win32", reason="no asserts are looked at")
def test_optimized_code_is_not_taken_from_what_was_compiled_without(prepared):
    program = "import selectors, dis; print(selectors.DefaultSelector.__doc__, __debug__)"

    bare, under = prepared.run("-OO", "-c", program, tapped=False), prepared.run("-OO", "-c", program)

    assert under.out == bare.out == "None False\n"


def test_what_is_gone_or_broken_is_imported_from_its_own_file(prepared):
    for file in (prepared.folder / folder.WOVEN).glob("known.*"):
        file.write_bytes(b"broken")

    bare, under = prepared.run("-c", SHOW, tapped=False), prepared.run("-c", SHOW)

    assert under.out == bare.out
