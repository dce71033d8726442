"""A Value or Array whose type code does not fit what it is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Thing, argument, names

#: Type code → bytes; those of long as on Windows, which has the shortest.
BYTES = {"b": 1, "h": 2, "i": 4, "l": 4, "q": 8}
CODES = frozenset("cbBuhHiIlLqQfd")
#: Codes with the names that ctypes has for their types.
ALIASES = (
    *("b byte int8", "h short int16", "i int int32", "l long", "q longlong int64 ssize_t"),
    *("B ubyte uint8", "H ushort uint16", "I uint uint32", "L ulong", "Q ulonglong uint64 size_t"),
)
CTYPES = {f"ctypes.c_{name}": code for code, *aliases in map(str.split, ALIASES) for name in aliases}
#: What people write for a type, and what to write instead.
PYTHON = {"bool": "ctypes.c_bool", "?": "ctypes.c_bool", "int": "'q'", "float": "'d'", "str": "'c', in an Array"}
POINTERS = frozenset({"ctypes.c_char_p", "ctypes.c_wchar_p", "ctypes.c_void_p", "ctypes.py_object"})
#: Functions of the standard library that give floats, and those that give whole numbers of 19 digits.
FLOATS = frozenset(
    {"float", "random.random", "random.uniform", "math.sqrt", "math.log", "math.exp"}
    | {f"time.{clock}" for clock in ("monotonic", "perf_counter", "process_time", "thread_time", "time")}
)
HUGE = frozenset(f"time.{clock}_ns" for clock in ("perf_counter", "monotonic", "time"))


def inspect(source: Source) -> Iterator[Finding]:
    """Look at the types of shared values, at what they begin with and at what is assigned to them."""
    for kind in sorted(names.SHARED):
        for shared in source.made.get(kind, ()):
            given = argument(shared.made, 0, "typecode_or_type") if shared.made else None
            if given is not None:
                yield from of_type(source, given)
                yield from of_start(source, shared, code_of(source, given))
    for place, value in assignments(source):
        thing = source.things.thing(place)
        given = (
            argument(thing.made, 0, "typecode_or_type") if thing and thing.made and thing.kind in names.SHARED else None
        )
        if given is not None:
            yield from misfit(source, value, code_of(source, given))


def code_of(source: Source, given: ast.expr) -> str:
    """The type code that a type means; empty when unknown."""
    given = source.values.origin(given)
    if isinstance(given, ast.Constant):
        return given.value if isinstance(given.value, str) else ""
    return CTYPES.get(source.concept(given), "")


def of_type(source: Source, given: ast.expr) -> Iterator[Finding]:
    """Types that are none, and those whose content lies elsewhere."""
    node = source.values.origin(given)
    name = str(node.value) if isinstance(node, ast.Constant) else source.concept(node)
    if name in PYTHON or (isinstance(node, ast.Constant) and name not in CODES):
        instead = PYTHON.get(name, "one of the codes of the array module, such as 'i' or 'd', or a type of ctypes")
        yield LINT.finding(
            source.place(given),
            level="error",
            seen=f"`{ast.unparse(given)}` is no type for shared memory: TypeError: this type has no size.",
            do=f"Write {instead}.",
        )
    elif name in POINTERS:
        yield LINT.finding(
            source.place(given),
            level="error",
            seen=f"`{name}` shares an address, not what stands there: in another process it points to anything.",
            do="Share the bytes themselves, in an Array('c', …).",
        )


def of_start(source: Source, shared: Thing, code: str) -> Iterator[Finding]:
    """What a shared value begins with."""
    assert shared.made is not None
    start = argument(shared.made, 1, "size_or_initializer")
    if shared.kind.endswith("Value"):
        start = shared.made.args[1] if len(shared.made.args) > 1 else None
        yield from misfit(source, start, code) if start is not None else ()
    elif isinstance(start, (ast.List, ast.Tuple)):
        for each in start.elts:
            yield from misfit(source, each, code)


def assignments(source: Source) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What may be shared values and elements of shared arrays, with what they are given."""
    targets: list[ast.Attribute | ast.Subscript] = [*source.tree.attributes["value"], *source.tree.stores]
    for target in targets:
        statement = source.tree.parents[target]
        if isinstance(statement, (ast.Assign, ast.AugAssign)) and statement.value is not target:
            yield target.value, statement.value


def misfit(source: Source, value: ast.expr, code: str) -> Iterator[Finding]:
    """A value that a type code does not take, or takes and changes."""
    low = code.lower()
    if low not in BYTES:
        return
    number = source.values.number(value)
    if is_float(source, value):
        yield LINT.finding(
            source.place(value),
            level="error",
            seen=f"The type code {code!r} is for whole numbers; a float raises a TypeError.",
            do="Use the type code 'd', or round first.",
        )
    elif low == "l" and "Windows" not in source.target.systems:
        return
    elif (number is not None and not fits(number, code)) or (is_huge(source, value) and low != "q"):
        yield LINT.finding(
            source.place(value),
            level="warning",
            seen=f"This does not fit the {BYTES[low]} bytes of the type code {code!r}"
            f"{' on Windows' if low == 'l' else ''}: it wraps round without an error"
            + (f", {number} becomes {wrapped(number, code)}." if number is not None else "."),
            do="Use the type code 'q' (8 bytes with a sign), or 'd' for floats.",
        )


def is_float(source: Source, value: ast.expr) -> bool:
    """Whether an expression surely gives a float."""
    value = source.values.origin(value)
    if isinstance(value, ast.Constant):
        return isinstance(value.value, float)
    if isinstance(value, ast.UnaryOp):
        return is_float(source, value.operand)
    if isinstance(value, ast.BinOp):
        sides = (value.left, value.right)
        arithmetic = isinstance(value.op, (ast.Add, ast.Sub, ast.Mult))
        return isinstance(value.op, ast.Div) or (arithmetic and any(is_float(source, side) for side in sides))
    return isinstance(value, ast.Call) and source.concept(value.func) in FLOATS


def is_huge(source: Source, value: ast.expr) -> bool:
    """Whether an expression gives nanoseconds since long ago."""
    return isinstance(value, ast.Call) and source.concept(value.func) in HUGE


def fits(number: int, code: str) -> bool:
    """Whether a number has room."""
    bits = 8 * BYTES[code.lower()]
    return -(1 << bits - 1) <= number < 1 << bits - 1 if code.islower() else 0 <= number < 1 << bits


def wrapped(number: int, code: str) -> int:
    """What becomes of a number that has no room."""
    size = BYTES[code.lower()]
    inside = number & ((1 << 8 * size) - 1)
    return int.from_bytes(inside.to_bytes(size, "big"), "big", signed=code.islower())


LINT: Final = Lint(
    module=__name__,
    id="MP503",
    inspect=inspect,
    aliases=("typecode-overflow", "value-typecode"),
    doc=Doc(
        title="A Value's type code does not fit the numbers",
        why="The type code is that of a C variable. It takes no float where it is for whole numbers, which shows at "
        "once or, in a worker, when the first fraction comes; and a number too large wraps round without any error.",
        how="The literal type of a Value, RawValue, Array or RawArray against what it begins with and is assigned: "
        "floats (literals, divisions, clocks) for whole numbers, literals and nanoseconds beyond its range, Python "
        "types in place of a code, and pointers.",
        bad="""
            from multiprocessing import Value

            if __name__ == "__main__":
                share = Value("i", 0)
                share.value = 1 / 2
                print(share.value)
        """,
        good="""
            from multiprocessing import Value

            if __name__ == "__main__":
                share = Value("d", 0)
                share.value = 1 / 2
                print(share.value)
        """,
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Value",
            "https://docs.python.org/3/library/array.html",
        ),
    ),
)
