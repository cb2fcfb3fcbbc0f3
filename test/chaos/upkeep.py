#!/usr/bin/env python3
"""Measures the bounds on log, disk and memory against the real server.

    upkeep.py [--megabytes 1024] [--rows 200000] [--only NAME]

    churn    after writes and deletes of that many megabytes the log is at most
             512 MiB, and what else is stored at most 1.6 x the live bytes
    small    200 flushes of 1,000 rows end as at most 3 segments within 30 s
    deleted  deleting 90 % of the rows frees at least 80 % of the bytes
    dropped  a dropped collection's bytes are gone within 60 s
    loaded   rows in a loaded collection take at most 1.25 x their raw bytes +
             32 bytes a row, while they are inserted and after it
    plain    in one that is not loaded at most 256 MiB in all
    budget   beyond the memory budget writes get a retriable error with the
             figures, and reads go on; soon there is room again

The server runs with a short retention, and garbage is collected each second.
Prints a line of figures for each bound; exit status 1 if one is missed.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "test/e2e")]

import numpy as np  # noqa: E402

from elanus_process import ElanusProcess  # noqa: E402
from raw import (Api, ApiError, DataType, ids_of, int64_key,  # noqa: E402
                 longs, ok, schema_pb2, vector)

MIB = 1 << 20
DIM = 128
BATCH = 10_000
QUICK = {"COMMON_RETENTIONDURATION": "0", "DATACOORD_GC_INTERVAL": "1",
         "DATACOORD_GC_DROPTOLERANCE": "5"}


def size_of(folder):
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(path, name)).st_size
            except FileNotFoundError:
                pass  # deleted meanwhile
    return total


def anonymous_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(
            ).splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no Anonymous line")


def within(seconds, look, good):
    """The last figure that `look` gave, and after how long it was good."""
    begin = time.monotonic()
    while True:
        figure = look()
        waited = time.monotonic() - begin
        if good(figure) or waited > seconds:
            return figure, waited
        time.sleep(0.2)


class Bench:
    def __init__(self, options, environment):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="elanus-upkeep-"))
        self.server = ElanusProcess(options.binary, self.folder / "data",
                                    environment=environment)
        self.server.start()
        self.api = Api(self.server.address, timeout=120)
        self.vectors = {}  # columns, by number of rows
        self.misses = 0

    def close(self):
        self.api.close()
        if self.server.running:
            self.server.terminate()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def data(self):
        return self.folder / "data"

    def report(self, name, good, **figures):
        self.misses += not good
        print(json.dumps({"bound": name, "held": bool(good), **figures}),
              flush=True)

    def make(self, name, load=False):
        ok(self.api.create(name, [int64_key(), vector(DIM)]))
        ok(self.api.index(name, index_type="FLAT"))
        if load:
            ok(self.api.load(name))

    def columns(self, first, count):
        if count not in self.vectors:
            data = schema_pb2.FieldData(type=DataType.FloatVector,
                                        field_name="embedding")
            data.vectors.dim = DIM
            data.vectors.float_vector.data.extend(
                np.random.default_rng(1).normal(size=count * DIM).tolist())
            self.vectors[count] = data
        return [longs("id", range(first, first + count)),
                self.vectors[count]]

    def insert(self, name, first, count):
        ok(self.api.insert(name, self.columns(first, count), count))

    def delete(self, name, first, end):
        ok(self.api.delete(name, f"id >= {first} and id < {end}"))

    def delete_keys(self, name, keys):
        for begin in range(0, len(keys), 5000):
            ok(self.api.delete(name, f"id in {keys[begin:begin + 5000]}"))

    def flush(self, name):
        """Returns when everything is in files."""
        ts = ok(self.api.flush(name)).coll_flush_ts[name]
        while not ok(self.api("GetFlushState", collection_name=name,
                              flush_ts=ts)).flushed:
            time.sleep(0.02)

    def segments(self, name):
        reply = ok(self.api("GetPersistentSegmentInfo", collectionName=name))
        return [info.num_rows for info in reply.infos]


def raw_bytes(rows):
    return rows * (DIM * 4 + 8)


def churn(bench):
    """Inserts; each batch deletes the one before the last but nine."""
    bench.make("churn", load=True)
    batches = max(20, bench.options.megabytes * MIB // raw_bytes(BATCH))
    log_peak = 0
    for i in range(batches):
        bench.insert("churn", i * BATCH, BATCH)
        if i >= 10:
            keys = list(range((i - 10) * BATCH, (i - 9) * BATCH))
            bench.delete_keys("churn", keys)
        log_peak = max(log_peak, size_of(bench.data / "log"))
    bench.flush("churn")
    live = raw_bytes(10 * BATCH)
    # The log has a bound of its own: its last file stays, however full.
    rest, waited = within(
        90, lambda: size_of(bench.data) - size_of(bench.data / "log"),
        lambda size: size <= 1.6 * live)
    log = size_of(bench.data / "log")
    bench.report("churn log", log_peak <= 512 * MIB and log <= 512 * MIB,
                 written_mib=raw_bytes(batches * BATCH) // MIB,
                 log_peak_mib=log_peak // MIB, log_mib=log // MIB)
    bench.report("churn disk", rest <= 1.6 * live, live_mib=live // MIB,
                 rest_mib=rest // MIB, ratio=round(rest / live, 2),
                 after_s=round(waited, 1))


def small(bench):
    bench.make("small")
    for i in range(200):
        bench.insert("small", i * 1000, 1000)
        ok(bench.api.flush("small"))
    segments, waited = within(30, lambda: bench.segments("small"),
                              lambda found: len(found) <= 3)
    bench.report("small", len(segments) <= 3 and sum(segments) == 200_000,
                 segments=len(segments), rows=sum(segments),
                 after_s=round(waited, 1))


def deleted(bench):
    bench.make("deleted")
    rows = bench.options.rows
    for first in range(0, rows, BATCH):
        bench.insert("deleted", first, BATCH)
    bench.flush("deleted")
    objects = bench.data / "objects"
    before = size_of(objects)
    keys = [key for key in range(rows) if key % 10]
    bench.delete_keys("deleted", keys)
    bench.flush("deleted")
    after, waited = within(90, lambda: size_of(objects),
                           lambda size: size <= 0.2 * before)
    bench.report("deleted", after <= 0.2 * before, before_mib=before // MIB,
                 after_mib=after // MIB, freed=round(1 - after / before, 3),
                 after_s=round(waited, 1))


def dropped(bench):
    objects = bench.data / "objects"
    before = size_of(objects)
    bench.make("dropped")
    for first in range(0, 50_000, BATCH):
        bench.insert("dropped", first, BATCH)
    bench.flush("dropped")
    full = size_of(objects)
    ok(bench.api("DropCollection", collection_name="dropped"))
    after, waited = within(60, lambda: size_of(objects),
                           lambda size: size <= before + MIB)
    bench.report("dropped", after <= before + MIB,
                 held_mib=(full - before) // MIB, left_mib=(after - before)
                 // MIB, after_s=round(waited, 1))


def memory(bench, load):
    """A server for each of the two: what one collection gives back would hide
    what the other one takes."""
    rows = bench.options.rows
    pid = bench.server.process.pid
    # The log holds its newest 64 MiB in memory, whatever the collection.
    bench.make("warm", load=True)
    for first in range(0, 14 * BATCH, BATCH):
        bench.insert("warm", first, BATCH)
    bench.make("memory", load=load)
    bench.insert("memory", 0, BATCH)  # pools and buffers are there by now
    begin = peak = anonymous_bytes(pid)
    for first in range(BATCH, rows + BATCH, BATCH):
        bench.insert("memory", first, BATCH)
        peak = max(peak, anonymous_bytes(pid))
    counted = bench.api.count("memory") if load else rows + BATCH
    end = anonymous_bytes(pid)
    limit = 1.25 * raw_bytes(rows) + 32 * rows if load else 256 * MIB
    bench.report("memory loaded" if load else "memory plain",
                 max(peak, end) - begin <= limit and counted == rows + BATCH,
                 raw_mib=raw_bytes(rows) // MIB, limit_mib=int(limit) // MIB,
                 peak_mib=(peak - begin) // MIB, end_mib=(end - begin) // MIB)


def loaded(bench):
    memory(bench, load=True)


def plain(bench):
    memory(bench, load=False)


def budget(options):
    bench = Bench(options, {**QUICK, "ELANUS_MEMORYLIMIT": "16MiB"})
    try:
        bench.make("budget", load=True)
        error = None
        first = 0
        while error is None and first < 200_000:
            try:
                bench.insert("budget", first, BATCH)
                first += BATCH
            except ApiError as refused:
                error = refused
        counted = bench.api.count("budget")
        found = ids_of(ok(bench.api.search(
            "budget", [bench.vectors[BATCH].vectors.float_vector.data[:DIM]],
            limit=1)))

        def again():
            try:
                bench.insert("budget", first, BATCH)
                return True
            except ApiError:
                return False

        _, waited = within(30, again, bool)
        good = (error is not None and error.retriable and counted == first
                and found[0][0] % BATCH == 0
                and re.search("[0-9].*[0-9]", str(error))
                and waited < 30 and bench.server.running)
        bench.report("budget", good, rows=first, counted=counted,
                     error=str(error), written_again_after_s=round(waited, 1))
        return bench.misses
    finally:
        bench.close()


PARTS = {"churn": churn, "small": small, "deleted": deleted,
         "dropped": dropped, "loaded": loaded, "plain": plain, "budget": None}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--only", choices=sorted(PARTS), action="append")
    parser.add_argument("--binary", default=os.environ.get(
        "ELANUS_BINARY", str(ROOT / "build/release/bin/elanus")))
    options = parser.parse_args()
    names = options.only or list(PARTS)
    misses = 0
    for name in names:
        if name == "budget":
            misses += budget(options)
            continue
        bench = Bench(options, QUICK)
        try:
            PARTS[name](bench)
        finally:
            misses += bench.misses
            bench.close()
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
