"""MP105 spawn-reimport: what the main module does when imported is done again in every worker.

Mistake: the script imports and prepares at its top level what only the parent needs; a worker started by spawn or
forkserver is an empty interpreter that runs this top level again.
Remedy: do it under the main guard, or in the function that needs it.
Run: python examples/spawn_reimport.py [--scale F] [--start-method forkserver]
Ask: mpdiag probe start_method --import asyncio --select MP105

On two busy CPUs (CPython 3.11, Linux) the answer was:

    Importing asyncio adds 46.0 ms to every worker started by spawn, which takes 81.0 ms without; forkserver
    children pay it too, forked ones do not.

With ``--start-method fork`` there is nothing to win: a forked worker is a copy of the parent and imports nothing.
"""

import multiprocessing
import subprocess
import sys
import tempfile
from pathlib import Path

from compare import compare

# The mistake is the shape of a whole script, so here are two of them.
BAD = """
import asyncio
import multiprocessing
import sys

TABLE = {n: n * n for n in range(500_000)}

def digits(number):
    return len(str(number))

def main(method, workers):
    with multiprocessing.get_context(method).Pool(workers) as pool:
        print(sum(pool.map(digits, [TABLE[n] for n in range(1000)])))

if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
"""

GOOD = """
import multiprocessing
import sys

def digits(number):
    return len(str(number))

def main(method, workers):
    import asyncio
    table = {n: n * n for n in range(500_000)}
    with multiprocessing.get_context(method).Pool(workers) as pool:
        print(sum(pool.map(digits, [table[n] for n in range(1000)])))

if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
"""


def run(script, workers):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "script.py")
        path.write_text(script, encoding="utf-8")
        command = [sys.executable, str(path), multiprocessing.get_start_method(), str(workers)]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def bad(workers):
    return run(BAD, workers)


def good(workers):
    return run(GOOD, workers)


if __name__ == "__main__":
    compare(bad, good, size=4, start_method="spawn")
