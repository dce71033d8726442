import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor


def step(state, turns):
    for turn in range(turns):
        state = (state * 48271 + turn) % 2147483647
    return state


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    scale = parser.parse_args().scale
    state = 1
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        for _ in range(20):
            state = executor.submit(step, state, int(900_000 * scale)).result()
    print("result:", state)


if __name__ == "__main__":
    main()
