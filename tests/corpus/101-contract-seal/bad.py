import argparse
import asyncio
from concurrent.futures import ProcessPoolExecutor


def seal(n):
    acc = n
    for k in range(400_000):
        acc = (acc * 33 + k) % 1_000_003
    return acc


async def work(count):
    loop = asyncio.get_running_loop()
    total = 0
    with ProcessPoolExecutor(2) as ex:
        for n in range(count):
            total += await loop.run_in_executor(ex, seal, n)
    return total


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    print("result:", asyncio.run(work(int(120 * parser.parse_args().scale))))


if __name__ == "__main__":
    main()
