"""A player object asks the referee process whether moves are legal."""
import argparse
import multiprocessing as mp


class Referee:
    def __init__(self, ctx):
        self.line, other = ctx.Pipe()
        self.process = ctx.Process(target=rule, args=(other,))
        self.process.start()

    def legal(self, move):
        self.line.send(move)
        return self.line.recv()

    def close(self):
        self.line.send((-1, -1))
        self.process.join()


def rule(line):
    board = {}
    for x, y in iter(line.recv, (-1, -1)):
        board[x, y] = board.get((x, y), 0) + 1
        line.send(board[x, y] < 3)


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
