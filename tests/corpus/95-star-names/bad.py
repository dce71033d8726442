"""Workers take requests from a queue; each request opens the catalogue."""
import argparse
import multiprocessing as mp
import os
import pickle
import tempfile

STOP = None


def write_catalogue(path):
    with open(path, "wb") as file:
        pickle.dump({"star%d" % n: (n, n * 0.5, [n % 3]) for n in range(60_000)}, file)


def read_catalogue(path):
    with open(path, "rb") as file:
        return pickle.load(file)


def serve(path, inbox, outbox):
    for name in iter(inbox.get, STOP):
        stars = read_catalogue(path)
        outbox.put(stars[name][0])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    count = int(50 * parser.parse_args().scale)
    ctx = mp.get_context("forkserver")
    handle, path = tempfile.mkstemp()
    os.close(handle)
    write_catalogue(path)
    inbox, outbox = ctx.Queue(), ctx.Queue()
    crew = [ctx.Process(target=serve, args=(path, inbox, outbox)) for _ in range(2)]
    for each in crew:
        each.start()
    for n in range(count):
        inbox.put("star%d" % (n * 97))
    for _ in crew:
        inbox.put(STOP)
    total = sum(outbox.get() for _ in range(count))
    for each in crew:
        each.join()
    os.unlink(path)
    print("result:", total)


if __name__ == "__main__":
    main()
