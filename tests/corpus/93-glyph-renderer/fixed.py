import argparse
import multiprocessing as mp


def render(glyph):
    code = 0
    for _ in range(2500):
        code = (code * 131 + glyph) & 0xFFFF
    return code


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    glyphs = range(int(1400 * parser.parse_args().scale))
    checks = []
    pool = mp.get_context("fork").Pool(2)
    handles = [pool.apply_async(render, (g,), callback=checks.append) for g in glyphs]
    pool.close()
    for handle in handles:
        handle.wait()
    pool.join()
    print("result:", len(checks), sum(checks))


if __name__ == "__main__":
    main()
