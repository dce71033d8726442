import argparse
import multiprocessing


def engine(line):
    position = 1
    for move in iter(line.recv, "quit"):
        position = (position * 31 + move) % 65537
        line.send(position % 64)


class Game:
    def __init__(self):
        context = multiprocessing.get_context("fork")
        self.line, there = context.Pipe()
        self.engine = context.Process(target=engine, args=(there,), daemon=True)

    def play(self, rounds):
        self.engine.start()
        square = 0
        for turn in range(rounds):
            self.line.send((square + turn) % 64)
            square = self.line.recv()
        self.line.send("quit")
        self.engine.join()
        return square


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    print("result:", Game().play(int(25000 * parser.parse_args().scale)))


if __name__ == "__main__":
    main()
