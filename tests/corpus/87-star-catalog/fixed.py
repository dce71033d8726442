import argparse
import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor


class Catalog:
    def __init__(self, stars):
        rng = random.Random(5)
        self.magnitudes = {f"HD{number}": round(rng.uniform(-1, 15), 2) for number in range(stars)}

    def survey(self, plates):
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(max_workers=2, mp_context=context, initializer=keep, initargs=(self,)) as executor:
            futures = [executor.submit(brightest, plate) for plate in range(plates)]
            return [future.result() for future in futures]


def keep(catalog):
    global kept
    kept = catalog


def brightest(plate):
    names = (f"HD{number}" for number in range(plate, len(kept.magnitudes), 53))
    return min((kept.magnitudes[name], name) for name in names)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    scale = parser.parse_args().scale
    found = Catalog(60000).survey(max(4, int(50 * scale)))
    print("result:", len(found), min(found))


if __name__ == "__main__":
    main()
