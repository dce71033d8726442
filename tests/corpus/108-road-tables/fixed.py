"""Delivery planning: prepare distance tables for the depots, then cost the orders."""
import argparse
import heapq
import random
from multiprocessing import Pipe, Process, cpu_count

NODES = 3000


class RoadNetwork:
    def __init__(self, nodes, seed):
        rng = random.Random(seed)
        self.edges = [[] for _ in range(nodes)]
        for a in range(nodes):
            for _ in range(4):
                b = (a + rng.randrange(1, 90)) % nodes
                w = rng.randint(1, 50)
                self.edges[a].append((b, w))
                self.edges[b].append((a, w))

    def distances(self, source):
        dist = [1 << 30] * len(self.edges)
        dist[source] = 0
        heap = [(0, source)]
        while heap:
            d, node = heapq.heappop(heap)
            if d > dist[node]:
                continue
            for other, w in self.edges[node]:
                nd = d + w
                if nd < dist[other]:
                    dist[other] = nd
                    heapq.heappush(heap, (nd, other))
        return dist


class Planner:
    def __init__(self, network):
        self.network = network
        self.tables = {}
        self.lookups = 0
        self.misses = 0

    def fill(self, depots, conn):
        conn.send([(depot, self.network.distances(depot)) for depot in depots])
        conn.close()

    def prepare(self, depots, workers):
        procs, readers = [], []
        for i in range(workers):
            reader, writer = Pipe(duplex=False)
            procs.append(Process(target=self.fill, args=(depots[i::workers], writer)))
            procs[-1].start()
            writer.close()
            readers.append(reader)
        for reader in readers:
            self.tables.update(reader.recv())
        for p in procs:
            p.join()
            if p.exitcode:
                raise RuntimeError(f"{p.name} ended with {p.exitcode}")

    def cost(self, depot, stop):
        self.lookups += 1
        table = self.tables.get(depot)
        if table is None:
            self.misses += 1
            table = self.tables[depot] = self.network.distances(depot)
        return table[stop]


def orders(n, depots):
    rng = random.Random(99)
    return [(rng.choice(depots), rng.randrange(NODES)) for _ in range(n)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    count = int(520 * parser.parse_args().scale)
    network = RoadNetwork(NODES, 4)
    depots = random.Random(8).sample(range(NODES), min(count, NODES))
    planner = Planner(network)
    planner.prepare(depots, min(2, cpu_count()))
    total = sum(planner.cost(d, s) for d, s in orders(20_000, depots))
    print(f"result: cost {total} lookups {planner.lookups} misses {planner.misses}")


if __name__ == "__main__":
    main()
