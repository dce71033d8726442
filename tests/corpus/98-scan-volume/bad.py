import argparse
import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np


@dataclass
class Job:
    volume: np.ndarray
    layer: int


def brightness(job):
    return float(job.volume[job.layer].mean())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    scale = parser.parse_args().scale
    volume = np.arange(64 * 250 * 250, dtype=np.float64).reshape(64, 250, 250)
    layers = [k % 64 for k in range(int(60 * scale))]
    with ProcessPoolExecutor(2, mp_context=mp.get_context("spawn")) as ex:
        values = list(ex.map(brightness, [Job(volume, k) for k in layers]))
    print("result:", round(sum(values), 1))


if __name__ == "__main__":
    main()
