"""Several interpreters in one process, where Python has them."""

from concurrent import futures


def square(number):
    return number * number


if __name__ == "__main__":
    if hasattr(futures, "InterpreterPoolExecutor"):
        with futures.InterpreterPoolExecutor(2) as executor:
            print(list(executor.map(square, range(5))))
    print("done")
