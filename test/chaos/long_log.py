#!/usr/bin/env python3
"""How soon a killed server searches again when much of its log is unwritten.

    long_log.py [--mib 256] [--longest 1.0] [--binary FILE]

Writes rows into three shards without a flush until the log holds that much,
kills the server, starts it again and asks for a Strong search that must find
a row of the last batch. Prints figures; exit status 1 if the answer was wrong
or came later than `--longest` seconds after exec.
"""
import argparse
import json
import pathlib
import random
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "test/e2e")]

import grpc  # noqa: E402

from elanus_process import ElanusProcess  # noqa: E402
from raw import Api, ApiError, floats, ids_of, int64_key, longs, ok  # noqa: E402
from raw import vector  # noqa: E402

DIM = 384
BATCH = 1000
SHARDS = 3  # each a topic, whose open segment stays below its limit
NAME = "long_log"


def written_bytes(server):
    """What lies in column files: nothing, as long as all is in the log."""
    objects = server.folder / "objects"
    return sum(f.stat().st_size for f in objects.rglob("*.col"))


def fill(api, mib):
    """Inserts until the log holds `mib`; returns the last key and its place."""
    noise = random.Random(7)
    rows = [[noise.uniform(-1, 1) for _ in range(DIM)] for _ in range(BATCH)]
    batches = -(-mib * (1 << 20) // (BATCH * DIM * 4))
    place = None
    for batch in range(batches):
        place = [noise.uniform(2, 3) for _ in range(DIM)]
        first = batch * BATCH
        ok(api.insert(NAME, [
            longs("id", range(first, first + BATCH)),
            floats("embedding", rows[:-1] + [place])], BATCH))
    return batches * BATCH - 1, place


def first_answer(server, place, patience=60):
    """The keys that the first Strong search gives."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        api = Api(server.address, timeout=5)
        try:
            return ids_of(ok(api.search(NAME, [place], limit=1)))
        except (grpc.RpcError, ApiError):
            time.sleep(0.005)
        finally:
            api.close()
    raise TimeoutError(server.log_tail())


def run(binary, mib, role_calls="direct"):
    with tempfile.TemporaryDirectory(prefix="elanus-long-log-") as home:
        # The log is not written to files because of its length alone.
        server = ElanusProcess(binary, pathlib.Path(home) / "data",
                               role_calls=role_calls)
        server.start()
        api = Api(server.address)
        ok(api.create(NAME, [int64_key(), vector(DIM)], shards=SHARDS))
        ok(api.index(NAME))
        ok(api.load(NAME))
        key, place = fill(api, mib)
        api.close()
        server.kill()
        files = written_bytes(server)
        begin = time.monotonic()
        server.spawn()
        found = first_answer(server, place)
        seconds = time.monotonic() - begin
        cpu_seconds = server.cpu_seconds()
        api = Api(server.address)
        rows = api.count(NAME)
        api.close()
        server.kill()
        return {"mib": mib, "rows": rows, "bytes_in_files": files,
                "is_found": found == [[key]] and rows == key + 1,
                "seconds": round(seconds, 3),
                "cpu_seconds": round(cpu_seconds, 3)}


def is_good(figures, longest):
    return (figures["is_found"] and not figures["bytes_in_files"]
            and figures["seconds"] <= longest)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=256)
    parser.add_argument("--longest", type=float, default=1.0)
    parser.add_argument("--binary", default=ROOT / "build/release/bin/elanus")
    options = parser.parse_args()
    figures = run(options.binary, options.mib)
    print(json.dumps(figures))
    return 0 if is_good(figures, options.longest) else 1


if __name__ == "__main__":
    sys.exit(main())
