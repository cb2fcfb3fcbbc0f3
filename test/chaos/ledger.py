"""What the server owes: every acknowledged write, and the doubt about the rest.

A key belongs to one writer at a time, so the writes of a key have an order. Its
state is the set of values that it may have: one after an acknowledgement, more
while an outcome is unknown. ABSENT stands for no row.

    with ledger.change([key], new_value) as change:   # in flight
        rpc(...)
        change.acknowledge()

Without acknowledge() the old and the new value are both allowed until a read
after the next start settles the key (settle()).
"""
import contextlib
import threading

ABSENT = None


class Broken(AssertionError):
    """The server does not show what it acknowledged."""


class Change:
    def __init__(self):
        self.acknowledged = False

    def acknowledge(self):
        self.acknowledged = True


class Ledger:
    def __init__(self):
        self._lock = threading.Lock()
        self._allowed = {}  # key -> set of values
        self._open = set()  # keys in flight, or never acknowledged
        self._deleted = set()  # some of the others
        self.acknowledged = 0

    @contextlib.contextmanager
    def change(self, keys, value):
        """value: the same for all keys, or a function of the key."""
        values = {key: value(key) if callable(value) else value
                  for key in keys}
        with self._lock:
            for key, new in values.items():
                self._allowed.setdefault(key, {ABSENT}).add(new)
            self._open.update(values)
        change = Change()
        try:
            yield change
        finally:
            if change.acknowledged:
                with self._lock:
                    self.acknowledged += 1
                    for key, new in values.items():
                        self._allowed[key] = {new}
                    self._open.difference_update(values)
                    self._deleted.update(key for key, new in values.items()
                                         if new is ABSENT)

    def keys(self):
        with self._lock:
            return list(self._allowed)

    def allowed(self, key):
        with self._lock:
            return set(self._allowed.get(key, {ABSENT}))

    def settle(self, found):
        """Compares with all rows of the server ({key: value}); what was in
        doubt is from now on what was found. Keys without a row are forgotten:
        if one comes back, it is a row that nobody wrote."""
        with self._lock:
            strangers = found.keys() - self._allowed.keys()
            if strangers:
                raise Broken("rows that nobody wrote, or that were deleted "
                             f"before the last kill: {sorted(strangers)[:10]}")
            for key, allowed in self._allowed.items():
                value = found.get(key, ABSENT)
                if value not in allowed:
                    raise Broken(self._explain(key, value, allowed))
            for key in self._open:
                self._allowed[key] = {found.get(key, ABSENT)}
            for key in self._open | self._deleted:
                if self._allowed[key] == {ABSENT}:
                    del self._allowed[key]
            self._open.clear()
            self._deleted.clear()

    def settled(self):
        """{key: value} of all rows. Only when nothing is in doubt."""
        with self._lock:
            return {key: next(iter(allowed))
                    for key, allowed in self._allowed.items()}

    @staticmethod
    def _explain(key, value, allowed):
        if value is ABSENT:
            return f"key {key} is lost; it must have {sorted(map(str, allowed))}"
        if allowed == {ABSENT}:
            return f"key {key} is back with {value} after an acknowledged delete"
        return (f"key {key} has {value}; allowed are "
                f"{sorted(map(str, allowed))}")

    def in_doubt(self):
        with self._lock:
            return sum(len(self._allowed[key]) > 1 for key in self._open)
