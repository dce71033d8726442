# outcome: fork=hangs spawn=hangs forkserver=hangs

# --- a text made of two arguments
from multiprocessing import Pool

class InvalidField(Exception):
    def __init__(self, form, field):
        super().__init__(f"{form}: {field}")
        self.form = form

def check(form):
    if not form:
        raise InvalidField(form, "name")  # expect: MP606 warning
    return form

def main(forms):
    with Pool() as pool:
        return pool.map(check, forms)

# --- a required keyword, and a base of the same file
from concurrent.futures import ProcessPoolExecutor

class Base(ValueError):
    pass

class HttpError(Base):
    def __init__(self, message, *, status):
        super().__init__(message)
        self.status = status

class Empty(Base):
    def __init__(self):
        Base.__init__(self, "nothing there")

class Timeout(RuntimeError):
    def __init__(self, seconds, url):
        self.seconds, self.url = seconds, url

def fetch(url):
    raise HttpError("gone", status=410)  # expect: MP606

def load(url):
    if url:
        raise Timeout(seconds=3, url=url)  # expect: MP606
    raise Empty() from None  # expect: MP606

def main(urls):
    with ProcessPoolExecutor() as executor:
        executor.submit(load, urls).result()
        return list(executor.map(fetch, urls))

# --- raised by what the task calls, without parentheses
import multiprocessing as mp

class Stop(Exception):
    def __init__(self):
        Exception.__init__(self, "stop", 3)

def inner(n):
    raise Stop  # expect: MP606

def work(n):
    return inner(n)

def main():
    with mp.get_context("spawn").Pool() as pool:
        pool.apply_async(work, (1,)).get()

# --- as many as it needs, with defaults and *args
from multiprocessing import Pool

class One(Exception):
    def __init__(self, form):
        super().__init__(f"bad: {form}")

class Two(Exception):
    def __init__(self, form, field=None):
        super().__init__(form)

class Three(Exception):
    def __init__(self, *fields):
        super().__init__(", ".join(fields))

class Four(Exception):
    def __init__(self, form, field):
        super().__init__(form, field)

class Five(Exception):
    def __init__(self, form, field):
        self.form = form

class Six(Exception):
    def __init__(self, *args):
        super().__init__(*args)

class Seven(Exception):
    """No constructor of its own."""

def work(n):
    raise [One(1), Two(1, 2)][n]

def other(n):
    if n == 1:
        raise One(n)
    elif n == 2:
        raise Two(n, 2)
    elif n == 3:
        raise Three("a", "b")
    elif n == 4:
        raise Four(1, 2)
    elif n == 5:
        raise Five(1, 2)
    elif n == 6:
        raise Six(1, 2)
    raise Seven(1, 2)

def main():
    with Pool() as pool:
        pool.map(work, range(2))
        pool.map(other, range(8))

# --- it says itself how it is pickled
from multiprocessing import Pool

class Reduced(Exception):
    def __init__(self, form, field):
        super().__init__(f"{form}: {field}")
        self.form, self.field = form, field

    def __reduce__(self):
        return type(self), (self.form, self.field)

class Set(Exception):
    def __init__(self, form, field):
        super().__init__(f"{form}: {field}")
        self.args = (form, field)

def work(n):
    if n:
        raise Reduced(1, 2)
    raise Set(1, 2)

def main():
    with Pool() as pool:
        pool.map(work, range(8))

# --- caught in the task, or where it is called
from multiprocessing import Pool

class InvalidField(ValueError):
    def __init__(self, form, field):
        super().__init__(f"{form}: {field}")

def check(form):
    raise InvalidField(form, "name")

def work(form):
    try:
        check(form)
    except ValueError as error:
        return str(error)
    try:
        raise InvalidField(form, "name")
    except InvalidField:
        return None

def main(forms):
    with Pool() as pool:
        return pool.map(work, forms)

# --- raised in the parent, in a thread, in a bare process
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pool, Process

class InvalidField(Exception):
    def __init__(self, form, field):
        super().__init__(f"{form}: {field}")

def check(form):
    raise InvalidField(form, "name")

def main(forms):
    Process(target=check, args=(1,)).start()
    with ThreadPoolExecutor() as executor:
        executor.submit(check, 1).result()
    with Pool() as pool:
        if not pool.map(abs, forms):
            raise InvalidField(1, 2)

# --- the base is of another file
from multiprocessing import Pool
from errors import AppError
import requests

class InvalidField(AppError):
    def __init__(self, form, field):
        super().__init__(f"{form}: {field}")

class Gone(requests.HTTPError):
    def __init__(self, url, status):
        super().__init__(url)

def check(form):
    if form:
        raise Gone("x", 410)
    raise InvalidField(form, "name")

def main(forms):
    with Pool() as pool:
        pool.map(check, forms)

# --- raised in a task of joblib
from joblib import Parallel, delayed
class Refused(Exception):
    def __init__(self, code, reason):
        super().__init__(reason)
def check(item):
    if item < 0:
        raise Refused(3, "negative")  # expect: MP606
def main(items):
    Parallel(n_jobs=2)(delayed(check)(item) for item in items)

# --- raised in a thread of joblib
from joblib import Parallel, delayed
class Refused(Exception):
    def __init__(self, code, reason):
        super().__init__(reason)
def check(item):
    if item < 0:
        raise Refused(3, "negative")
def main(items):
    Parallel(n_jobs=2, backend="threading")(delayed(check)(item) for item in items)
