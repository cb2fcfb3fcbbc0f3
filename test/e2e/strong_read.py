#!/usr/bin/env python3
"""A Strong search that starts after an insert was acknowledged sees the row.

    strong_read.py [--tries 10000] [--address HOST:PORT]

Writers insert single rows, each at a place of its own, into four shards and
hand every key over to a reader as soon as it is acknowledged; nothing is
flushed. The reader searches for exactly that place with Strong consistency.
Ends with figures, or with the first rows that were missed (exit status 1).
Starts a server of its own unless an address is given.
"""
import argparse
import json
import os
import pathlib
import queue
import random
import statistics
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "test/e2e")]

from elanus_process import ElanusProcess  # noqa: E402
from raw import Api, floats, ids_of, int64_key, longs, ok, vector  # noqa: E402

DIM = 8
SHARDS = 4


class StrongRead:
    def __init__(self, address, tries, writers=8, readers=8):
        self.address = address
        self.tries = tries
        self.writers = writers
        self.readers = readers
        self.name = f"strong_read_{random.getrandbits(40)}"
        self.acknowledged = queue.Queue()
        self.missed = []
        self.failures = []
        self.waits_ms = []

    def place(self, key):
        spot = random.Random(key)
        return [spot.uniform(-1, 1) for _ in range(DIM)]

    def write(self, number):
        api = Api(self.address)
        for key in range(number, self.tries, self.writers):
            ok(api.insert(self.name, [longs("id", [key]), floats(
                "embedding", [self.place(key)])], 1))
            self.acknowledged.put(key)
        api.close()

    def read(self):
        api = Api(self.address)
        while (key := self.acknowledged.get()) is not None:
            begin = time.monotonic()
            reply = ok(api.search(self.name, [self.place(key)], limit=1))
            self.waits_ms.append((time.monotonic() - begin) * 1000)
            if ids_of(reply) != [[key]]:
                self.missed.append(key)
        api.close()

    def guarded(self, work, *arguments):
        try:
            work(*arguments)
        except Exception as error:  # noqa: BLE001 - reported by run()
            self.failures.append(repr(error))

    def run(self):
        api = Api(self.address)
        ok(api.create(self.name, [int64_key(), vector(DIM)], shards=SHARDS))
        ok(api.index(self.name))
        ok(api.load(self.name))
        while ok(api("GetLoadState", collection_name=self.name)).state != 3:
            time.sleep(0.05)
        writers = [threading.Thread(target=self.guarded, args=(self.write, n))
                   for n in range(self.writers)]
        readers = [threading.Thread(target=self.guarded, args=(self.read,))
                   for _ in range(self.readers)]
        begin = time.monotonic()
        for thread in writers + readers:
            thread.start()
        for thread in writers:
            thread.join()
        for _ in readers:
            self.acknowledged.put(None)
        for thread in readers:
            thread.join()
        seconds = time.monotonic() - begin
        counted = api.count(self.name)
        ok(api("DropCollection", collection_name=self.name))
        api.close()
        return {"tries": len(self.waits_ms), "missed": self.missed[:20],
                "failures": self.failures[:5], "rows": counted,
                "seconds": round(seconds, 1),
                "search_median_ms": round(statistics.median(
                    self.waits_ms or [0]), 2)}


def is_good(figures, tries):
    return (figures["tries"] == tries == figures["rows"]
            and not figures["missed"] and not figures["failures"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=10000)
    parser.add_argument("--address")
    options = parser.parse_args()
    if options.address:
        figures = StrongRead(options.address, options.tries).run()
    else:
        binary = os.environ.get("ELANUS_BINARY",
                                ROOT / "build/release/bin/elanus")
        with tempfile.TemporaryDirectory(prefix="elanus-strong-") as home:
            with ElanusProcess(
                    binary, pathlib.Path(home) / "data",
                    role_calls=os.environ.get("ELANUS_ROLE_CALLS",
                                              "direct")) as server:
                figures = StrongRead(server.address, options.tries).run()
    print(json.dumps(figures))
    return 0 if is_good(figures, options.tries) else 1


if __name__ == "__main__":
    sys.exit(main())
