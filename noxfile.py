"""Everything that continuous integration checks, one session each: ``nox -l`` lists them."""

import shutil
import subprocess

import nox

VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
#: What `mpdiag probe --python` can measure, though mpdiag itself is not installed there.
MEASURABLE = tuple(f"python3.{minor}" for minor in range(9, 16))

nox.needs_version = ">=2024.10.9"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "typing", "imports", "docs", "site", "workflows", "tests"]


@nox.session(python=VERSIONS)
def tests(session: nox.Session) -> None:
    """Run the tests; arguments go to pytest."""
    session.install("-e", ".[dev]")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install("ruff>=0.11")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def typing(session: nox.Session) -> None:
    """Check the types."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Check who may import whom."""
    session.install("-e", ".[dev]")
    session.run("lint-imports", "--no-logo")


@nox.session
def docs(session: nox.Session) -> None:
    """Check that the generated pages say what the units say."""
    session.install("-e", ".")
    session.run("python", "tools/generate_docs.py", "--check")


@nox.session
def site(session: nox.Session) -> None:
    """Build the documentation as web pages; any broken link fails."""
    session.install("-e", ".[docs]")
    session.run("mkdocs", "--quiet", "build", *session.posargs)


@nox.session
def workflows(session: nox.Session) -> None:
    """Audit the workflows and our action: pinned actions, least permissions, no injection."""
    session.install("zizmor>=1.5")
    session.run("zizmor", "--offline", "--persona=pedantic", ".github", "action.yml")


@nox.session
def probe_everywhere(session: nox.Session) -> None:
    """Measure with every interpreter found on PATH, installing nothing there."""
    session.install("-e", ".")
    found = [path for name in MEASURABLE if (path := shutil.which(name)) and _starts(path)]
    if not found:
        session.skip(f"none of {', '.join(MEASURABLE)} is on PATH")
    for path in found:
        session.run("mpdiag", "probe", "--quick", "--python", path)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Check mpdiag's own figures and costs; takes minutes and an idle machine."""
    session.install("-e", ".[bench]")
    for script in ("accuracy", "cost"):
        session.run("python", f"benchmarks/{script}.py", *session.posargs)


def _starts(path: str) -> bool:
    """Whether there is an interpreter behind the name: a version manager's shim may lead nowhere."""
    return subprocess.run([path, "-c", ""], check=False, capture_output=True).returncode == 0
