"""Code to paste: the choice, written for each library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mpdiag.sizer.settings import INTERPRETERS, LOOP, THREADS, Setting

#: Columns of a line, in a body of two blocks.
WIDTH = 70


@dataclass(frozen=True)
class Names:
    """What the user named.

    Attributes:
        target: the function, as ``pkg.mod:name`` or ``file.py:name``.
        items: what makes the items; None for calls of several arguments.
        setup: what prepares a process.
        default: the start method that the interpreter takes by itself.
        named: whether calls give their arguments by name.
    """

    target: str
    items: str | None
    setup: str | None
    default: str | None
    named: bool = False

    @property
    def function(self) -> str:
        """What the function is called once imported."""
        return self.target.rpartition(":")[2]

    @property
    def caller(self) -> str:
        """What takes one item, or all arguments of a call."""
        return "one" if self.named else self.function

    @property
    def spread(self) -> bool:
        """Whether an item is a tuple of arguments."""
        return not self.items and not self.named

    @property
    def helper(self) -> list[str]:
        """The lines that define what takes a call by names, as workers need to find it."""
        return ["", "", "def one(call):", f"    return {self.function}(**call)", ""] if self.named else []

    @property
    def imports(self) -> list[str]:
        """The lines that import it all."""
        wanted: dict[str, list[str]] = {}
        for name in filter(None, (self.target, self.items, self.setup)):
            source, _, attribute = name.rpartition(":")
            module = Path(source).stem if source.endswith(".py") else source
            first = attribute.partition(".")[0]
            if first not in wanted.setdefault(module, []):
                wanted[module].append(first)
        return [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(wanted.items())]

    @property
    def each(self) -> str:
        """The expression that gives the items."""
        return f"{self.items.rpartition(':')[2]}()" if self.items else "calls"


def futures(setting: Setting, names: Names) -> list[str]:
    """For ``concurrent.futures``."""
    kinds = {THREADS: "ThreadPoolExecutor", INTERPRETERS: "InterpreterPoolExecutor"}
    name = kinds.get(setting.kind, "ProcessPoolExecutor")
    imports = [f"from concurrent.futures import {name}"]
    arguments = [f"max_workers={setting.workers}"]
    if setting.processes and setting.kind != names.default:
        imports.append("from multiprocessing import get_context")
        arguments.append(f'mp_context=get_context("{setting.kind}")')
    arguments += initializer(setting, names)
    items = "*zip(*calls)" if names.spread else names.each
    given = [names.caller, items, *([f"chunksize={setting.chunk}"] if setting.chunk > 1 else [])]
    return program(
        setting,
        imports,
        names,
        [*call(f"with {name}(", arguments, ") as pool:"), *within("results = list(pool.map(", given, "))")],
    )


def pool(setting: Setting, names: Names) -> list[str]:
    """For ``multiprocessing.Pool``, or its pool of threads."""
    if setting.kind == THREADS:
        imports, made = ["from multiprocessing.pool import ThreadPool"], "ThreadPool"
    elif setting.processes and setting.kind != names.default:
        imports, made = ["from multiprocessing import get_context"], f'get_context("{setting.kind}").Pool'
    else:
        imports, made = ["from multiprocessing import Pool"], "Pool"
    arguments = [str(setting.workers), *initializer(setting, names)]
    ways = "starmap" if names.spread else "map"
    given = [names.caller, names.each, f"chunksize={setting.chunk}"]
    return program(
        setting,
        imports,
        names,
        [*call(f"with {made}(", arguments, ") as pool:"), *within(f"results = pool.{ways}(", given, ")")],
    )


def joblib(setting: Setting, names: Names) -> list[str]:
    """For joblib, whose processes are those of loky."""
    arguments = [f"n_jobs={setting.workers}"]
    if setting.kind == THREADS:
        arguments.append('prefer="threads"')
    elif setting.chunk > 1:
        arguments.append(f"batch_size={setting.chunk}")
    each = f"delayed({names.caller})({'*item' if names.spread else 'item'}) for item in {names.each}"
    body = [f"results = Parallel({', '.join(arguments)})(", f"    {each}", ")"]
    return program(setting, ["from joblib import Parallel, delayed"], names, body)


def call(head: str, arguments: list[str], tail: str) -> list[str]:
    """A call on one line, or an argument a line where that is too long."""
    line = f"{head}{', '.join(arguments)}{tail}"
    if len(line) <= WIDTH:
        return [line]
    return [head, *(f"    {argument}," for argument in arguments), tail]


def within(head: str, arguments: list[str], tail: str) -> list[str]:
    """As `call`, in the body of a with statement."""
    return [f"    {line}" for line in call(head, arguments, tail)]


def initializer(setting: Setting, names: Names) -> list[str]:
    """The argument that names the initializer, where workers have to be prepared."""
    return [f"initializer={names.setup.rpartition(':')[2]}"] if names.setup and setting.processes else []


def program(setting: Setting, imports: list[str], names: Names, body: list[str]) -> list[str]:
    """The whole: imports, and what is done under the main guard."""
    environment = [
        "import os",
        "",
        'for name in ("OMP", "OPENBLAS", "MKL"):  # before anything else is imported',
        f'    os.environ[f"{{name}}_NUM_THREADS"] = "{setting.native}"',
        "",
    ]
    each = "dict" if names.named else "tuple"
    given = [] if names.items else [f"    calls = [...]  # a {each} of arguments for each call"]
    return [
        *(environment if setting.native else []),
        *imports,
        "",
        *names.imports,
        *names.helper,
        "",
        'if __name__ == "__main__":',
        *given,
        *(f"    {line}" for line in body),
    ]


#: The libraries, by what their section is called.
LIBRARIES: Final[dict[str, Callable[[Setting, Names], list[str]]]] = {
    "concurrent.futures": futures,
    "multiprocessing.Pool": pool,
    "joblib": joblib,
}


def written(setting: Setting, names: Names) -> dict[str, list[str]]:
    """The code for each library that can do it; for a loop there is nothing to paste."""
    if setting.kind == LOOP:
        return {}
    fit = dict(LIBRARIES) if setting.kind != INTERPRETERS else {"concurrent.futures": futures}
    if initializer(setting, names):
        fit.pop("joblib", None)  # it takes none
    return {library: write(setting, names) for library, write in fit.items()}
