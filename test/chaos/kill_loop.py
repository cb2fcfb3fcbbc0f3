#!/usr/bin/env python3
"""Kills the server again and again under load and compares every row with a
ledger kept outside of it.

    kill_loop.py --kills 50 [--seed N] [--role-calls direct|wire]
                 [--drop-unsynced]

Each round: writers insert, upsert, delete by key and by filter, while others
flush, compact, create and drop collections; kill -9 at a random moment; start;
a correct Strong search on the loaded collection within a second; then all rows,
count(*) and all collections are compared. What was acknowledged must be there
exactly, what was not may be there or not, and nothing may be half-made.

With --drop-unsynced most kills are power cuts: what was not synced is taken out
of the data before the next start (power_cut.py). Some starts are cut short, too,
and at times the power stays, so that the next server builds on what a later cut
may take. The library in between slows the server, so neither writes a second nor
the time of a recovery are judged.

Ends with a line of figures, or with what was wrong (exit status 1; the folder
with data and log is kept and named).
"""
import argparse
import collections
import itertools
import json
import os
import pathlib
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "test/e2e")]

import grpc  # noqa: E402

from elanus_process import ElanusProcess  # noqa: E402
from ledger import ABSENT, Broken, Ledger  # noqa: E402
from power_cut import ForgetfulFolder, Unmodelled  # noqa: E402
from raw import (Api, ApiError, DataType, field, floats, ids_of,  # noqa: E402
                 int64_key, longs, ok, values_of, vector)

NAME = "ledger"
DIM = 8
KEYS_OF_A_WRITER = 10_000_000
PAGE = 16384
# No server lives for a minute here. Half of them remove files all the same.
QUICK_UPKEEP = {"COMMON_RETENTIONDURATION": "0", "DATACOORD_GC_INTERVAL": "1",
                "DATACOORD_GC_DROPTOLERANCE": "1"}
MANY_ROWS = 2000  # of one writer: then the older of them go
KEPT_ROWS = 100   # but for these, which stay from kill to kill


def embedding(key, value):
    """Each version of a row has a place of its own."""
    place = random.Random(key * 1_000_003 + value)
    return [place.uniform(-1, 1) for _ in range(DIM)]


def columns(keys, value, owner):
    return [longs("id", keys), longs("v", [value] * len(keys)),
            longs("owner", [owner] * len(keys)),
            floats("embedding", [embedding(key, value) for key in keys])]


class Worker(threading.Thread):
    """Calls step() until the server goes away. Any other failure is kept."""

    def __init__(self, loop, pause=0.0):
        super().__init__(daemon=True)
        self.loop = loop
        self.api = Api(loop.server.address, timeout=60)
        self.random = random.Random(loop.random.random())
        self.pause = pause
        self.failure = None

    def run(self):
        try:
            while not self.loop.killed.is_set():
                self.step()
                if self.pause:
                    self.loop.killed.wait(self.random.uniform(0, self.pause))
        except grpc.RpcError as error:
            # The server may be down a moment before the loop says so.
            if (error.code() != grpc.StatusCode.UNAVAILABLE
                    or not self.loop.killed.wait(1)):
                self.failure = error
        except Exception as error:  # noqa: BLE001 - reported by the loop
            self.failure = error
        finally:
            self.api.close()


class Writer(Worker):
    """The only one that writes the keys of `number`."""

    def __init__(self, loop, number, keys):
        """keys: those of its rows, rising."""
        super().__init__(loop)
        self.number = number
        # A set in the order of its keys' making.
        self.present = dict.fromkeys(keys, True)

    def step(self):
        verb = self.random.choices(
            (self.insert, self.upsert, self.delete_keys, self.delete_range),
            (50, 25, 15, 10))[0]
        verb()

    def fresh(self):
        count = self.random.randint(1, 5)
        first = self.loop.next_keys[self.number]
        self.loop.next_keys[self.number] += count
        return list(range(first, first + count))

    def some(self):
        count = min(len(self.present), self.random.randint(1, 5))
        return self.random.sample(self.newest(), count)

    def newest(self):
        return list(itertools.islice(reversed(self.present), 500))

    def put(self, keys, rpc):
        value = self.loop.next_value()
        with self.loop.ledger.change(keys, value) as change:
            ok(self.api.insert(NAME, columns(keys, value, self.number),
                               len(keys), rpc=rpc))
            change.acknowledge()
        self.present.update(dict.fromkeys(keys, True))

    def insert(self):
        self.put(self.fresh(), "Insert")

    def upsert(self):
        self.put(self.some() or self.fresh(), "Upsert")

    def remove(self, keys, expr):
        with self.loop.ledger.change(keys, ABSENT) as change:
            deleted = ok(self.api.delete(NAME, expr)).delete_cnt
            change.acknowledge()
        if deleted != len(keys):
            raise Broken(f"{expr} deleted {deleted} rows, not {len(keys)}")
        for key in keys:
            self.present.pop(key, None)

    def delete_keys(self):
        keys = self.some()
        if keys:
            self.remove(keys, f"id in {keys}")

    def delete_range(self):
        if not self.present:
            return
        low = self.random.choice(self.newest())
        high = low + self.random.randint(1, 10)
        if len(self.present) > MANY_ROWS:
            low = next(itertools.islice(self.present, KEPT_ROWS, None))
            high = low + MANY_ROWS
        keys = [key for key in range(low, high) if key in self.present]
        self.remove(keys, f"owner == {self.number} and id >= {low} "
                          f"and id < {high}")


class Flusher(Worker):
    RATE_LIMIT = 8

    def step(self):
        try:
            ok(self.api.flush(NAME))
        except ApiError as error:
            if error.code != self.RATE_LIMIT:
                raise


class Compactor(Worker):
    def step(self):
        ok(self.api("ManualCompaction", collection_name=NAME,
                    collectionID=self.loop.collection_id))


class Definer(Worker):
    """Creates collections, fills them, renames and drops some."""
    ROWS = 3

    def step(self):
        name = f"ddl_{self.loop.next_value()}"
        with self.change(name, "created") as change:
            ok(self.api.create(name, [int64_key(), vector(2)], shards=2))
            change.acknowledge()
        with self.change(name, "indexed") as change:
            ok(self.api.index(name))
            change.acknowledge()
        with self.change(name, "loading") as change:
            ok(self.api.load(name))
            change.acknowledge()
        with self.change(name, "filled") as change:
            # Keys of both shards: the rows may be there in part until they
            # are acknowledged.
            ok(self.api.insert(name, [
                longs("id", range(self.ROWS)),
                floats("embedding", [[i, i] for i in range(self.ROWS)])],
                self.ROWS))
            change.acknowledge()
        if self.random.random() < 0.7:
            with self.change(name, ABSENT) as change:
                ok(self.api("DropCollection", collection_name=name))
                change.acknowledge()

    def change(self, name, state):
        return self.loop.definitions.change([name], state)


class KillLoop:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="elanus-kill-"))
        self.storage = None
        if options.drop_unsynced:
            self.storage = ForgetfulFolder(
                self.home,
                pathlib.Path(options.binary).parent / "libpower_cut.so")
        self.server = ElanusProcess(
            options.binary, self.home / "data", role_calls=options.role_calls,
            environment=self.storage and self.storage.environment)
        self.environment = self.server.environment
        self.ledger = Ledger()
        self.definitions = Ledger()
        self.killed = threading.Event()
        self.value_lock = threading.Lock()
        self.value = 0
        self.collection_id = 0
        self.next_keys = [number * KEYS_OF_A_WRITER
                          for number in range(options.writers)]
        self.writing_seconds = 0.0
        self.recoveries = []
        self.cuts = []  # what each power cut kept of the unsynced
        self.doubts = 0

    def next_value(self):
        with self.value_lock:
            self.value += 1
            return self.value

    def create(self):
        if self.storage:
            self.storage.start()
        self.draw_settings()
        self.server.start()
        api = Api(self.server.address)
        ok(api.create(NAME, [int64_key(), field("v", DataType.Int64),
                             field("owner", DataType.Int64), vector(DIM)],
                      shards=4))
        ok(api.index(NAME, "HNSW", M=8, efConstruction=64))
        ok(api.load(NAME))
        self.collection_id = ok(api("DescribeCollection",
                                    collection_name=NAME)).collectionID
        while ok(api("GetLoadState", collection_name=NAME)).state != 3:
            time.sleep(0.05)
        api.close()

    def run(self):
        self.create()
        for number in range(1, self.options.kills + 1):
            self.write_until_killed()
            self.recover(number)
            self.verify()
            if number % 10 == 0 or number == self.options.kills:
                print(f"{number} kills: {self.ledger.acknowledged} writes "
                      f"acknowledged, {self.doubts} keys were in doubt, "
                      f"slowest recovery {max(self.recoveries):.2f} s",
                      flush=True)
        status = self.server.terminate()
        if status != 0:
            raise Broken(f"SIGTERM ended the server with {status}")
        if self.storage:
            self.storage.check_journal()
        self.judge()

    def draw_settings(self):
        """For the next start."""
        quick = QUICK_UPKEEP if self.random.random() < 0.5 else {}
        self.server.environment = {**self.environment, **quick}

    def spawn(self):
        self.draw_settings()
        self.server.spawn()

    def keys_by_writer(self):
        keys = [[] for _ in range(self.options.writers)]
        for key in sorted(self.ledger.settled()):
            keys[key // KEYS_OF_A_WRITER].append(key)
        return keys

    def write_until_killed(self):
        self.killed.clear()
        workers = [Writer(self, n, keys)
                   for n, keys in enumerate(self.keys_by_writer())]
        workers += [Flusher(self, pause=0.6), Compactor(self, pause=2.0),
                    Definer(self, pause=0.1)]
        begin = time.monotonic()
        for worker in workers:
            worker.start()
        time.sleep(self.random.uniform(0.1, self.options.longest))
        if not self.server.running:
            raise Broken("the server ended by itself with "
                         f"{self.server.process.returncode}")
        self.server.process.kill()
        self.writing_seconds += time.monotonic() - begin
        self.killed.set()
        self.server.kill()
        for worker in workers:
            worker.join(90)
            if worker.is_alive():
                raise Broken(f"{type(worker).__name__} hangs after the kill")
            if worker.failure is not None:
                raise Broken(f"{type(worker).__name__}: {worker.failure!r}")

    def sure_key(self):
        """(key, value) of a row that must be there, or None."""
        keys = self.ledger.keys()
        for _ in range(1000):
            if not keys:
                return None
            key = self.random.choice(keys)
            allowed = self.ledger.allowed(key)
            if len(allowed) == 1 and allowed != {ABSENT}:
                return key, allowed.pop()
        return None

    def cut_power(self):
        """Drops what was not synced; perhaps again while the server starts. At
        times the power stays: the next server builds on what a later cut may
        take away."""
        if self.random.random() < 0.3 and self.storage.goes_on():
            self.cuts.append("power stays")
        else:
            self.cuts.append(self.storage.cut(self.random))
            self.storage.start()
        if self.random.random() < 0.3:
            self.spawn()
            time.sleep(self.random.uniform(0, 0.6))
            if not self.server.running:
                raise Broken("the server does not start again: "
                             f"{self.server.process.returncode}")
            self.server.kill()
            self.cut_power()

    def recover(self, number):
        if self.storage:
            self.cut_power()
        sure = self.sure_key()
        begin = time.monotonic()
        self.spawn()
        api = Api(self.server.address, timeout=5)
        target = embedding(*sure) if sure else [0.0] * DIM
        while True:
            if not self.server.running:
                raise Broken("the server does not start again: "
                             f"{self.server.process.returncode}")
            try:
                reply = ok(api.search(NAME, [target], limit=10, output=["v"],
                                      params={"ef": 256}))
                break
            except (grpc.RpcError, ApiError) as error:
                if time.monotonic() - begin > 60:
                    raise Broken(f"no search answered in 60 s: {error}") \
                        from error
                time.sleep(0.01)
        seconds = time.monotonic() - begin
        api.close()
        if sure:
            key, value = sure
            found = list(zip(ids_of(reply)[0], values_of(reply, "v")))
            if (key, value) not in found[:1]:
                raise Broken(f"after kill {number} a Strong search for the "
                             f"row {key} of value {value} found {found}")
        self.recoveries.append(seconds)

    def verify(self):
        api = Api(self.server.address)
        self.doubts += self.ledger.in_doubt()
        found = self.read_all(api)
        self.ledger.settle(found)
        counted = api.count(NAME)
        if counted != len(found):
            raise Broken(f"count(*) is {counted}, {len(found)} keys are there")
        for _ in range(10):
            sure = self.sure_key()
            if sure is None:
                break
            reply = ok(api.search(NAME, [embedding(*sure)], limit=1,
                                  params={"ef": 200}))
            if ids_of(reply)[0] != [sure[0]]:
                raise Broken(f"row {sure} is not found by its vector")
        self.verify_definitions(api)
        api.close()

    def read_all(self, api):
        found = {}
        for owner in range(self.options.writers):
            after = owner * KEYS_OF_A_WRITER - 1
            while True:
                reply = ok(api.query(
                    NAME, f"owner == {owner} and id > {after}", ["id", "v"],
                    limit=PAGE))
                keys, values = values_of(reply, "id"), values_of(reply, "v")
                if len(set(keys)) != len(keys):
                    raise Broken("a query gave a key twice")
                found.update(zip(keys, values))
                if len(keys) < PAGE:
                    break
                after = max(keys)
        return found

    STEPS = ["created", "indexed", "loading", "filled"]

    def verify_definitions(self, api):
        """What is listed can be described, filled and dropped."""
        listed = set(ok(api("ShowCollections")).collection_names) - {NAME}
        names = self.definitions.keys()
        if listed - set(names):
            raise Broken(f"collections that nobody made: {listed - set(names)}")
        for name in names:
            allowed = self.definitions.allowed(name)
            if name not in listed:
                if ABSENT not in allowed:
                    raise Broken(f"collection {name} is lost ({allowed})")
                continue
            present = allowed - {ABSENT}
            if not present:
                raise Broken(f"collection {name} is back after its drop")
            self.verify_collection(
                api, name, min(present, key=self.STEPS.index))
            ok(api("DropCollection", collection_name=name))
        if set(ok(api("ShowCollections")).collection_names) != {NAME}:
            raise Broken("collections are left after their drop")
        self.definitions = Ledger()

    def verify_collection(self, api, name, reached):
        """`reached`: the least that was acknowledged."""
        step = self.STEPS.index(reached)
        fields = ok(api("DescribeCollection",
                        collection_name=name)).schema.fields
        if [f.name for f in fields] != ["id", "embedding"]:
            raise Broken(f"collection {name} has the fields {fields}")
        if step >= 1:
            ok(api("DescribeIndex", collection_name=name))
        if step >= 3 and api.count(name) != Definer.ROWS:
            raise Broken(f"collection {name} has {api.count(name)} rows")
        # Whatever it was: it can be finished.
        ok(api.index(name))
        ok(api.load(name))
        ok(api.upsert(name, [longs("id", [100]),
                             floats("embedding", [[1, 1]])], 1))

    def judge(self):
        rate = self.ledger.acknowledged / self.writing_seconds
        slowest = max(self.recoveries)
        print(json.dumps({
            "kills": self.options.kills, "seed": self.options.seed,
            "role_calls": self.options.role_calls,
            "power_cuts": collections.Counter(self.cuts),
            "acknowledged_writes": self.ledger.acknowledged,
            "acknowledged_writes_per_s": round(rate),
            "in_flight": self.options.writers,
            "keys_in_doubt": self.doubts,
            "recovery_median_s": round(statistics.median(self.recoveries), 3),
            "recovery_max_s": round(slowest, 3),
        }))
        if self.storage:
            return
        if rate < self.options.min_rate:
            raise Broken(f"{rate:.0f} acknowledged writes a second, "
                         f"{self.options.min_rate} are asked for")
        if slowest > self.options.max_recovery:
            raise Broken(f"a recovery took {slowest:.2f} s")


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--writers", type=int, default=12)
    parser.add_argument("--longest", type=float, default=3.0,
                        help="seconds of writing before a kill, at most")
    parser.add_argument("--min-rate", type=float, default=200)
    parser.add_argument("--max-recovery", type=float, default=1.0)
    parser.add_argument("--drop-unsynced", action="store_true")
    parser.add_argument("--role-calls", choices=("direct", "wire"),
                        default=os.environ.get("ELANUS_ROLE_CALLS", "direct"))
    parser.add_argument("--binary", default=os.environ.get(
        "ELANUS_BINARY", ROOT / "build/release/bin/elanus"))
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parse(arguments)
    loop = KillLoop(options)
    print(f"seed {options.seed}, folder {loop.home}", flush=True)
    try:
        loop.run()
    except (Broken, Unmodelled, ApiError, grpc.RpcError) as error:
        if loop.server.process is not None:
            loop.server.kill()
        print(f"BROKEN (seed {options.seed}): {error}\n"
              f"power cuts kept: {loop.cuts}\n"
              f"kept: {loop.home}\n{loop.server.log_tail(2000)}",
              file=sys.stderr)
        return 1
    shutil.rmtree(loop.home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
