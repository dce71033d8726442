"""The topics about source code that is checked before it runs."""

from __future__ import annotations

from typing import Final

from mpdiag.text.topic import Topic

_LINTING = Topic(
    "linting",
    "What `mpdiag lint` reads, and how to use it in CI",
    """\
`mpdiag lint` checks the current folder, `mpdiag lint src tests/a.py 'scripts/*.py'` what is named: files, folders,
globs, notebooks, `-` for standard input (`--stdin-filename` says what it is). Nothing of it is imported or executed.

- Folders are searched for .py, .pyw and .ipynb. Stubs, and scripts without an ending but with Python in their first
line, are read when they are named.
- Passed over: what a .gitignore names, environments, folders of tools and of builds, links to folders. Whatever is
named is read all the same.
- `--exclude PATTERN` takes patterns as a .gitignore has them, and holds for what is named too.
- A file that cannot be read, or not as Python, is a line of the report; the others are checked.
- billiard, joblib (`Parallel`, `delayed`), loky, multiprocess and torch.multiprocessing are known by what they share
with the standard library, and by where they differ.

In CI, and in code that has grown:

- The exit code is 1 when a finding is a warning or an error; `--fail-on error` is milder.
- `--diff origin/main` tells what is found on lines that changed since the work parted from that branch.
- `--json known.json` once, then `--baseline known.json`: only what is new is told, though lines have moved.
- `--fix` mends what can be mended safely, in the cells of notebooks too, and checks again.
- `--statistics` counts by rule. `--format github`, `gitlab`, `sarif` or `junit` are for the pages of a forge,
`concise` for editors and pre-commit.

What is asked of which file, and comments that silence findings: `mpdiag explain silencing`.""",
)

_SILENCING = Topic(
    "silencing",
    "Settings and comments that say what `mpdiag lint` asks of which code",
    """\
Settings stand in `[tool.mpdiag.lint]` of pyproject.toml, and are called like the options:

- `select`, `extend-select`, `ignore`: rules, by id, beginning of an id (MP4) or name. Some are off until selected.
- `exclude = ["*_pb2.py"]` leaves files out; `per-file-ignores = { "tests/**" = ["MP401"] }` asks less of some.
- `target-version = "3.14"` and `start-method = "spawn"` say where the code runs. Otherwise `requires-python` of the
pyproject.toml nearest to a file decides, and the default start methods of all systems count.

Comments silence findings of the statement that they stand in or above:

- `# mpdiag: ignore[MP401]` or `# mpdiag: ignore[submit-then-wait]`; `# mpdiag: ignore` silences all.
- `# mpdiag: ignore-file` or `# mpdiag: ignore-file[MP401]`, anywhere, is for the whole file.
- `# noqa: MP401` and `# noqa` count too. Ruff takes the former away unless `[tool.ruff.lint]` has `external = ["MP"]`.
- A comment of ours that silences nothing is told of.""",
)

LINT_TOPICS: Final = (_LINTING, _SILENCING)
