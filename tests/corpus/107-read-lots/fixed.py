"""Self-alignment scores of sequencing reads against a mutated copy of each read."""
import argparse
import multiprocessing
import random
from dataclasses import dataclass, field


@dataclass
class Read:
    number: int
    bases: str
    partner: str


@dataclass
class Lot:
    reads: list = field(default_factory=list)

    def __len__(self):
        return len(self.reads)


def sequence(rng, length):
    return "".join(rng.choice("ACGT") for _ in range(length))


def mutate(rng, bases):
    out = []
    for base in bases:
        roll = rng.random()
        if roll < 0.04:
            continue
        out.append(rng.choice("ACGT") if roll < 0.12 else base)
    return "".join(out)


def load_reads(count, longest):
    rng = random.Random(5)
    bases = [sequence(rng, 20 + rng.randrange(longest)) for _ in range(count)]
    bases.sort(key=len)
    return [Read(i, b, mutate(rng, b)) for i, b in enumerate(bases)]


def distance(a, b):
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            best = previous[j - 1] + (x != y)
            if previous[j] + 1 < best:
                best = previous[j] + 1
            if current[-1] + 1 < best:
                best = current[-1] + 1
            current.append(best)
        previous = current
    return previous[-1]


def align_lot(lot):
    return [(read.number, distance(read.bases, read.partner)) for read in lot.reads]


def divide(reads, lots):
    return [Lot(reads[k::lots]) for k in range(lots)]


class Collector:
    def __init__(self):
        self.scores = {}
        self.errors = []

    def add(self, pairs):
        self.scores.update(pairs)

    def fail(self, exc):
        self.errors.append(exc)


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--longest", type=int, default=640)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args(argv)

    reads = load_reads(int(240 * args.scale), args.longest)
    collector = Collector()
    ctx = multiprocessing.get_context("spawn")
    with ctx.Pool(args.jobs) as pool:
        for lot in divide(reads, args.jobs):
            pool.apply_async(align_lot, (lot,), callback=collector.add, error_callback=collector.fail)
        pool.close()
        pool.join()
    if collector.errors:
        raise collector.errors[0]
    weighted = sum(n * s for n, s in collector.scores.items())
    print(f"result: {len(collector.scores)} reads weighted {weighted}")


if __name__ == "__main__":
    main()
