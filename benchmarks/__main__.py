"""`python -m benchmarks`: measure every figure, print a row for each, and end with `N met, N missed`.

Each module of this package may have `figures() -> Iterator[Figure]`; it is run alone, one after the other, so that
the figures do not disturb each other.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main() -> int:
    met = missed = 0
    for module_info in pkgutil.iter_modules(benchmarks.__path__):
        if module_info.name == "__main__":
            continue
        module = importlib.import_module(f"benchmarks.{module_info.name}")
        for figure in module.figures():
            print(figure, flush=True)
            met, missed = met + figure.met, missed + (not figure.met)
    print(f"{met} met, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
