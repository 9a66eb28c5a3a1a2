"""Leases: which clients keep the engine alive."""

from __future__ import annotations

import secrets
import threading
import time

from engine.api.errors import NotFound
from engine.api.protocol import Lease

_STARTER = "starter"


class Leases:
    """The leases of all clients. Thread-safe."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        # the client that started the engine may take a while to request its lease
        self._until: dict[str, float] = {_STARTER: time.monotonic() + seconds}
        self._last_end = time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> Lease:
        lease = Lease(secrets.token_hex(16), self.seconds)
        with self._lock:
            self._until.pop(_STARTER, None)
            self._until[lease.id] = time.monotonic() + self.seconds
        return lease

    def renew(self, id: str) -> Lease:
        """Raises NotFound if the lease has ended."""
        with self._lock:
            if id not in self._until:
                raise NotFound("lease_unknown", "There is no such lease, or it has expired.", "Request a new one.")
            self._until[id] = time.monotonic() + self.seconds
        return Lease(id, self.seconds)

    def give_back(self, id: str) -> None:
        with self._lock:
            self._until.pop(id, None)
            self._last_end = time.monotonic()

    def alone_for(self) -> float:
        """Seconds since the last lease ended; 0 while there is a lease."""
        now = time.monotonic()
        with self._lock:
            for id in [id for id, until in self._until.items() if until < now]:
                del self._until[id]
                self._last_end = now
            return 0.0 if self._until else now - self._last_end

    def __len__(self) -> int:
        return len(self._until) - (_STARTER in self._until)
