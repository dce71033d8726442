import argparse
import decimal
import multiprocessing


def grow(bed, weeks, heights):
    height = 1.0
    for week in range(weeks):
        height += (bed * 17 + week) % 5 / height
    heights.put((bed, round(height, 3)))


def plant(beds, workers, weeks):
    context = multiprocessing.get_context("spawn")
    heights = context.Queue()
    gardeners = []
    for worker in range(workers):
        share = beds[worker::workers]
        gardeners.append(context.Process(target=tend, args=(share, weeks, heights)))
    for gardener in gardeners:
        gardener.start()
    found = [heights.get() for _ in beds]
    for gardener in gardeners:
        gardener.join()
    return sum(decimal.Decimal(str(height)) for _, height in found)


def tend(beds, weeks, heights):
    for bed in beds:
        grow(bed, weeks, heights)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    weeks = int(400000 * parser.parse_args().scale)
    print("result:", plant(range(96), WORKERS, weeks))


WORKERS = multiprocessing.cpu_count()

if __name__ == "__main__":
    main()
