"""``python -m benchmarks [NAME...] [--quick] [--strict]``: every ``bench_*.py``, or the ones named.

A benchmark is a module ``bench_NAME`` with ``run(*, quick: bool) -> list[Measure]``, or with ``main(arguments) -> int``
if it prints a table of its own: not 0 if a limit is exceeded.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from benchmarks.report import table


def main() -> int:
    known = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast the desk is.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(known)} (all of them)")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--strict", action="store_true", help="fail if a limit is exceeded")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(known):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    over: list[str] = []
    for name in asked.names or known:
        print(f"== {name}", flush=True)
        module = importlib.import_module(f"benchmarks.bench_{name}")
        if not hasattr(module, "run"):
            over += [name] if module.main([]) else []
            continue
        found = module.run(quick=asked.quick)
        print(table(found), flush=True)
        over += [measure.name for measure in found if measure.over]
    if over:
        print(f"{len(over)} over the limit: {', '.join(over)}")
    return 1 if over and asked.strict else 0


if __name__ == "__main__":
    sys.exit(main())
