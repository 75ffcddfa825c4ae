"""Ratios on a busy machine: every case in slices, interleaved in one process, the least of many passes a slice."""

import time
from collections.abc import Callable

import numpy as np

__all__ = ["interleaved"]


def interleaved(
    cases: dict[str, Callable[[int], None]],
    slices: int,
    passes: int,
    clock: Callable[[], float] = time.thread_time,
) -> dict[str, float]:
    """Time each case over all slices; a slice of 0.3-3 ms slips between the neighbours' turns.

    The cases take the slices in turn, each starting elsewhere, so that none inherits another's warm cache.
    ``thread_time`` is right for one thread; several threads need ``perf_counter``.

    Returns
    -------
    dict
        Case -> seconds for all slices.
    """
    best = {name: np.full(slices, np.inf) for name in cases}
    for run in cases.values():
        run(0)
    for _ in range(passes):
        for turn in range(slices):
            for place, (name, run) in enumerate(cases.items()):
                part = (turn + place * slices // len(cases)) % slices
                before = clock()
                run(part)
                best[name][part] = min(best[name][part], clock() - before)
    return {name: float(times.sum()) for name, times in best.items()}
