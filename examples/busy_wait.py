"""MP302 busy-wait: a process asks again and again whether something has come.

Mistake: a loop around poll(), empty(), get_nowait() or is_alive(). It burns a whole CPU, which the workers lack.
Remedy: a call that sleeps until there is something: recv(), get(), poll(timeout), or connection.wait() for several.
Run: python examples/busy_wait.py [--scale F] [--start-method spawn]
Ask: mpdiag probe polling --select MP302

On two busy CPUs (CPython 3.11, Linux) the answer was:

    `while True: if conn.poll(): …` burns 97.8 % [88.4–98.6] of a core while it waits (133 k/s polls);
    poll(timeout) burns 0.96 % of a short wait and notices a message after 179 µs [122–240]. A pause of 10 ms
    between polls makes that 4.22 ms.

Look at the parent's CPU time: that is what the loop costs. The wall times differ only where CPUs are short.
"""

import multiprocessing
import time
from multiprocessing.connection import wait

from compare import compare

SENSORS = 3


def sense(connection, sensor, readings):
    for reading in range(readings):
        time.sleep(0.01)
        connection.send((sensor, reading))
    connection.send(None)


def start(readings):
    """The sensors' processes, each by the connection that its readings come from."""
    sensors = {}
    for sensor in range(SENSORS):
        here, there = multiprocessing.Pipe(duplex=False)
        sensors[here] = multiprocessing.Process(target=sense, args=(there, sensor, readings))
        sensors[here].start()
    return sensors


def collect(readings, ready):
    """All readings; ``ready`` says which of the connections can be read."""
    sensors, seen = start(readings), []
    while sensors:
        for connection in ready(list(sensors)):
            message = connection.recv()
            if message is None:
                sensors.pop(connection).join()
            else:
                seen.append(message)
    return sorted(seen)


def bad(readings):
    return collect(readings, lambda connections: [each for each in connections if each.poll()])


def good(readings):
    return collect(readings, wait)


if __name__ == "__main__":
    compare(bad, good, size=50)
