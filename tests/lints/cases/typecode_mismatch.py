# outcome: fork=fails spawn=fails forkserver=fails

# --- a float for whole numbers
from multiprocessing import Array, Value

share = Value("i", 0.5)  # expect: MP503 error
parts = Array("l", [1, 2, 0.25])  # expect: MP503 error

# --- assigned in a worker
import multiprocessing as mp
import time
from random import random

def work(progress, started, ratios):
    started.value = time.time()  # expect: MP503 error
    ratios[0] = random()  # expect: MP503 error
    progress.value += 0.1  # expect: MP503 error
    progress.value = 100 * 3 / 7  # expect: MP503 error

def main():
    ctx = mp.get_context("spawn")
    progress, started, ratios = ctx.Value("i"), ctx.Value("L", 0), ctx.Array("h", 4)
    ctx.Process(target=work, args=(progress, started, ratios)).start()

# --- numbers too large
import ctypes
import time
from multiprocessing import RawValue, Value

big = Value("i", 3_000_000_000)  # expect: MP503 warning
small = RawValue("b", 200)  # expect: MP503 warning
negative = Value(ctypes.c_uint, -1)  # expect: MP503 warning
stamp = Value("l", 0)

def now():
    stamp.value = time.time_ns()  # expect: MP503 warning

# --- Python's types, and codes that are none
import ctypes
from multiprocessing import Array, Value

ready = Value(bool, False)  # expect: MP503 error
count = Value(int, 0)  # expect: MP503 error
share = Value("float", 0)  # expect: MP503 error
flag = Value("?", True)  # expect: MP503 error
name = Value(ctypes.c_char_p, b"x")  # expect: MP503 error

# --- what fits
import ctypes
import time
from multiprocessing import Array, Value

share = Value("d", 0.5)
total = Value("d", 10**12)
count = Value("q", 3_000_000_000)
ready = Value(ctypes.c_bool, True)
letter = Value("c", b"x")
text = Array("c", 100)
numbers = Array("i", [1, 2, 3])
many = Array("d", 3)
stamp = Value("q", 0)

def work(n):
    stamp.value = time.time_ns()
    share.value = n / 3
    many[0] = 0.5
    count.value = n // 3
    count.value = int(n / 3)
    count.value = round(0.7)
    numbers[0] = len("abc")
    letter.value = b"y"

# --- what cannot be told
from multiprocessing import Array, Value
from types import Point

def make(code, start, size):
    first = Value(code, 0.5)
    second = Value(Point, 1.5, 2.5)
    third = Array("i", size)
    fourth = Value("i", start)
    fourth.value = start
    return first, second, third, fourth

# --- long has eight bytes on what this runs on [systems=Linux,macOS]
import time
from multiprocessing import Value

stamp = Value("l", 0)
stamp.value = time.time_ns()

# --- a manager's Value takes anything
from multiprocessing import Manager

with Manager() as manager:
    share = manager.Value("i", 0.5)
    share.value = 0.75

# --- other things of that name
import multiprocessing
from django.db.models import Value
from array import array

def annotate(rows, cell):
    cell.value = 0.5
    return rows.annotate(x=Value("i", 0.5)), array("i", [1])
