"""Run benchmarks and print one table: ``python -m tests.benchmarks [NAME ...]``."""

import importlib
import pkgutil
import sys
from pathlib import Path

NOT_BENCHMARKS = ("__main__", "timing")


def names() -> list[str]:
    """Modules of this folder that have ``rows() -> [(name, value, target, note), ...]``."""
    return sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name not in NOT_BENCHMARKS)


def main(wanted: list[str]) -> int:
    known = names()
    for name in wanted:
        if name not in known:
            print(f"No benchmark is named {name!r}; there are {', '.join(known)}.", file=sys.stderr)
            return 2
    print(f"{'benchmark':12s} {'case':58s} {'value':>12s} {'target':>12s}  note")
    for name in wanted or known:
        for case, value, target, note in importlib.import_module(f"tests.benchmarks.{name}").rows():
            shown = f"{value:12.3g}" if isinstance(value, (int, float)) else f"{value:>12s}"
            print(f"{name:12s} {case:58s} {shown} {target!s:>12s}  {note}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
