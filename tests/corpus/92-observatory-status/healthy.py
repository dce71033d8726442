import argparse
import multiprocessing


def expose(night, frames, status):
    light = 0
    for frame in range(frames):
        light += (night * frame) % 17
    status[night] = light
    return light


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    scale = parser.parse_args().scale
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        status = manager.dict()
        with context.Pool(2) as pool:
            total = sum(pool.starmap(expose, [(night, int(2_500_000 * scale), status) for night in range(10)], 1))
        print("result:", total, len(status))


if __name__ == "__main__":
    main()
