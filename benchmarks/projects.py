"""Well-kept projects, named and pinned, and their Python files; nothing of them is executed."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from httpx2 import HTTPError
from unearth import Link, PackageFinder, TargetPython
from unearth.errors import UnpackError

PROJECTS = """
ansible-core==2.19.14 apache-airflow-core==3.3.2 billiard==4.3.2 biopython==1.88 celery==5.7.0 dipy==1.12.1
distributed==2026.8.0 imageio==2.38.1 joblib==1.6.0 loky==3.7.0 luigi==3.8.1 mdanalysis==2.11.0
mosaicml-streaming==0.13.0 nipype==1.11.0 pandas==3.1.1 parsl==2026.10.26 pymatgen==2026.10.24 pytest-xdist==3.8.0
ray==2.60.0 scikit-learn==1.9.1 tensorpack==0.11 torch-geometric==2.8.1 torchvision==0.29.1
"""
#: The one kind of wheel that is read, wherever this runs.
WHEELS = TargetPython(
    (3, 11),
    platforms=["manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_24_x86_64", "manylinux2014_x86_64"],
)
#: How the name of an sdist ends.
SDIST = ".tar.gz"


def unpacked(pin: str, cache: Path) -> tuple[Path, str]:
    """The Python files of a pinned project; an index is asked only for what the cache lacks.

    Args:
        pin: the name and the version, as pip takes them.
        cache: a folder.

    Returns:
        The folder that holds them, and what they are from: "sdist" or "wheel".

    Raises:
        SystemExit: it cannot be had, or is not what the index says; in one line.
    """
    archive = next((cache / "archives" / pin).glob("*"), None) or fetched(pin, cache / "archives")
    is_sdist = archive.name.endswith(SDIST)
    folder = cache / pin
    if not folder.is_dir():
        fresh = cache / f"{pin}.part"
        if is_sdist:
            with tarfile.open(archive) as sources:
                sources.extractall(fresh, filter=wanted)
        else:
            with zipfile.ZipFile(archive) as wheel:
                wheel.extractall(fresh, [name for name in wheel.namelist() if name.endswith(".py")])
        fresh.rename(folder)
    return folder, "sdist" if is_sdist else "wheel"


def wanted(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """What is unpacked of an sdist, without the folder that all of it is in: Python files, and no links.

    Raises:
        tarfile.FilterError: it would come to lie outside of ``folder``.
    """
    _, _, name = member.name.partition("/")
    if not member.isfile() or not name.endswith(".py"):
        return None
    return tarfile.data_filter(member.replace(name=name, deep=False), folder)


def fetched(pin: str, folder: Path) -> Path:
    """Fetch the sdist of a pinned project, or the wheel of one without; raises what `unpacked` does."""
    finder = PackageFinder(index_urls=pip_index(), target_python=WHEELS)
    host = urlsplit(finder.sources[0]["url"]).hostname or "the index"
    fresh = folder / f"{pin}.part"
    try:
        link = chosen(package.link for package in finder.find_matches(pin))
        if link is None:
            raise SystemExit(f"{host} has neither an sdist nor a wheel of {pin}")
        finder.download(link, fresh, {"sha256": (link.hash_option or {}).get("sha256", [])})
    except (HTTPError, UnpackError) as error:
        raise SystemExit(f"{host} does not give {pin}: {str(error).splitlines()[0]}") from None
    return fresh.rename(folder / pin) / link.filename


def chosen(links: Iterable[Link]) -> Link | None:
    """The sdist among the archives of one version; without one, the wheel that comes first."""
    return min(links, key=lambda link: not link.filename.endswith(SDIST), default=None)


def pip_index() -> list[str]:
    """The index that pip is set up to ask; nothing where that is the usual one."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "get", "global.index-url")
    said = os.environ.get("PIP_INDEX_URL") or subprocess.run(pip, check=False, capture_output=True, text=True).stdout
    return said.split()
