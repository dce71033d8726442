"""Small full-text engine: tokenise a synthetic corpus, index it, rank queries."""
import argparse
import math
import random
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed

SYLLABLES = ["ba", "ri", "to", "ne", "ku", "lo", "mi", "sa", "ve", "du", "pa", "zi"]


def make_document(seed, words=60):
    rng = random.Random(seed)
    out = []
    for _ in range(words):
        n = 2 if rng.random() < 0.4 else 3
        out.append("".join(rng.choice(SYLLABLES) for _ in range(n)))
    return " ".join(out)


def tokenise_range(bounds):
    lo, hi = bounds
    return [(d, Counter(make_document(d).split())) for d in range(lo, hi)]


class SearchEngine:
    def __init__(self, n_docs):
        self.n_docs = n_docs
        self.postings = defaultdict(list)
        self.lengths = {}

    def ingest(self, pool):
        bounds = [(lo, min(lo + 500, self.n_docs)) for lo in range(0, self.n_docs, 500)]
        for batch in pool.map(tokenise_range, bounds):
            for doc, counts in batch:
                self.lengths[doc] = sum(counts.values())
                for term, tf in counts.items():
                    self.postings[term].append((doc, tf))

    def rank(self, query, top=5):
        scores = defaultdict(float)
        average = sum(self.lengths.values()) / self.n_docs
        for term in query.split():
            entries = self.postings.get(term, ())
            idf = math.log(1 + (self.n_docs - len(entries) + 0.5) / (len(entries) + 0.5))
            for doc, tf in entries:
                norm = 1.2 * (0.25 + 0.75 * self.lengths[doc] / average)
                scores[doc] += idf * tf * 2.2 / (tf + norm)
        best = sorted(scores.items(), key=lambda kv: (-kv[1], kv[0]))[:top]
        return query, best

    def answer(self, pool, queries):
        futures = [pool.submit(rank_query, q) for q in queries]
        return dict(f.result() for f in as_completed(futures))


_engine = None


def attach(engine):
    global _engine
    _engine = engine


def rank_query(query):
    return _engine.rank(query)


def make_queries(n):
    rng = random.Random(77)
    queries = []
    for _ in range(n):
        queries.append(" ".join("".join(rng.choice(SYLLABLES) for _ in range(2)) for _ in range(25)))
    return queries


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    queries = int(40 * parser.parse_args().scale)
    engine = SearchEngine(6000)
    with ProcessPoolExecutor(max_workers=2) as pool:
        engine.ingest(pool)
    with ProcessPoolExecutor(max_workers=2, initializer=attach, initargs=(engine,)) as pool:
        answers = engine.answer(pool, make_queries(queries))
    digest = 0
    for query in sorted(answers):
        for doc, _ in answers[query]:
            digest = (digest * 131 + doc) % 1_000_000_007
    print(f"result: {len(answers)} queries digest {digest}")


if __name__ == "__main__":
    main()
