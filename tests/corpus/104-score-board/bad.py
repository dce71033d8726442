import argparse
import multiprocessing as mp

scores = {}


def play(n):
    acc = 0
    for k in range(20_000):
        acc = (acc + n * k) % 1009
    scores[n] = acc


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    count = int(1000 * parser.parse_args().scale)
    with mp.Pool(2) as pool:
        pool.map(play, range(count))
    print("result:", len(scores), sum(scores.values()))


if __name__ == "__main__":
    main()
