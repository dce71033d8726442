"""What the examples share: run the mistake and its remedy on the same work, then print what each took.

The imports are inside the functions because every spawned worker of an example imports this module too: see
``spawn_reimport.py``.
"""


def compare(bad, *better, size, same=True, start_method=None):
    """Call each function with the size of the work, and print its times beside those of ``bad``.

    Args:
        bad: the mistake.
        better: its remedy, and others worth a look.
        size: how much work by default; ``--scale`` multiplies it.
        same: whether all must give the same result.
        start_method: the one the mistake is about; by default the interpreter's own.

    Returns:
        The results, by the name of the function.
    """
    import multiprocessing

    options = read_options(start_method)
    multiprocessing.set_start_method(options.start_method)
    # The first process may have to start a fork server and a resource tracker: the mistake shall not pay for them.
    first = multiprocessing.Process()
    first.start()
    first.join()
    work = max(2, round(size * options.scale))
    runs = {way.__name__: timed(way, work) for way in (bad, *better)}
    results = {name: result for name, (result, _, _) in runs.items()}
    print_table({name: times for name, (_, *times) in runs.items()})
    if same:
        if any(result != results["bad"] for result in results.values()):
            raise SystemExit("The results differ.")
        print("The results are the same.")
    return results


def read_options(start_method):
    import argparse
    import multiprocessing

    # The first is the default; get_start_method() would fix it for good.
    methods = multiprocessing.get_all_start_methods()
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1, metavar="F", help="F times as much work")
    parser.add_argument("--start-method", choices=methods, default=start_method or methods[0])
    return parser.parse_args()


def timed(way, work):
    import time

    wall, cpu = time.perf_counter(), time.process_time()
    result = way(work)
    return result, time.perf_counter() - wall, time.process_time() - cpu


def print_table(times):
    print(f"{'':20}{'wall':>12}{'CPU, parent':>14}")
    for name, (wall, cpu) in times.items():
        print(f"{name:20}{wall * 1e3:9.0f} ms{cpu * 1e3:11.0f} ms")
    bad_wall, bad_cpu = times.pop("bad")
    for name, (wall, cpu) in times.items():
        print(f"{'bad : ' + name:20}{ratio(bad_wall, wall):>12}{ratio(bad_cpu, cpu):>14}")


def ratio(of, to):
    # A coarse clock may see no time at all.
    return f"{of / to:.1f}x" if to else "-"
