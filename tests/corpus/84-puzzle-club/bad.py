import argparse
import logging
import multiprocessing

log = logging.getLogger("puzzles")


def solve(inbox, outbox):
    while True:
        puzzle = inbox.get()
        if puzzle is None:
            break
        found = sum(1 for candidate in range(2, 60000) if candidate * candidate % puzzle == 1)
        outbox.put((puzzle, found))


def main(solvers=1):
    logging.basicConfig(level=logging.WARNING)
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    puzzles = range(101, 101 + max(10, int(500 * parser.parse_args().scale)))
    context = multiprocessing.get_context("spawn")
    inbox, outbox = context.Queue(), context.Queue()
    processes = [context.Process(target=solve, args=(inbox, outbox), daemon=True) for _ in range(solvers)]
    for process in processes:
        process.start()
    for puzzle in puzzles:
        inbox.put(puzzle)
    answers = dict(outbox.get() for _ in puzzles)
    log.info("%d puzzles", len(answers))
    for _ in processes:
        inbox.put(None)
    for process in processes:
        process.join()
    print("result:", sum(answers.values()))


if __name__ == "__main__":
    main()
