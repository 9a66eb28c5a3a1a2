"""What is kept, and how long: results until they are acknowledged, or for some days and up to some size."""

from __future__ import annotations

import time

from engine.jobs.pictures import Pictures
from engine.jobs.store import Store

_DAY = 86_400.0


def sweep(store: Store, pictures: Pictures, keep_days: float, keep_bytes: int) -> None:
    """Forgets what is too old; of what is too much, the oldest. What a waiting job needs stays."""
    before = time.time() - keep_days * _DAY
    store.forget(before)
    used = store.pictures_in_use()
    free = [(at, size, pictures.remove, id) for at, size, id in pictures.by_age() if id not in used]
    results = [(at, size, store.remove_result, id) for at, size, id in store.old_results()]
    kept = sorted([*free, *results], key=lambda item: item[0])
    total = sum(size for _, size, _, _ in kept)
    for at, size, remove, id in kept:
        if at >= before and total <= keep_bytes:
            break
        remove(id)
        total -= size
