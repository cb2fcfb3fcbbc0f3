"""What a history of concurrent calls may look like. Pure functions: they know
nothing of servers, so that wrong histories can be shown to them.

An Op is one call as its client saw it. `end` is math.inf while nobody knows
whether the call took place: it may do so at any time after its start, or never.

    linearizable(ops)       one register, many clients
    session(ops)            one client: its own writes, and never backwards
    counts(inserts, reads)  count(*) of a collection that only grows

Each returns None, or words that say what is wrong.

Source: J. Wing, C. Gong, "Testing and Verifying Concurrent Objects", JPDC 1993;
G. Lowe, "Testing for Linearizability", 2017, for remembering configurations.
"""
import dataclasses
import math
from typing import Any

ABSENT = None


@dataclasses.dataclass(frozen=True)
class Op:
    kind: str           # "write", "delete_if" or "read"
    start: float
    end: float
    # write: what it leaves, ABSENT for a delete. read: what it saw.
    # delete_if: (divisor, rest), it deletes values with that rest.
    value: Any = ABSENT
    client: int = 0

    @property
    def is_known(self):
        return self.end != math.inf


def hits(op, state):
    """Does this delete_if delete it?"""
    divisor, rest = op.value
    return state is not ABSENT and state % divisor == rest


def result_of(op, state):
    """The state behind the operation, or raises KeyError if it cannot stand
    here."""
    if op.kind == "write":
        return op.value
    if op.kind == "delete_if":
        return ABSENT if hits(op, state) else state
    if op.value != state:
        raise KeyError(op)
    return state


def hashable(op):
    """A history that was kept has lists for pairs."""
    if op.kind != "delete_if":
        return op
    return dataclasses.replace(op, value=tuple(op.value))


def describe(op):
    end = f"{op.end:.6f}" if op.is_known else "?"
    return (f"client {op.client} {op.kind} {op.value} "
            f"[{op.start:.6f}, {end}]")


class _Search:
    """Looks for an order of the operations that agrees with time and with a
    register that is ABSENT at first."""

    def __init__(self, ops):
        self.ops = sorted((hashable(op) for op in ops
                           if op.is_known or op.kind != "read"),
                          key=lambda op: (op.start, op.end))
        self.needed = sum(1 << i for i, op in enumerate(self.ops)
                          if op.is_known)
        self.best = 0  # the longest good beginning, as a set

    def candidates(self, done):
        """Those that may come next: started before all others ended."""
        found, first_end = [], math.inf
        first = (~done & done + 1).bit_length() - 1
        for i in range(first, len(self.ops)):
            op = self.ops[i]
            if op.start > first_end:
                break
            if not done >> i & 1:
                found.append(i)
                first_end = min(first_end, op.end)
        return [i for i in found if self.ops[i].start <= first_end]

    def useful(self, candidates, state):
        """Those of unknown outcome that matter if they took place now, one of
        each kind. An order that needs one more can do with it later: it passes
        over all but a read that sees what it leaves, and a write that takes
        what it leaves away."""
        known = [self.ops[i] for i in candidates if self.ops[i].is_known]
        lost = {self.ops[i].value: i for i in candidates[::-1]
                if not self.ops[i].is_known}
        is_absent_seen = any(op.kind == "read" and op.value is ABSENT
                             for op in known)
        deletes = [op for op in known if op.kind == "delete_if"]
        if is_absent_seen:
            deletes += [self.ops[i] for i in lost.values()
                        if self.ops[i].kind == "delete_if"]
        read = {op.value for op in known if op.kind == "read"}
        for value, i in lost.items():
            if self.ops[i].kind == "delete_if":
                if is_absent_seen and hits(self.ops[i], state):
                    yield i
            elif value in read or any(hits(op, value) for op in deletes):
                yield i

    def step(self, done, state):
        """The configurations that may follow."""
        following = []
        candidates = self.candidates(done)
        for i in candidates:
            op = self.ops[i]
            if not op.is_known:
                continue
            try:
                after = result_of(op, state)
            except KeyError:
                continue
            if op.kind == "read":
                # It changes nothing: if it can stand here, it may.
                return [(done | 1 << i, after)]
            following.append((done | 1 << i, after))
        return [(done | 1 << i, result_of(self.ops[i], state))
                for i in self.useful(candidates, state)] + following

    def run(self):
        stack, seen = [(0, ABSENT)], set()
        while stack:
            done, state = stack.pop()
            if done & self.needed == self.needed:
                return True
            if (done & self.needed).bit_count() > \
                    (self.best & self.needed).bit_count():
                self.best = done
            for after in self.step(done, state):
                if after not in seen:
                    seen.add(after)
                    stack.append(after)
        return False


def linearizable(ops):
    search = _Search(ops)
    if search.run():
        return None
    stuck = [describe(search.ops[i]) for i in search.candidates(search.best)]
    done = [describe(op) for i, op in enumerate(search.ops)
            if search.best >> i & 1][-8:]
    return ("no order explains what was seen; after\n  "
            + "\n  ".join(done) + "\nnone of these can be next\n  "
            + "\n  ".join(stuck))


def session(ops):
    """`ops`: the calls of one session on one key, in the order in which they
    were made. The key's values only rise; ABSENT comes before all."""
    floor, why = -math.inf, "nothing"
    for op in ops:
        if op.kind == "write":
            if op.is_known:
                floor, why = op.value, describe(op)
            continue
        seen = -math.inf if op.value is ABSENT else op.value
        if seen < floor:
            return f"{describe(op)} is older than {why}"
        floor, why = seen, describe(op)
    return None


def not_from_the_future(writes, reads):
    """Every value was being written before the read that saw it ended."""
    started = {op.value: op.start for op in writes}
    for op in reads:
        if op.value is ABSENT:
            continue
        if started.get(op.value, math.inf) > op.end:
            return f"{describe(op)} saw what nobody had written"
    return None


def counts(inserts, reads):
    """`inserts`: value = rows of an atomic batch; batches are of one size.
    `reads`: value = what count(*) said."""
    size = inserts[0].value if inserts else 1
    highest, ended = [], sorted(reads, key=lambda op: op.end)
    for op in ended:
        highest.append(max(op.value, highest[-1] if highest else 0))
    for op in reads:
        least = sum(i.value for i in inserts if i.end < op.start)
        most = sum(i.value for i in inserts if i.start < op.end)
        if not least <= op.value <= most:
            return f"{describe(op)} is not within [{least}, {most}]"
        if op.value % size != 0:
            return f"{describe(op)} shows a part of a batch of {size}"
    position, before = 0, 0
    for op in sorted(reads, key=lambda op: op.start):
        while ended[position].end < op.start:
            before = highest[position]
            position += 1
        if op.value < before:
            return f"{describe(op)} is less than {before}, seen before"
    return None
