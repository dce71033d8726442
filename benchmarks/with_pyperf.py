"""The loops of loops.py measured by pyperf; takes pyperf's own options. Spawned children run no more than this line."""

if __name__ == "__main__":
    import pyperf  # type: ignore[import-untyped,import-not-found,unused-ignore]
    from loops import LOOPS

    runner = pyperf.Runner(processes=1, values=10, warmups=1, min_time=0.04)
    for name, loop in LOOPS.items():
        runner.bench_time_func(name, loop)
