"""Retention: results are kept until they are acknowledged, within limits of age and size."""

from __future__ import annotations

import time

from engine.jobs.pictures import Pictures
from engine.jobs.store import Store

_DAY = 86_400.0


def sweep(store: Store, pictures: Pictures, keep_days: float, keep_bytes: int) -> None:
    """Removes what is too old, and then the oldest entries while the total size is too large. Keeps whatever a waiting
    job needs."""
    before = time.time() - keep_days * _DAY
    store.forget(before)
    used = store.pictures_in_use()
    unused = [(at, size, pictures.remove, id) for at, size, id in pictures.by_age() if id not in used]
    results = [(at, size, store.remove_result, id) for at, size, id in store.old_results()]
    entries = sorted([*unused, *results], key=lambda item: item[0])
    total = sum(size for _, size, _, _ in entries)
    for at, size, remove, id in entries:
        if at >= before and total <= keep_bytes:
            break
        remove(id)
        total -= size
