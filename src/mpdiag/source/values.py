"""What literal expressions come to, and how large some values are: as far as the text tells, without running it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from math import prod

from mpdiag.source.things import Things, argument

#: Larger numbers are sizes of nothing.
_MOST = 2**63
_NUMBERS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: lambda left, right: left // right if right else _MOST,
    ast.LShift: lambda left, right: left << right if 0 <= right < 64 else _MOST,
    ast.Pow: lambda left, right: left**right if 0 <= right < 64 else _MOST,
}
#: Functions whose argument is a number of bytes.
_BYTES = frozenset({"bytes", "bytearray", "os.urandom", "random.randbytes", "secrets.token_bytes"})
#: Functions of NumPy whose first argument is a shape; those that take it as separate numbers; those that end there.
_SHAPES = frozenset(
    f"numpy.{name}" for name in ("empty", "full", "ones", "zeros", "random.random", "random.random_sample")
)
_SPREAD = frozenset({"numpy.random.rand", "numpy.random.randn"})
#: Bytes of an element of an array by its type; 8 for others.
_ITEMS = {
    "float16": 2,
    "float32": 4,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "uint8": 1,
    "uint16": 2,
    "uint32": 4,
    "bool": 1,
}
#: A pickle takes at least so many bytes for an element of a list.
_ELEMENT = 2


class Values:
    """Answers what expressions come to.

    Args:
        things: what the expressions of the module are.
    """

    def __init__(self, things: Things) -> None:
        self._things = things

    def origin(self, node: ast.expr) -> ast.expr:
        """The expression that a name is bound to, if to nothing else; else ``node``."""
        for _ in range(8):  # names for names
            bindings = self._things.bindings(node) if isinstance(node, (ast.Name, ast.Attribute)) else []
            only = bindings[0] if len(bindings) == 1 else None
            if only is None or only.how != "value" or only.path or only.value is None:
                break
            node = only.value
        return node

    def number(self, node: ast.expr) -> int | None:
        """The whole number that an expression comes to."""
        node = self.origin(node)
        if isinstance(node, ast.Constant):
            return _whole(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self.number(node.operand)
            return None if number is None else -number
        if isinstance(node, ast.Call):
            is_int = self._things.concept(node.func) == "int" and len(node.args) == 1
            return self.number(node.args[0]) if is_int else None
        if isinstance(node, ast.BinOp) and type(node.op) in _NUMBERS:
            left, right = self.number(node.left), self.number(node.right)
            if left is not None and right is not None:
                return _whole(_NUMBERS[type(node.op)](left, right))
        return None

    def count(self, node: ast.expr) -> int | None:
        """How many elements a value has that is built from literals."""
        node = self.origin(node)
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return None if any(isinstance(each, ast.Starred) for each in node.elts) else len(node.elts)
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            alone = len(node.generators) == 1 and not node.generators[0].ifs
            return self.count(node.generators[0].iter) if alone else None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            each, times = self.count(node.left), self.number(node.right)
            return None if each is None or times is None else each * times
        if not isinstance(node, ast.Call):
            return None
        concept = self._things.concept(node.func)
        if concept == "range":
            ends = [number for each in node.args if (number := self.number(each)) is not None]
            return _length(ends) if len(ends) == len(node.args) else None
        return (
            self.count(node.args[0])
            if concept in ("list", "tuple", "set", "sorted", "enumerate") and node.args
            else None
        )

    def size(self, node: ast.expr) -> int | None:
        """How many bytes a pickle of the value takes at least."""
        node = self.origin(node)
        if isinstance(node, ast.Constant):
            return len(node.value) if isinstance(node.value, (str, bytes)) else None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            text, times = self.size(node.left), self.number(node.right)
            if text is not None and times is not None and not isinstance(node.left, (ast.List, ast.Tuple)):
                return text * times
        if isinstance(node, ast.Call):
            found = self._size_of_call(node)
            if found is not None:
                return found
        if isinstance(node, ast.GeneratorExp) or (isinstance(node, ast.Call) and self._is_lazy(node)):
            return None
        count = self.count(node)
        element = self.size(node.elt) if isinstance(node, (ast.ListComp, ast.SetComp)) else None
        return None if count is None else count * (element or _ELEMENT)

    def _is_lazy(self, node: ast.Call) -> bool:
        return self._things.concept(node.func) in ("range", "enumerate")

    def _size_of_call(self, node: ast.Call) -> int | None:
        concept = self._things.concept(node.func)
        if concept in _BYTES and node.args:
            return self.number(node.args[0])
        shape: list[ast.expr] = []
        if concept in _SPREAD:
            shape = node.args
        elif concept in _SHAPES:
            given = argument(node, 0, "size" if "random" in concept else "shape")
            shape = list(given.elts) if isinstance(given, (ast.Tuple, ast.List)) else [given] if given else []
        elif concept == "numpy.arange" and len(node.args) == 1:
            shape = node.args
        numbers = [self.number(each) for each in shape]
        if not numbers or None in numbers:
            return None
        return prod(filter(None, numbers)) * self._item(node)

    def _item(self, node: ast.Call) -> int:
        """Bytes of an element of an array, by the ``dtype`` of the call that makes it."""
        kinds = [each.value for each in node.keywords if each.arg == "dtype"]
        if not kinds:
            return 8
        kind = kinds[0]
        name = kind.value if isinstance(kind, ast.Constant) else self._things.concept(kind).rpartition(".")[2]
        return _ITEMS.get(str(name), 8)


def _whole(value: object) -> int | None:
    """A whole number of moderate size; also one that is written as a float, such as 1e6."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and abs(value) < _MOST else None


def _length(ends: list[int]) -> int | None:
    return len(range(*ends)) if 1 <= len(ends) <= 3 and ends[2:] != [0] else None
