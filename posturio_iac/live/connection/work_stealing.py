"""Work that idle threads may help with: no thread waits for another one that has not begun."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

T = TypeVar("T")
R = TypeVar("R")


def together(pool: Executor | None, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Return what ``work`` makes of each item, in order; the thread that asks does itself whatever the pool has not begun.

    So a thread of the pool may call this too: it only ever waits for work that is running elsewhere. The pool begins with the first
    items and this thread with the last, and they meet.
    """
    if pool is None:
        return [work(item) for item in items]
    futures = [pool.submit(work, item) for item in items]
    done: list[R] = []
    try:
        while futures and futures[-1].cancel():
            futures.pop()
            done.append(work(items[len(futures)]))
        return [future.result() for future in futures] + done[::-1]
    finally:
        for future in futures:
            future.cancel()
