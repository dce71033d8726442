"""MP301 queue-for-pipe: one process asks, one process answers, and two queues lie between them.

Mistake: a Queue each way. Every put() hands its message to a thread that writes it later, so each answer waits for two
such threads.
Remedy: a Pipe, which writes at once. It matters for small messages that are waited for; in one direction, or for large
messages, the two come close.
Run: python examples/queue_for_pipe.py [--scale F] [--start-method spawn]
Ask: mpdiag probe channels --select MP301

On two busy CPUs (CPython 3.11, Linux) the answer was:

    A request of 64 B and its answer take 102 µs over Queues, 32.7 µs over Pipes (often quoted: 3–5×; here 3.12×
    [3.00–3.33]); where messages only flow one way, a Queue takes 1.24× [1.05–1.49] at 64 B and 1.57× at 1 MiB.
"""

import multiprocessing

from compare import compare


def answer_queues(questions, answers):
    for word in iter(questions.get, None):
        answers.put(word.upper())


def answer_pipe(connection):
    for word in iter(connection.recv, None):
        connection.send(word.upper())


def bad(count):
    questions, answers = multiprocessing.Queue(), multiprocessing.Queue()
    process = multiprocessing.Process(target=answer_queues, args=(questions, answers))
    process.start()
    replies = []
    for number in range(count):
        questions.put(f"word {number}")
        replies.append(answers.get())
    questions.put(None)
    process.join()
    # The feeder thread has to end before the next process is forked.
    questions.close()
    questions.join_thread()
    return replies


def good(count):
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=answer_pipe, args=(there,))
    process.start()
    replies = []
    for number in range(count):
        here.send(f"word {number}")
        replies.append(here.recv())
    here.send(None)
    process.join()
    return replies


if __name__ == "__main__":
    compare(bad, good, size=4000)
