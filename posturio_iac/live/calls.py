"""What calls cost: a budget that counts them by operation, and a bucket of tokens that spreads them over time."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

RATE = 20.0
"""Calls a second to one account. AWS does not publish how many IAM allows; with more, other users of the account feel it."""
BURST = 40


class Bucket:
    """Lets through ``burst`` calls at once and ``rate`` calls a second after that. Threads may share it."""

    def __init__(
        self,
        rate: float = RATE,
        burst: int = BURST,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Start full."""
        self.rate, self.burst, self._clock, self._sleep = rate, burst, clock, sleep
        self._tokens, self._filled = float(burst), clock()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for a token and take it; tokens that are owed make those who come later wait longer."""
        with self._lock:
            now = self._clock()
            self._tokens = min(float(self.burst), self._tokens + (now - self._filled) * self.rate) - 1
            self._filled = now
            owed = -self._tokens / self.rate
        if owed > 0:
            self._sleep(owed)


class Budget:
    """Counts the requests that were sent, retries included. Threads may share it."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def spend(self, operation: str) -> None:
        """Count one request."""
        with self._lock:
            self._counts[operation] += 1

    @property
    def counts(self) -> dict[str, int]:
        """Requests by operation, such as ``iam:ListAccessKeys``."""
        with self._lock:
            return dict(self._counts)

    def line(self) -> str:
        """One line for a reader: how many requests, and for what, the most frequent first."""
        counts = sorted(self.counts.items(), key=lambda entry: (-entry[1], entry[0]))
        total = sum(number for _, number in counts)
        detail = ", ".join(f"{name} {number}" for name, number in counts)
        return f"{total} call{'' if total == 1 else 's'} to AWS{': ' if detail else ''}{detail}"
