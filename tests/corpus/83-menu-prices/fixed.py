import argparse
import math
from concurrent.futures import ThreadPoolExecutor


def price(dish, week):
    return round(math.sqrt(dish * 13 + week) * 1.19, 2)


def card(executor, week, dishes):
    futures = [executor.submit(price, dish, week) for dish in range(dishes)]
    return sum(future.result() for future in futures)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    weeks = int(1500 * parser.parse_args().scale)
    with ThreadPoolExecutor(max_workers=8) as executor:
        print("result:", round(sum(card(executor, week, 8) for week in range(weeks)), 2))


if __name__ == "__main__":
    main()
