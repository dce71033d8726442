# outcome: own=differs

# --- configured under the guard
import logging
from multiprocessing import Pool

log = logging.getLogger(__name__)

def work(n):
    log.info("working on %d", n)  # expect: MP608 warning
    return n

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    with Pool() as pool:
        pool.map(work, range(9))

# --- configured by main(), logged further down, to an attribute
import logging
import logging.config
import multiprocessing as mp

class Worker(mp.Process):
    def __init__(self):
        super().__init__()
        self.log = logging.getLogger("worker")

    def run(self):
        self.step()

    def step(self):
        self.log.debug("step")  # expect: MP608
        self.log.info("done")

def main(config):
    logging.config.dictConfig(config)
    Worker().start()

# --- where fork is the default of some [python=3.10-3.13]
import logging
from concurrent.futures import ProcessPoolExecutor

def work(n):
    logging.info("working on %d", n)  # expect: MP608 warning

def main():
    logging.basicConfig(filename="x.log", level="INFO")
    with ProcessPoolExecutor() as executor:
        list(executor.map(work, range(9)))

# --- configured in the worker, or for all
import logging
from multiprocessing import Pool, Process

logging.basicConfig(level=logging.INFO)

def work(n):
    logging.info("working on %d", n)

if __name__ == "__main__":
    with Pool() as pool:
        pool.map(work, range(9))

# --- by an initializer
import logging
from multiprocessing import Pool

def configure():
    logging.basicConfig(level=logging.INFO)

def work(n):
    logging.info("working on %d", n)

if __name__ == "__main__":
    configure()
    with Pool(initializer=configure) as pool:
        pool.map(work, range(9))

# --- warnings appear anyway
import logging
from multiprocessing import Pool

def work(n):
    logging.warning("careful: %d", n)

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    with Pool() as pool:
        pool.map(work, range(9))

# --- sent to the parent
import logging
from logging.handlers import QueueHandler
from multiprocessing import Process, Queue

def work(queue):
    logging.getLogger().handlers = [QueueHandler(queue)]
    logging.info("working")

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    Process(target=work, args=(Queue(),)).start()

# --- inherited by fork [start-method=fork]
import logging
from multiprocessing import Pool

def work(n):
    logging.info("working on %d", n)

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    with Pool() as pool:
        pool.map(work, range(9))

# --- only the parent logs
import logging
from multiprocessing import Pool

def work(n):
    return n

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    with Pool() as pool:
        for n in pool.map(work, range(9)):
            logging.info("done: %d", n)

# --- a logger of another kind
import logging
from multiprocessing import Pool
from loguru import logger

def work(n, log):
    logger.info("working")
    log.info("working")

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    with Pool() as pool:
        pool.map(work, range(9))
