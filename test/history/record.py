"""Histories: collected while clients run, kept as lines of JSON, checked.

    history = History()
    with history.call("register", key, "write", value, client) as call:
        rpc(...)                 # an exception leaves the outcome unknown
    history.save(path)
    problems = check(load(path))

A line has the fields of checker.Op, `model` and `key`; the end of a call of
unknown outcome is null. Models: "register" (a key of many writers), "session"
(a key of one writer, in `key` with its reader), "insert" and "count" (a
collection that only grows).
"""
import collections
import contextlib
import json
import math
import threading
import time

import checker
from checker import Op


class Call:
    def __init__(self, value):
        self.value = value
        self.is_dropped = False

    def drop(self):
        """It told nothing, and did nothing."""
        self.is_dropped = True


class History:
    def __init__(self):
        self._lock = threading.Lock()
        self.lines = []

    def add(self, model, key, op):
        with self._lock:
            self.lines.append((model, key, op))

    @contextlib.contextmanager
    def call(self, model, keys, kind, value, client):
        """One call that touches each of `keys`. A reader replaces call.value:
        a dict by key."""
        call = Call(value)
        start, end = time.monotonic(), math.inf
        try:
            yield call
            end = time.monotonic()
        finally:
            is_useless = kind in ("read", "count") and end == math.inf
            if not call.is_dropped and not is_useless:
                for key in keys:
                    seen = (call.value[key] if isinstance(call.value, dict)
                            else call.value)
                    self.add(model, key, Op(kind, start, end, seen, client))

    def save(self, path):
        with open(path, "w", encoding="utf-8") as out:
            for model, key, op in self.lines:
                out.write(json.dumps({
                    "model": model, "key": key, "kind": op.kind,
                    "start": op.start,
                    "end": op.end if op.is_known else None,
                    "value": op.value, "client": op.client}) + "\n")


def load(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            end = math.inf if entry["end"] is None else entry["end"]
            yield entry["model"], entry["key"], Op(
                entry["kind"], entry["start"], end, entry["value"],
                entry["client"])


def check(lines):
    """What is wrong, in words; an empty list if nothing is."""
    keys = collections.defaultdict(lambda: collections.defaultdict(list))
    for model, key, op in lines:
        keys[model][key].append(op)
    problems = []

    def note(key, problem):
        if problem is not None:
            problems.append(f"{key}: {problem}")

    for key, ops in keys["register"].items():
        note(f"register {key}", checker.linearizable(ops))
    for key, ops in keys["session"].items():
        writes = [op for op in ops if op.kind == "write"]
        reads = [op for op in ops if op.kind == "read"]
        note(f"session {key}", checker.not_from_the_future(writes, reads))
        by_client = collections.defaultdict(list)
        for op in sorted(ops, key=lambda op: op.start):
            by_client[op.client].append(op)
        for client, calls in by_client.items():
            note(f"session {key} of client {client}", checker.session(calls))
    for key in keys["count"]:
        note(f"count {key}", checker.counts(keys["insert"][key],
                                            keys["count"][key]))
    return problems
