"""A player object asks the referee process whether moves are legal."""
import argparse
import multiprocessing as mp


class Referee:
    def __init__(self, ctx):
        self.ask, self.answer = ctx.Queue(), ctx.Queue()
        self.process = ctx.Process(target=rule, args=(self.ask, self.answer))
        self.process.start()

    def legal(self, move):
        self.ask.put(move)
        return self.answer.get(timeout=30)

    def close(self):
        self.ask.put((-1, -1))
        self.process.join()


def rule(ask, answer):
    board = {}
    for x, y in iter(ask.get, (-1, -1)):
        board[x, y] = board.get((x, y), 0) + 1
        answer.put(board[x, y] < 3)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    count = int(40000 * parser.parse_args().scale)
    referee = Referee(mp.get_context("spawn"))
    good = sum(referee.legal((n % 61, n % 47)) for n in range(count))
    referee.close()
    print("result:", good)


if __name__ == "__main__":
    main()
