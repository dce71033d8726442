"""Every task sees to it that the table is there."""
import argparse
import multiprocessing

TABLE = {}


def load():
    global TABLE
    TABLE = {code: (code * 2654435761) % 9973 for code in range(120_000)}


def quote(parcel):
    return TABLE[parcel % len(TABLE)] + parcel


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    parcels = range(int(240 * parser.parse_args().scale))
    with multiprocessing.Pool(2, initializer=load) as pool:
        print("result:", sum(pool.map(quote, parcels, chunksize=5)))


if __name__ == "__main__":
    main()
