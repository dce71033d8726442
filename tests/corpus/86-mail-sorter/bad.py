import argparse
import multiprocessing
import time
from queue import Empty


def sort(tray, sorted_count):
    done = 0
    while True:
        try:
            letter = tray.get(block=False)
        except Empty:
            break
        done += 1
        for digit in range(3000):
            letter = (letter * 31 + digit) % 99991
    with sorted_count.get_lock():
        sorted_count.value += done


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    letters = int(6000 * parser.parse_args().scale)
    context = multiprocessing.get_context("fork")
    tray, count = context.Queue(), context.Value("i", 0)
    sorters = [context.Process(target=sort, args=(tray, count)) for _ in range(3)]
    for sorter in sorters:
        sorter.start()
    for letter in range(letters):
        if letter % 50 == 0:
            time.sleep(0.01)
        tray.put(letter)
    time.sleep(0.5)
    tray.cancel_join_thread()
    for sorter in sorters:
        sorter.join()
    print("result:", count.value)


if __name__ == "__main__":
    main()
