# outcome: fork=works spawn=works forkserver=works

# --- requests
from concurrent.futures import ProcessPoolExecutor
import requests

def fetch(url):
    response = requests.get(url, timeout=10)
    return response.json()

def main(urls):
    with ProcessPoolExecutor(32) as executor:
        return list(executor.map(fetch, urls))  # expect: MP404 note

# --- programs, and pauses
import subprocess
import time
from multiprocessing import Pool

class Runner:
    def convert(self, path):
        subprocess.run(["convert", path], check=True)

    def ping(self, host):
        print("ping", host)
        time.sleep(1)

    def run(self, paths):
        with Pool() as pool:
            pool.map(self.convert, paths)  # expect: MP404
            for path in paths:
                pool.apply_async(self.ping, (path,))  # expect: MP404

# --- something is computed, too
from concurrent.futures import ProcessPoolExecutor
import requests
from bs4 import BeautifulSoup

def fetch(url):
    return BeautifulSoup(requests.get(url, timeout=10).text)

def count(url):
    total = 0
    for byte in requests.get(url, timeout=10).content:
        total += byte
    return total

def main(urls):
    with ProcessPoolExecutor(32) as executor:
        return list(executor.map(fetch, urls)), list(executor.map(count, urls))

# --- a pause before the next try
import time
from multiprocessing import Pool

def work(path):
    try:
        return path.size
    except OSError:
        time.sleep(1)

def main(paths):
    with Pool() as pool:
        return pool.map(work, paths)

# --- threads
from concurrent.futures import ThreadPoolExecutor
import requests

def fetch(url):
    return requests.get(url, timeout=10).text

def main(urls):
    with ThreadPoolExecutor(32) as executor:
        return list(executor.map(fetch, urls))

# --- what is not known
from multiprocessing import Pool
from pages import fetch

def main(urls, session):
    with Pool() as pool:
        return pool.map(fetch, urls), pool.map(session.get, urls)

# --- joblib's processes only wait
import requests
from joblib import Parallel, delayed
def fetch(address):
    return requests.get(address).text
def main(addresses):
    return Parallel(n_jobs=8)(delayed(fetch)(address) for address in addresses)  # expect: MP404

# --- joblib's threads wait as well
import requests
from joblib import Parallel, delayed
def fetch(address):
    return requests.get(address).text
def main(addresses):
    return Parallel(n_jobs=8, prefer="threads")(delayed(fetch)(address) for address in addresses)
