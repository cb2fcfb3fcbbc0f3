#!/usr/bin/env python3
"""Lets concurrent clients loose on a server with two proxies, records what each
of them saw, and checks that it can be explained.

    drive.py [--seconds 60] [--kills 3] [--seed N] [--role-calls direct|wire]
    drive.py --check FILE          a history that was kept

Strong: keys in four shards, and groups of keys in one shard that are written,
deleted and read as one, are linearizable; count(*) of a growing collection
shows whole batches and never less than before; each call goes to either proxy.
Session: each client, at one proxy, sees its own writes and never goes back.
Beside them the server flushes, compacts, and is killed and started again.

Ends with figures, or with what cannot be explained (exit status 1; the history
is kept and named).
"""
import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "test/e2e"),
                str(pathlib.Path(__file__).parent)]

import grpc  # noqa: E402

from checker import ABSENT  # noqa: E402
from elanus_process import ElanusProcess, free_ports  # noqa: E402
from raw import (SESSION, STRONG, Api, ApiError, DataType,  # noqa: E402
                 field, floats, int64_key, longs, ok, values_of, vector)
from record import History, check, load  # noqa: E402

GROUP = 6       # keys that are written together
BATCH = 5       # rows of an insert that is counted
LIFE = 60       # calls after which a key is left for a fresh one
DIVISOR = 4


def columns(keys, value):
    return [longs("id", keys), longs("v", [value] * len(keys)),
            floats("embedding", [[1.0, 2.0]] * len(keys))]


def was_not_sent(error):
    """The call never left its client: while a server is down there are many."""
    return (error.code() == grpc.StatusCode.UNAVAILABLE
            and "failed to connect" in (error.details() or ""))


class TwoProxies(ElanusProcess):
    """two_proxies.cc: a standalone server and a second proxy."""

    def __init__(self, binary, folder, **options):
        first, self.second_port, management = free_ports(3)
        super().__init__(binary, folder, port=first,
                         management_port=management, **options)

    @property
    def addresses(self):
        return [self.address, f"127.0.0.1:{self.second_port}"]

    def command(self):
        return [self.binary, str(self.folder), self.role_calls,
                str(self.port), str(self.second_port),
                str(self.management_port)]


class Client(threading.Thread):
    """Calls step() until told to stop; a call that fails is forgotten or of
    unknown outcome, as the history says."""

    def __init__(self, drive, number):
        super().__init__(daemon=True)
        self.drive = drive
        self.number = number
        self.history = drive.history
        self.apis = [Api(address, timeout=20)
                     for address in drive.server.addresses]
        self.random = random.Random(drive.random.random())
        self.failure = None

    @property
    def api(self):
        """Another proxy at every other call."""
        return self.random.choice(self.apis)

    def run(self):
        try:
            while not self.drive.over.is_set():
                try:
                    self.step()
                except (grpc.RpcError, ApiError) as error:
                    self.drive.note_failure(error)
                    time.sleep(0.05)
        except Exception as error:  # noqa: BLE001 - reported by the drive
            self.failure = error
        finally:
            for api in self.apis:
                api.close()

    @contextlib.contextmanager
    def call(self, model, keys, kind, value=ABSENT):
        with self.history.call(model, keys, kind, value, self.number) as call:
            try:
                yield call
            except grpc.RpcError as error:
                if was_not_sent(error):
                    call.drop()
                raise

    def read(self, name, keys):
        """{key: value}"""
        return self.read_at(name, keys)[0]

    def read_at(self, name, keys, **consistency):
        """({key: value}, the time that the answer brings)"""
        reply = ok(self.api.query(name, f"id in {list(keys)}", ["id", "v"],
                                  **consistency))
        ids, values = values_of(reply, "id"), values_of(reply, "v")
        if len(set(ids)) != len(ids):
            raise AssertionError(f"a query gave a key twice: {ids}")
        found = dict(zip(ids, values))
        return ({key: found.get(key, ABSENT) for key in keys},
                reply.session_ts)


class Registers(Client):
    """Single keys of several shards, shared by all clients of the kind."""
    NAME = "registers"

    def keys(self):
        return self.drive.hot.some(self.random, self.random.randint(1, 3))

    def step(self):
        verb = self.random.choices(
            (self.get, self.upsert, self.delete, self.delete_if, self.insert),
            (45, 30, 8, 9, 8))[0]
        verb()

    def get(self):
        keys = self.keys()
        with self.call("register", keys, "read") as call:
            call.value = self.read(self.NAME, keys)

    def upsert(self):
        keys, value = self.keys(), self.drive.next_value()
        with self.call("register", keys, "write", value):
            ok(self.api.upsert(self.NAME, columns(keys, value), len(keys)))

    def delete(self):
        keys = self.keys()
        with self.call("register", keys, "write", ABSENT):
            ok(self.api.delete(self.NAME, f"id in {keys}"))

    def delete_if(self):
        keys, rest = self.keys(), self.random.randrange(DIVISOR)
        with self.call("register", keys, "delete_if", [DIVISOR, rest]):
            ok(self.api.delete(
                self.NAME, f"id in {keys} and v % {DIVISOR} == {rest}"))

    def insert(self):
        """A key that nobody else knows before it is there."""
        key, value = self.drive.hot.fresh(), self.drive.next_value()
        with self.call("register", [key], "write", value):
            ok(self.api.insert(self.NAME, columns([key], value), 1))
        self.drive.hot.publish(key)


class Groups(Client):
    """Keys of one shard that change as one: no read sees a part."""
    NAME = "groups"

    def step(self):
        self.group = self.drive.group(self.random)
        self.keys = [self.group * GROUP + i for i in range(GROUP)]
        verb = self.random.choices(
            (self.get, self.count, self.upsert, self.delete,
             self.delete_filter), (40, 15, 30, 8, 7))[0]
        verb()

    def change(self, kind, value=ABSENT):
        return self.call("register", [f"group {self.group}"], kind, value)

    def get(self):
        with self.change("read") as call:
            seen = set(self.read(self.NAME, self.keys).values())
            if len(seen) != 1:
                self.drive.problems.append(
                    f"group {self.group} was seen in part: {seen}")
                call.drop()
            call.value = seen.pop()

    def count(self):
        low = self.keys[0]
        counted = self.api.count(
            self.NAME, f"id >= {low} and id < {low + GROUP}")
        if counted not in (0, GROUP):
            self.drive.problems.append(
                f"group {self.group} was counted in part: {counted}")

    def upsert(self):
        value = self.drive.next_value()
        with self.change("write", value):
            ok(self.api.upsert(self.NAME, columns(self.keys, value), GROUP))

    def delete(self):
        with self.change("write", ABSENT):
            ok(self.api.delete(self.NAME, f"id in {self.keys}"))

    def delete_filter(self):
        low, rest = self.keys[0], self.random.randrange(DIVISOR)
        with self.change("delete_if", [DIVISOR, rest]):
            ok(self.api.delete(
                self.NAME, f"id >= {low} and id < {low + GROUP} "
                           f"and v % {DIVISOR} == {rest}"))


class Counters(Client):
    """Batches that are inserted, and count(*)."""
    NAME = "counted"

    def step(self):
        if self.random.random() < 0.5:
            first = self.drive.next_value() * BATCH
            keys = list(range(first, first + BATCH))
            with self.call("insert", [self.NAME], "insert", BATCH):
                ok(self.api.insert(self.NAME, columns(keys, 0), BATCH))
        else:
            with self.call("count", [self.NAME], "count") as call:
                call.value = self.api.count(self.NAME)


class Sessions(Client):
    """Each writes keys of its own, and reads its own and those of others, all
    through one proxy: what went through the other it would not wait for. It
    tells the server the newest time that an answer has brought."""
    NAME = "sessions"
    KEYS = 4

    def __init__(self, drive, number):
        super().__init__(drive, number)
        self.time = 0

    @property
    def api(self):
        return self.apis[self.number % len(self.apis)]

    def key(self, client):
        return client * 1000 + self.random.randrange(self.KEYS)

    def step(self):
        if self.random.random() < 0.4:
            keys, value = [self.key(self.number)], self.drive.next_value()
            with self.call("session", keys, "write", value):
                written = ok(self.api.upsert(
                    self.NAME, columns(keys, value), 1))
            self.time = max(self.time, written.timestamp)
        keys = sorted({self.key(self.number),
                       self.key(self.random.choice(self.drive.sessions))})
        with self.call("session", keys, "read") as call:
            call.value, time_seen = self.read_at(
                self.NAME, keys, level=SESSION, guarantee_timestamp=self.time)
        self.time = max(self.time, time_seen)


class Keeper(Client):
    """Flushes and compacts, so that rows move while they are read."""

    def step(self):
        name = self.random.choice(
            [kind.NAME for kind in (Registers, Groups, Counters, Sessions)])
        if self.random.random() < 0.7:
            ok(self.api.flush(name))
        else:
            described = ok(self.api("DescribeCollection",
                                    collection_name=name))
            ok(self.api("ManualCompaction", collection_name=name,
                        collectionID=described.collectionID))
        self.drive.over.wait(self.random.uniform(0, 0.5))


class HotKeys:
    """The keys that are fought over now. Each goes after some calls, so that no
    history of a key grows long."""

    def __init__(self, size):
        self._lock = threading.Lock()
        self._next = size
        self._calls = collections.Counter()
        self._keys = list(range(size))

    def fresh(self):
        with self._lock:
            self._next += 1
            return self._next

    def publish(self, key):
        with self._lock:
            self._keys.append(key)
            self._keys.pop(0)

    def some(self, chance, count):
        with self._lock:
            keys = sorted(chance.sample(self._keys, count))
            self._calls.update(keys)
            for key in keys:
                if self._calls[key] >= LIFE and key in self._keys:
                    self._next += 1
                    self._keys[self._keys.index(key)] = self._next
            return keys


class Drive:
    CLIENTS = [(Registers, 5), (Groups, 4), (Counters, 2), (Sessions, 3),
               (Keeper, 1)]

    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="elanus-history-"))
        self.server = TwoProxies(options.binary, self.home / "data",
                                 role_calls=options.role_calls)
        self.history = History()
        self.over = threading.Event()
        self.hot = HotKeys(size=8)
        self.sessions = []
        self.problems = []
        self.failures = collections.Counter()
        self._lock = threading.Lock()
        self._value = 0
        self._groups = 0

    def next_value(self):
        with self._lock:
            self._value += 1
            return self._value

    def group(self, chance):
        with self._lock:
            self._groups += 1
            return self._groups // LIFE * 2 + chance.randrange(2)

    def note_failure(self, error):
        what = (error.code().name if isinstance(error, grpc.RpcError)
                else str(error.code))
        with self._lock:
            self.failures[what] += 1

    def create(self):
        self.server.start()
        api = Api(self.server.address)
        for name, shards in ((Registers.NAME, 4), (Groups.NAME, 1),
                             (Counters.NAME, 1), (Sessions.NAME, 2)):
            ok(api.create(name, [int64_key(), field("v", DataType.Int64),
                                 vector(2)], shards=shards))
            ok(api.index(name))
            ok(api.load(name))
        api.close()

    def run(self):
        self.create()
        clients = [kind(self, 0) for kind, count in self.CLIENTS
                   for _ in range(count)]
        for number, client in enumerate(clients, 1):
            client.number = number
        self.sessions = [client.number for client in clients
                         if isinstance(client, Sessions)]
        for client in clients:
            client.start()
        for _ in range(self.options.kills):
            time.sleep(self.options.seconds / (self.options.kills + 1))
            self.server.kill()
            self.server.start()
        time.sleep(self.options.seconds / (self.options.kills + 1))
        if not self.server.running:
            self.problems.append("the server ended by itself with "
                                 f"{self.server.process.returncode}")
        self.over.set()
        for client in clients:
            client.join(60)
            if client.is_alive() or client.failure is not None:
                self.problems.append(f"{type(client).__name__}: "
                                     f"{client.failure or 'hangs'!r}")
        if self.server.running:
            self.server.terminate()

    def judge(self):
        path = self.home / "history.jsonl"
        self.history.save(path)
        self.problems += check(self.history.lines)
        known = sum(op.is_known for _, _, op in self.history.lines)
        if known < self.options.min_calls:
            self.problems.append(f"only {known} calls were answered")
        print(json.dumps({
            "seed": self.options.seed, "kills": self.options.kills,
            "role_calls": self.options.role_calls,
            "calls": len(self.history.lines),
            "unknown": len(self.history.lines) - known,
            "failures": dict(self.failures),
            "problems": len(self.problems)}), flush=True)
        if self.problems:
            print("\n".join(self.problems[:5]))
            print(f"kept: {path}")
            return 1
        shutil.rmtree(self.home)
        return 0


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int,
                        default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--min-calls", type=int, default=100)
    # Beside the server that the other tests run.
    parser.add_argument("--binary", default=pathlib.Path(os.environ.get(
        "ELANUS_BINARY", ROOT / "build/release/bin/elanus")).with_name(
            "two_proxies"))
    parser.add_argument("--role-calls", default=os.environ.get(
        "ELANUS_ROLE_CALLS", "direct"))
    parser.add_argument("--check")
    options = parser.parse_args(arguments)
    if options.check:
        problems = check(load(options.check))
        print("\n".join(problems) or "can be explained")
        return 1 if problems else 0
    drive = Drive(options)
    try:
        drive.run()
    finally:
        if drive.server.running:
            drive.server.kill()
    return drive.judge()


if __name__ == "__main__":
    sys.exit(main())
