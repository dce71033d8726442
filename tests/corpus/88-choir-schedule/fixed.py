import argparse
import multiprocessing as mp


def rehearse(songs, conn):
    notes = 0
    for song in songs:
        for bar in range(song * 120):
            notes += bar % (song + 1)
    conn.send(notes)
    conn.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    songs = list(range(1, int(800 * parser.parse_args().scale**0.5)))
    half = len(songs) // 2
    context = mp.get_context("fork")
    ends = []
    for part in parts(songs, half):
        here, there = context.Pipe(False)
        process = context.Process(target=rehearse, args=(part, there))
        process.start()
        there.close()
        ends.append((process, here))
    total = 0
    for process, here in ends:
        total += here.recv()
        process.join()
    print("result:", total)


def parts(songs, half):
    return songs[::2], songs[1::2]


if __name__ == "__main__":
    main()
