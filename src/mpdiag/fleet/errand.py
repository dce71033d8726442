"""What runs in a worker: unpacks sources in a private folder, runs them in a process of their own, takes all away.

The text of this file is sent: standard library only, Python 3.9, and nothing of mpdiag. It opens no port, and what it
returns is text. The folder is the sign that the errand is still wanted: who takes it away ends it.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Optional

#: Seconds between two looks, and for a process to end by itself.
TICK, GRACE = 0.05, 2.0
OLDEST = (3, 9)


def identity() -> str:
    """What tells this worker's host from others, and hosts that share a kernel from those that do not."""
    kernel, network = "", ""
    with suppress(OSError):
        kernel = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        network = str(Path("/proc/self/ns/net").readlink())
    return json.dumps({"name": socket.gethostname(), "kernel": kernel, "network": network})


def found_in(library: str) -> list[str]:
    """The folder that this worker has a library from: Ray brings its own psutil, where other processes do not look."""
    found = find_spec(library)
    return [str(Path(found.origin).parent.parent)] if found and found.origin else []


def place(token: str) -> Path:
    """The folder of the errand ``token``."""
    return Path(tempfile.gettempdir(), f"mpdiag-{token}")


def stop(tokens: list[str]) -> str:
    """End the errands ``tokens``, as far as they are here; they still tell what they have."""
    for token in tokens:
        shutil.rmtree(place(token), ignore_errors=True)
    return ""


def run(token: str, archive: bytes, request: str, deadline_s: float, most_bytes: int) -> str:
    """Run ``main.py`` of the archive.

    Args:
        token: a name that nobody can guess.
        archive: a zip file of sources.
        request: a line for its standard input.
        deadline_s: seconds after which it is ended.
        most_bytes: the most that it may say.

    Returns:
        What it said, a JSON document a line; the last tells how it ended.
    """
    if sys.version_info < OLDEST or not sys.executable:
        version = ".".join(map(str, sys.version_info[:2]))
        return ended(f"Python {version} there: {OLDEST[0]}.{OLDEST[1]} or newer is needed, with an executable")
    folder = place(token)
    try:
        folder.mkdir(0o700)
    except OSError as error:
        return ended(f"no private folder there: {error.strerror}")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as sources:
            sources.extractall(folder)
        return listen(folder, request, deadline_s, most_bytes)
    except OSError as error:
        return ended(f"no process could be started there: {error.strerror or type(error).__name__}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def ended(why: Optional[str], said: str = "") -> str:
    """The last line."""
    return json.dumps({"ended": {"why": why, "said": said}})


def listen(folder: Path, request: str, deadline_s: float, most_bytes: int) -> str:
    """Start the process, take in what it says, and see that it ends."""
    heard = bytearray()
    there = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))}
    with (folder / "errors").open("w+b") as errors:
        process = subprocess.Popen(
            [sys.executable, str(folder / "main.py"), *found_in("psutil")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env=there,
            start_new_session=True,
        )
        reader = threading.Thread(target=read, args=(process, heard, most_bytes), daemon=True)
        reader.start()
        try:
            ask(process, request)
            why = wait(process, folder, time.monotonic() + deadline_s, heard, most_bytes)
        finally:
            end(process)
            reader.join(GRACE)  # what a child of its left open would be waited for
            if process.stdout and not reader.is_alive():
                process.stdout.close()
        errors.seek(0)
        said = errors.read()[-2000:].decode(errors="replace").strip().rpartition("\n")[2]
    whole = bytes(heard[:most_bytes]).rpartition(b"\n")[0].decode(errors="replace")
    return f"{whole}\n{ended(why, said if process.returncode else '')}".lstrip()


def ask(process: subprocess.Popen[bytes], request: str) -> None:
    """Hand over the request; the pipe stays open, as a lifeline. Who has ended already does not hear it."""
    assert process.stdin
    with suppress(OSError):
        process.stdin.write(request.encode() + b"\n")
        process.stdin.flush()


def read(process: subprocess.Popen[bytes], heard: bytearray, most_bytes: int) -> None:
    """Take in what the process says, and a little more than it may."""
    assert process.stdout
    while len(heard) <= most_bytes and (part := os.read(process.stdout.fileno(), 65536)):
        heard += part


def wait(process: subprocess.Popen[bytes], folder: Path, late: float, heard: bytearray, most: int) -> Optional[str]:
    """Wait for the end of the process; why it must not go on, if so."""
    while process.poll() is None:
        if time.monotonic() > late:
            return "not done by its deadline"
        if not folder.exists():
            return "stopped"
        if len(heard) > most:
            return "it said more than it may"
        time.sleep(TICK)
    return None


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process to tell what it has and end, then make it."""
    for name in ("SIGTERM", "SIGKILL"):
        if process.poll() is None:
            with suppress(OSError, subprocess.TimeoutExpired):
                if hasattr(os, "killpg"):
                    os.killpg(process.pid, getattr(signal, name))
                else:
                    process.kill()
                process.wait(GRACE)
    if process.stdin:
        with suppress(OSError):
            process.stdin.close()
