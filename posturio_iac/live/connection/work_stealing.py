"""Work for threads: idle threads help, so that none waits for work that has not begun, and results are taken as they come."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Executor

T = TypeVar("T")
R = TypeVar("R")


def together(pool: Executor | None, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """The result of ``work`` for each item, in order; the calling thread itself does what the pool has not begun.

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


def as_finished(workers: int, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Yield the result of ``work`` for each item as it is finished; at most ``workers`` items are under way, and no result is kept."""
    pool = ThreadPoolExecutor(max(workers, 1))
    try:
        waiting: set[Future[R]] = set()
        for item in items:
            waiting.add(pool.submit(work, item))
            del item
            yield from _finished(waiting, 0 if len(waiting) < workers else None)
        while waiting:
            yield from _finished(waiting, None)
    finally:
        pool.shutdown(cancel_futures=True)


def _finished(waiting: set[Future[R]], timeout: float | None) -> Iterator[R]:
    """Take finished results as soon as there is one, or nothing after ``seconds``."""
    done = wait(waiting, timeout, FIRST_COMPLETED).done
    waiting -= done
    while done:
        yield done.pop().result()
