"""Results that are waited for in order while others are there, as the owner of a pool counts them."""

from __future__ import annotations

import pytest

from mpdiag.watch import pool_rows, pools

WAYS = """
from concurrent.futures import ProcessPoolExecutor, as_completed
import time

def task(number):
    time.sleep(0.05 if number else 0.6)

def handle(_):
    time.sleep(0.03)

def futures(pool):
    return [pool.submit(task, number) for number in range(8)]

if __name__ == "__main__":
    way = sys.argv[1]
    with (ProcessPoolExecutor(2) if way in ("result", "as_completed", "executor.map") else mp.Pool(2)) as pool:
        if way == "result":
            for future in futures(pool):
                handle(future.result())
        elif way == "as_completed":
            for future in as_completed(futures(pool)):
                handle(future.result())
        elif way == "get":
            for result in [pool.apply_async(task, (number,)) for number in range(8)]:
                handle(result.get())
        elif way == "map_async":
            for result in [pool.map_async(task, range(4), 1), pool.map_async(task, range(4), 1)]:
                handle(result.get())
        else:
            for result in getattr(pool, way.rpartition(".")[2])(task, range(8)):
                handle(result)
"""


def seen(observed, way):
    lived = observed(WAYS, way)
    (pool,) = pools.seen(lived)
    return pool_rows.in_order([pool])


@pytest.mark.parametrize("way", ["result", "executor.map", "get", "imap"])
def test_the_first_is_waited_for_while_others_are_there(observed, way):
    found = seen(observed, way)

    assert found["ordered_wait_s"] > 0.1, "the six or seven that were handled after the last one had come"
    assert found["handled_s"] > 0.15


@pytest.mark.parametrize("way", ["as_completed", "imap_unordered", "map", "map_async"])
def test_what_is_taken_as_it_comes_or_comes_as_one_is_not_waited_for_in_order(observed, way):
    found = seen(observed, way)

    assert found["ordered_wait_s"] <= found["handled_s"] / 2
