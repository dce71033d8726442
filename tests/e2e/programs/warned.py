"""In development mode, with all warnings shown: threads and forks, sockets left open, files in cycles."""

import concurrent.futures
import multiprocessing
import threading
import time
import warnings


def work(number):
    warnings.warn(f"number {number}", stacklevel=2)
    return open(__file__).fileno() > 2


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    process = multiprocessing.Process(target=work, args=(1,))
    process.start()
    process.join()
    stop.set()
    thread.join()
    with concurrent.futures.ProcessPoolExecutor(1) as executor:
        print(executor.submit(work, 2).result())
    pool = multiprocessing.Pool(1)
    print(pool.map(work, [3, 4]))
    del pool
    queue = multiprocessing.Queue()
    queue.put(1)
    while queue.empty():
        time.sleep(0.001)
    print(queue.get())
