"""What `make quickstart` runs: a new server on an empty folder, 5,000 real
sentences, an HNSW index, searches with and without a filter whose answers are
compared with the exact ones, and a restart that finds all of it again.

The calls of the client are those of examples/quickstart.py.
"""
import contextlib
import pathlib
import shutil
import socket
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "examples")]

import numpy as np  # noqa: E402
from pymilvus import MilvusClient  # noqa: E402

import quickstart  # noqa: E402
from elanus_process import ElanusProcess  # noqa: E402

BINARY = ROOT / "build/release/bin/elanus"
FOLDER = ROOT / "quickstart-data"
RECALL_MIN = 0.95
VERBS = 'cat == "verb"'


@contextlib.contextmanager
def step(what):
    begin = time.monotonic()
    yield
    print(f"{what:<58} {time.monotonic() - begin:7.2f} s", flush=True)


def port_or_free(port):
    """`port`, or None (a free one) if somebody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
    return port


def recall(hits, truth):
    found = [{hit["id"] for hit in row} for row in hits]
    return np.mean([len(found[i] & set(truth[i].tolist())) / len(truth[i])
                    for i in range(len(truth))])


def check_answers(client, vectors):
    for what, condition, truth in (
            ("without a filter", "", "truth.npy"),
            (f"with the filter {VERBS}", VERBS, "truth_verbs.npy")):
        truth = np.load(quickstart.DATA / truth)
        begin = time.monotonic()
        hits = quickstart.search(client, vectors, filter=condition)
        seconds = time.monotonic() - begin
        if condition and any(
                hit["entity"]["cat"] != "verb" for row in hits for hit in row):
            sys.exit("a hit does not pass the filter")
        share = recall(hits, truth)
        print(f"{f'search {len(vectors)} sentences {what}':<58} "
              f"{seconds:7.2f} s   recall@10 {share:.3f}", flush=True)
        if share < RECALL_MIN:
            sys.exit(f"recall@10 {share:.3f} is below {RECALL_MIN}")


def show_some(client, queries, vectors):
    for title, condition in (("Nearest sentences:", ""),
                             (f"Nearest with {VERBS}:", VERBS)):
        print(title)
        hits = quickstart.search(client, vectors, limit=3, filter=condition)
        for query, row in zip(queries, hits):
            quickstart.show(query, row)


def row_count(client):
    return client.query(quickstart.NAME, filter="",
                        output_fields=["count(*)"])[0]["count(*)"]


def main():
    if not BINARY.exists():
        sys.exit(f"{BINARY} is not there; run make build")
    shutil.rmtree(FOLDER, ignore_errors=True)
    server = ElanusProcess(BINARY, FOLDER, port=port_or_free(19530),
                           management_port=port_or_free(9091))
    server.log_path.unlink(missing_ok=True)
    try:
        with step("start the server on an empty folder"):
            server.start()
        print(f"  it listens on {server.uri}, its log is {server.log_path}")
        client = MilvusClient(server.uri)
        queries = quickstart.read_json_lines("queries.jsonl.gz")
        vectors = np.load(
            quickstart.DATA / "queries.f16.npy").astype(np.float32)
        with step("create a collection"):
            quickstart.create(client)
        with step("insert and flush 5,000 sentences with embeddings"):
            quickstart.insert(client)
        with step("build an HNSW index and load"):
            quickstart.build_index(client)
        show_some(client, queries[2:5], vectors[2:5])
        check_answers(client, vectors)
        rows = row_count(client)
        client.close()
        with step("stop the server"):
            server.terminate()
        with step("start it again on the same folder"):
            server.start()
        client = MilvusClient(server.uri)
        if row_count(client) != rows:
            sys.exit(f"{row_count(client)} rows after the restart, "
                     f"{rows} before")
        print(f"  all {rows} rows are there, and still loaded")
        check_answers(client, vectors)
        client.close()
    finally:
        if server.running:
            server.terminate()
    print(f"Done. Start it yourself:  {BINARY.relative_to(ROOT)} standalone "
          f"--data {FOLDER.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
