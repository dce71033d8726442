import argparse
import multiprocessing


def engine(moves, replies):
    position = 1
    for move in iter(moves.get, "quit"):
        position = (position * 31 + move) % 65537
        replies.put(position % 64)


class Game:
    def __init__(self):
        context = multiprocessing.get_context("fork")
        self.moves, self.replies = context.JoinableQueue(), context.Queue()
        self.engine = context.Process(target=engine, args=(self.moves, self.replies), daemon=True)

    def play(self, rounds):
        self.engine.start()
        square = 0
        for turn in range(rounds):
            self.moves.put((square + turn) % 64)
            square = self.replies.get()
        self.moves.put("quit")
        self.engine.join()
        return square


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    print("result:", Game().play(int(25000 * parser.parse_args().scale)))


if __name__ == "__main__":
    main()
