import pytest

from mpdiag.errors import BadInput
from mpdiag.linting.targets import Targets, required
from mpdiag.source import Target


@pytest.mark.parametrize(
    ("condition", "versions"),
    [
        (">=3.9", ((3, 9), (3, 15))),
        (">= 3.11.2", ((3, 11), (3, 15))),
        (">3.10", ((3, 10), (3, 15))),
        (">=3.9,<3.13", ((3, 9), (3, 12))),
        (">=3.9,<3.13.2", ((3, 9), (3, 13))),
        (">=3.10, <=3.12", ((3, 10), (3, 12))),
        (">=3.9, !=3.9.*, !=3.10.1", ((3, 10), (3, 15))),
        ("==3.11.*", ((3, 11), (3, 11))),
        ("==3.11.4", ((3, 11), (3, 11))),
        ("==3.*", ((3, 0), (3, 15))),
        ("~=3.10", ((3, 10), (3, 15))),
        ("~=3.10.2", ((3, 10), (3, 10))),
        (">=2.7,<4", ((3, 0), (3, 15))),
        (">=3.10a1", ((3, 10), (3, 15))),
        (">=3.20", ((3, 20), (3, 20))),
        ("<3", None),
        ("", None),
        ("^3.9", None),
        (">=3.9 or so", None),
    ],
)
def test_what_a_project_requires(tmp_path, condition, versions):
    project = tmp_path / "pyproject.toml"
    project.write_text(f'[project]\nrequires-python = "{condition}"\n')

    assert required(str(project)) == versions


@pytest.mark.parametrize("content", ["", "[project", "[project]\nrequires-python = 3\n", "project = 3\n", "[tool.x]\n"])
def test_a_project_that_does_not_say(tmp_path, content):
    (tmp_path / "pyproject.toml").write_text(content)

    assert required(str(tmp_path / "pyproject.toml")) is None
    assert Targets((), None).of(str(tmp_path / "pyproject.toml")) == Target()


def test_what_the_user_says_comes_first(tmp_path):
    project = tmp_path / "pyproject.toml"
    project.write_text('[project]\nrequires-python = ">=3.12"\n')

    assert Targets((), "spawn").of(str(project)) == Target(((3, 12), (3, 15)), "spawn")
    assert Targets(("3.14",), None).of(str(project)) == Target(((3, 14), (3, 14)))
    assert Targets(("py313", "3.10", "3.11.2"), None).of(None) == Target(((3, 10), (3, 13)))


@pytest.mark.parametrize("version", ["2.7", "4", "three", "3", ""])
def test_what_is_no_version_is_bad_input(version):
    with pytest.raises(BadInput, match="no version of Python 3"):
        Targets((version,), None)
