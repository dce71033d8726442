"""Where the projects of the benchmark of precision come from: an index, and of each archive only the Python files."""

import hashlib
import io
import tarfile
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from projects import PROJECTS, unpacked

PIN = "tidy==1.0"
unpacks = pytest.mark.skipif(not hasattr(tarfile, "data_filter"), reason="this Python's tarfile knows no filters")


def sdist(**extra: tarfile.TarInfo) -> bytes:
    """An archive with code, a page and a link, and whatever else is wanted."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in ("tidy-1.0/setup.py", "tidy-1.0/src/tidy.py", "tidy-1.0/README.md"):
            archive.addfile(member(name, size=6), io.BytesIO(b"x = 1\n"))
        archive.addfile(member("tidy-1.0/link.py", type=tarfile.SYMTYPE, linkname="/etc/hostname"))
        for each in extra.values():
            archive.addfile(each, io.BytesIO())
    return packed.getvalue()


def member(name: str, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def wheel() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("tidy.py", "x = 1\n")
        archive.writestr("tidy-1.0.dist-info/METADATA", "Name: tidy\n")
    return packed.getvalue()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Nobody reads it."""


@pytest.fixture
def index(tmp_path, monkeypatch):
    """An index that pip is set up to ask; gives a function that publishes archives there."""
    page = tmp_path / "index" / "simple" / "tidy"
    page.mkdir(parents=True)

    def publish(archives: dict[str, bytes], sums: str = "sha256={}") -> None:
        links = []
        for name, content in archives.items():
            (page / name).write_bytes(content)
            told = sums.format(hashlib.sha256(content).hexdigest())
            links.append(f'<a href="{name}#{told}">{name}</a>')
        (page / "index.html").write_text("\n".join(links), encoding="utf-8")

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "index")) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
        serving = Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield publish
        server.shutdown()
        serving.join()


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


@unpacks
def test_only_the_python_files_of_an_sdist_are_unpacked_without_its_folder(index, tmp_path):
    index({"tidy-1.0-py3-none-any.whl": wheel(), "tidy-1.0.tar.gz": sdist(), "tidy-1.1.tar.gz": b"another"})

    folder, origin = unpacked(PIN, tmp_path / "cache")

    assert origin == "sdist"
    assert files(folder) == {"setup.py", "src/tidy.py"}


def test_a_project_without_an_sdist_keeps_its_wheel(index, tmp_path):
    index({"tidy-1.0-py3-none-any.whl": wheel()})

    folder, origin = unpacked(PIN, tmp_path / "cache")

    assert origin == "wheel"
    assert files(folder) == {"tidy.py"}


@unpacks
def test_an_index_is_asked_once(index, tmp_path, monkeypatch):
    index({"tidy-1.0.tar.gz": sdist()})
    first = unpacked(PIN, tmp_path / "cache")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")

    assert unpacked(PIN, tmp_path / "cache") == first


@pytest.mark.parametrize("sums", ["sha256=" + "0" * 64, "md5=" + "0" * 32, ""])
def test_an_archive_without_the_sum_that_the_index_tells_is_refused(index, tmp_path, sums):
    index({"tidy-1.0.tar.gz": sdist()}, sums)

    with pytest.raises(SystemExit, match=r"does not give tidy==1\.0: Hash mismatch[^\n]*$"):
        unpacked(PIN, tmp_path / "cache")

    assert not (tmp_path / "cache" / "archives" / PIN).exists()


@unpacks
@pytest.mark.parametrize("way", ["..", "../..", "src/../.."])
def test_nothing_is_unpacked_outside_of_its_folder(index, tmp_path, way):
    index({"tidy-1.0.tar.gz": sdist(outside=member(f"tidy-1.0/{way}/outside.py"))})

    with pytest.raises(tarfile.OutsideDestinationError):
        unpacked(PIN, tmp_path / "cache")

    assert not list(tmp_path.rglob("outside.py"))


def test_an_index_that_cannot_be_reached_is_told_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")

    with pytest.raises(SystemExit, match=r"^127\.0\.0\.1 does not give tidy==1\.0: [^\n]+$"):
        unpacked(PIN, tmp_path / "cache")


def test_an_index_without_the_version_says_so(index, tmp_path):
    index({"tidy-1.1.tar.gz": sdist()})

    with pytest.raises(SystemExit, match="neither an sdist nor a wheel"):
        unpacked(PIN, tmp_path / "cache")


def test_every_project_is_pinned():
    assert all(pin.count("==") == 1 for pin in PROJECTS.split())
