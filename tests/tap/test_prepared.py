"""The taps as one file of compiled code, and that objects of the library are left as they are."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mpdiag.watch import folder

POOL = """
import multiprocessing as mp, sys
if __name__ == "__main__":
    pool = mp.get_context(sys.argv[1]).Pool(2)
    print(sum(pool.imap(abs, range(40))))
    pool.close()
    pool.join()
"""

#: Where an object of 3.11 or 3.12 was asked for its `__dict__`, it holds one from then on.
HELD = """
import gc, multiprocessing as mp
from concurrent.futures import ThreadPoolExecutor

def held(thing):
    return type(thing).__name__, any(type(each) is dict and each for each in gc.get_referents(thing))

def child(queue, connection, value, lock):
    queue.put(connection.recv())
    with lock:
        value.value += 1
    queue.put([held(each) for each in (queue, queue._writer, connection, value, lock)])

if __name__ == "__main__":
    context = mp.get_context("fork")
    queue, value, lock = context.Queue(), context.Value("i", 0), context.Lock()
    reader, writer = context.Pipe(False)
    process = context.Process(target=child, args=(queue, reader, value, lock))
    process.start()
    for number in range(100):
        writer.send(number)
    print(queue.get(), queue.get())
    process.join()
    value.value += 1
    print([held(each) for each in (queue, queue._reader, reader, writer, value, lock)])
    with context.Pool(1) as pool, ThreadPoolExecutor(1) as executor:
        result, future = pool.apply_async(abs, (-1,)), executor.submit(abs, -1)
        print(result.get(), future.result())
        print([held(each) for each in (result, pool._inqueue, future, executor)])
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_prepared_taps_need_no_other_file(prepared, tmp_path, method):
    script = tmp_path / "program.py"
    script.write_text(POOL)
    for file in (prepared.folder / folder.SITE / "mpdiag_tap").rglob("*.py*"):
        file.unlink()

    done = prepared.run(str(script), method)

    assert (done.code, done.out) == (0, "780\n")
    assert sum(book.counts["task"] for book in done.books) == 40


def test_what_is_broken_is_imported_from_its_source(prepared, tmp_path):
    script = tmp_path / "program.py"
    script.write_text(POOL)
    [compiled] = (prepared.folder / folder.WOVEN).glob("taps.*")
    compiled.write_bytes(compiled.read_bytes()[:1000])

    done = prepared.run(str(script), "spawn")

    assert (done.code, done.out, done.err) == (0, "780\n", "")
    assert sum(book.counts["task"] for book in done.books) == 40


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_objects_hold_no_more_than_without_us(prepared, tmp_path):
    script = tmp_path / "program.py"
    script.write_text(HELD)

    bare, under = prepared.run("-W", "ignore", str(script), tapped=False), prepared.run("-W", "ignore", str(script))

    assert under.out == bare.out
    assert "('Queue', " in bare.out


def test_what_the_taps_load_in_c_is_theirs_alone(prepared, tmp_path):
    program = "import sys; print('mmap' in sys.modules); import mmap; print(len(mmap.mmap(-1, 4096)))"

    bare, under = prepared.run("-c", program, tapped=False), prepared.run("-c", program)

    assert under.out == bare.out == "False\n4096\n"
    assert len(under.books) == 1


def test_compiled_parts_have_no_annotations_and_one_line(prepared, python):
    look = (
        "import marshal, sys; sys.path.insert(0, sys.argv[1])\n"
        "from mpdiag_tap import gates, prepare\n"
        "plain = compile(open(gates.__file__).read(), gates.__file__, 'exec')\n"
        "for code in (plain, prepare.compact('gates')):\n"
        "    lines = [line for *_, line in getattr(code, 'co_lines', list)()]\n"
        "    print(b'list[Any]' in marshal.dumps(code), set(lines) == {1}, sys.version_info >= (3, 11))\n"
    )

    done = subprocess.run(
        [python, "-c", look, str(prepared.folder / folder.SITE)], check=True, capture_output=True, text=True
    )

    plain, compact = (line.split() for line in done.stdout.splitlines())
    assert (plain[0], compact[0]) == ("True", "False")
    assert (plain[1], compact[1]) == ("False", compact[2])


@pytest.mark.skipif(not folder.MEMORY.is_dir(), reason="no file system in memory")
def test_of_many_ledgers_in_memory_further_ones_go_to_the_disk(tapped, tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "ROOMY", 1)
    here = tapped()
    folder.into_memory(here.folder, environ={})
    try:
        here.patch("ledger", "ENOUGH = 5")
        script = tmp_path / "program.py"
        script.write_text(POOL.replace("Pool(2)", "Pool(6)"))

        done = here.run(str(script), "fork")

        assert (done.code, done.out, done.err) == (0, "780\n", "")
        assert len(done.books) == 7
        assert sum(book.counts["task"] for book in done.books) == 40
        more = list((here.folder / folder.MORE).iterdir())
        assert 1 <= len(more) <= 4  # of those that begin at the same time, all may find room
    finally:
        folder.remove(here.folder)
