"""Results kept while there is room, made once however many ask for them at the same time."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any

from models.kernel import Cancelled

__all__ = ["ByteCache"]


class ByteCache:
    """Arrays by key, the least recently used dropped when their bytes exceed a limit. Safe for many threads.

    Parameters
    ----------
    limit : int
        Bytes kept. One value larger than that is handed out, not kept.
    """

    def __init__(self, limit: int):
        self.limit = limit
        self.bytes = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._making: dict[Hashable, Future] = {}

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._kept

    def __len__(self) -> int:
        with self._lock:
            return len(self._kept)

    def keys(self) -> list[Hashable]:
        """Return the keys of what is kept, the least recently used first."""
        with self._lock:
            return list(self._kept)

    def get(self, key: Hashable, make: Callable[[], Any], size: Callable[[Any], int]) -> Any:
        """Return the value of ``key``; make it if it is not kept, or wait for who makes it already.

        Parameters
        ----------
        key : hashable
            Everything the value hangs on.
        make : callable
            Returns the value. What it raises goes to the one who asked; the others try for themselves.
        size : callable
            Bytes of a value.
        """
        while True:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key][0]
                future = self._making.get(key)
                mine = future is None
                if mine:
                    future = self._making[key] = Future()
            if mine:
                return self._make(key, make, size, future)
            try:
                return future.result()
            except Cancelled:
                continue  # its maker was called back; we were not

    def _make(self, key: Hashable, make: Callable[[], Any], size: Callable[[Any], int], future: Future) -> Any:
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                del self._making[key]
            future.set_exception(error)
            raise
        weight = size(value)
        with self._lock:
            del self._making[key]
            if weight <= self.limit:
                self._kept[key] = (value, weight)
                self.bytes += weight
            while self.bytes > self.limit:
                _, (_, dropped) = self._kept.popitem(last=False)
                self.bytes -= dropped
        future.set_result(value)
        return value
