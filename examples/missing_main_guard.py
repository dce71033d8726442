"""MP106 missing-main-guard: processes are started while the main module is imported.

Mistake: Process.start() or Pool() at the top level of the script. Children of spawn and forkserver import it and come
by the same line; Python refuses, and the child dies. By fork it works, until the default changes.
Remedy: below if __name__ == "__main__".
Run: python examples/missing_main_guard.py bad, then good
Ask: mpdiag run examples/missing_main_guard.py bad

The answer was:

    Processes started while the main module is imported (~/examples/missing_main_guard.py:25): MP106
    missing-main-guard.
"""

import multiprocessing
import sys


def greet(name):
    print(f"hello {name}", flush=True)


def main():
    process = multiprocessing.get_context("spawn").Process(target=greet, args=("Ann",))
    process.start()
    process.join()
    print("exit code", process.exitcode)


if sys.argv[1:] == ["bad"]:
    main()

if sys.argv[1:] == ["good"] and __name__ == "__main__":
    main()
