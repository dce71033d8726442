import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor


def fine(lock, ledger, reader):
    total = 0
    for day in range(250000):
        total += (reader * day) % 11
    with lock:
        ledger[reader] = total


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    readers = max(6, int(80 * parser.parse_args().scale))
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        lock, ledger = manager.Lock(), manager.dict()
        with ProcessPoolExecutor(2, mp_context=context) as executor:
            jobs = [executor.submit(fine, lock, ledger, reader) for reader in range(readers)]
            for job in jobs:
                job.result()
        print("result:", sum(ledger.values()))


if __name__ == "__main__":
    main()
