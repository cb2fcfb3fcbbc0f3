"""The steps of a run. Each takes a Peer and the data set and records what it
measured; a step may rely on the ones before it."""
import time

import numpy as np
from pymilvus.grpc_gen import milvus_pb2

from kit import messages, minutes
from kit.messages import BUCKET, EVENTUALLY, KEY, STRONG, VECTOR

MAIN = "kit_main"
SCRATCH = "kit_scratch"
FLAT = "kit_flat"
HNSW = {"M": 16, "efConstruction": 200}
EFS = (16, 32, 64, 128)
MIDDLE_EF = 32
PICKUPS = 8
FILTERS = (10, 100, 500, 900, 990)


def ids_of(data, rows=None):
    return np.arange(rows or len(data.base))


def connect(peer, data, plan):
    took = [peer.call("Connect", milvus_pb2.ConnectRequest(),
                      milvus_pb2.ConnectResponse)[1] for _ in range(20)]
    peer.record("connect", p50_ms=float(np.median(took)),
                start_s=peer.server.start_s)


def idle(peer, data, plan):
    cpu = peer.cpu()
    time.sleep(plan.idle_s)
    peer.record("idle", cpu_share=(peer.cpu() - cpu) / plan.idle_s,
                **peer.memory())


def insert_small(peer, data, plan):
    """A collection of its own, for batches of 1,000 and for index pickup."""
    rows = min(plan.scratch_rows, len(data.base))
    peer.create(SCRATCH, data.base.shape[1])
    peer.write("insert 1000", "Insert", SCRATCH, messages.inserts(
        SCRATCH, ids_of(data, rows), data.bucket[:rows], data.base[:rows],
        1000), rows)
    peer.flush(SCRATCH)


def pickup(peer, data, plan):
    """How long until an index is there whose making is next to nothing, asked
    for at any moment of a second; FLAT has nothing to make at all."""
    peer.timed("index pickup, FLAT", lambda: peer.build_index(
        SCRATCH, data.metric, "FLAT", {}))
    took = []
    for i in range(PICKUPS):
        peer.drop_index(SCRATCH)
        time.sleep(1 + i / PICKUPS)
        begin = time.monotonic()
        peer.build_index(SCRATCH, data.metric, "IVF_FLAT", {"nlist": 1})
        took.append(time.monotonic() - begin)
    peer.record("index pickup", s=float(np.median(took)))
    peer.drop(SCRATCH)


def insert(peer, data, plan):
    peer.create(MAIN, data.base.shape[1])
    peer.write("insert 5000", "Insert", MAIN, messages.inserts(
        MAIN, ids_of(data), data.bucket, data.base, 5000), len(data.base))


def flush(peer, data, plan):
    peer.timed("flush", lambda: peer.flush(MAIN))


def build(peer, data, plan):
    peer.timed("build HNSW", lambda: peer.build_index(
        MAIN, data.metric, "HNSW", HNSW))


def load(peer, data, plan):
    peer.timed("load", lambda: peer.load_collection(MAIN))
    warm = peer.frames("warm", messages.searches(
        MAIN, data.queries, data.metric, {"ef": MIDDLE_EF}))
    peer.replies_to("Search", warm, milvus_pb2.SearchResults)
    peer.record("loaded", **peer.memory())


def measure_search(peer, data, plan, step, *, nq=1, ef=None, below=None,
                   level=EVENTUALLY, in_flight=1, count=None,
                   collection=MAIN):
    effort = {} if ef is None else {"ef": ef}
    frames = peer.frames("search", messages.searches(
        collection, data.queries[:count], data.metric, effort, nq=nq,
        below=below, level=level))
    found = [ids for reply in peer.replies_to("Search", frames,
                                              milvus_pb2.SearchResults)
             for ids in messages.found_ids(reply)]
    figures = peer.run("Search", frames, in_flight=in_flight,
                       count=count or plan.searches * 2 // nq)
    peer.record(step, **effort, in_flight=in_flight, nq=nq,
                recall=data.recall(found, below),
                cpu_us_vector=figures["cpu_us"] / nq, **figures)


def search(peer, data, plan):
    for ef in EFS:
        measure_search(peer, data, plan, "search", ef=ef)
    measure_search(peer, data, plan, "search x8", ef=MIDDLE_EF, in_flight=8)


def search_batch(peer, data, plan):
    for ef in EFS:
        measure_search(peer, data, plan, "search nq=100", ef=ef, nq=100)


def search_flat(peer, data, plan):
    """A collection of its own that is scanned: what searches share."""
    peer.create(FLAT, data.base.shape[1])
    peer.write("insert flat", "Insert", FLAT, messages.inserts(
        FLAT, ids_of(data), data.bucket, data.base, 5000), len(data.base))
    peer.flush(FLAT)
    peer.build_index(FLAT, data.metric, "FLAT", {})
    peer.load_collection(FLAT)
    for in_flight in (1, 2, 4, 8, 16, 64):
        measure_search(peer, data, plan, f"search FLAT x{in_flight}",
                       collection=FLAT, in_flight=in_flight)
    peer.drop(FLAT)


def search_filtered(peer, data, plan):
    for below in FILTERS:
        measure_search(peer, data, plan, f"filter {below / 10:g}%",
                       ef=MIDDLE_EF, below=below, count=plan.searches)


def query_keys(peer, data, plan):
    random = np.random.default_rng(1)
    for keys, outputs in ((1, [KEY]), (100, [KEY]), (100, [KEY, VECTOR])):
        frames = peer.frames("query", (messages.query(
            MAIN, f"{KEY} in {random.integers(0, len(data.base), keys).tolist()}",
            outputs) for _ in range(200)))
        replies = peer.replies_to("Query", frames, milvus_pb2.QueryResults)
        figures = peer.run("Query", frames, count=plan.searches // 2)
        step = f"query {keys}" + (" +vector" if VECTOR in outputs else "")
        peer.record(step, found=float(np.mean([
            len(reply.fields_data[0].scalars.long_data.data)
            for reply in replies])), **figures)


def strong(peer, data, plan):
    """Consistency's price on a server where nothing is written: the same
    searches at both levels in turn, so that what the machine does besides hits
    both."""
    frames = {level: peer.frames(f"level{level}", messages.searches(
        MAIN, data.queries, data.metric, {"ef": MIDDLE_EF}, level=level))
        for level in (EVENTUALLY, STRONG)}
    took = {level: [] for level in frames}
    for _ in range(plan.strong_turns):
        for level, requests in frames.items():
            took[level].append(peer.run("Search", requests,
                                        count=plan.strong_searches))
    middle = {level: {figure: float(np.median([run[figure] for run in runs]))
                      for figure in ("p50_ms", "cpu_us")}
              for level, runs in took.items()}
    peer.record("search Strong", ef=MIDDLE_EF, **middle[STRONG],
                **{f"more_{figure}": middle[STRONG][figure] -
                   middle[EVENTUALLY][figure] for figure in middle[STRONG]})


def write_then_strong(peer, data, plan):
    """Each round one row, then at once a Strong search: must find it."""
    took = []
    dim = data.base.shape[1]
    for i in range(plan.strong_rounds):
        row = np.random.default_rng(i).standard_normal((1, dim)).astype("f4")
        row /= np.linalg.norm(row)
        key = np.array([10_000_000 + i])
        (write,) = messages.inserts(MAIN, key, np.array([0]), row, 1)
        peer.call("Insert", write, milvus_pb2.MutationResult)
        (request,) = messages.searches(MAIN, row, data.metric,
                                       {"ef": MIDDLE_EF}, level=STRONG)
        reply, ms = peer.call("Search", request, milvus_pb2.SearchResults)
        if messages.found_ids(reply)[0][0] != key[0]:
            raise AssertionError(f"{peer.name}: an acknowledged row is missing")
        took.append(ms)
    peer.record("write then Strong", p50_ms=float(np.median(took)),
                max_ms=max(took))


def upsert(peer, data, plan):
    rows = min(plan.changed_rows, len(data.base))
    peer.write("upsert 1000", "Upsert", MAIN, messages.upserts(
        MAIN, ids_of(data, rows), data.bucket[:rows], data.base[:rows], 1000),
        rows)


def delete(peer, data, plan):
    ids = ids_of(data)[-min(plan.changed_rows, len(data.base)):]
    peer.write("delete 1000", "Delete", MAIN,
               messages.deletes(MAIN, ids, 1000), len(ids))


def search_while_writing(peer, data, plan):
    """1,000 rows a second, in batches of 50, beside two searching clients."""
    batch, rate = 50, 20
    rows = min(len(data.base), int(batch * rate * plan.beside_s))
    reads = peer.frames("beside", messages.searches(
        MAIN, data.queries, data.metric, {"ef": MIDDLE_EF}))
    writes = peer.frames("rows", messages.inserts(
        MAIN, 20_000_000 + ids_of(data, rows), data.bucket[:rows],
        data.base[:rows], batch))
    options = {"in_flight": 2, "count": 1 << 30}
    alone = peer.run("Search", reads, seconds=plan.beside_s, **options)
    writer = peer.another_client()
    writer.prepare("Insert", writes, in_flight=8, rate=rate)
    writer.go()
    beside = peer.run("Search", reads, seconds=rows / batch / rate, **options)
    written = writer.finish()
    writer.close()
    peer.record("search while writing", qps=beside["qps"],
                p99_ms=beside["p99_ms"], idle_qps=alone["qps"],
                idle_p99_ms=alone["p99_ms"], cpu_us=beside["cpu_us"],
                qps_share=beside["qps"] / alone["qps"],
                p99_times=beside["p99_ms"] / alone["p99_ms"],
                write_p99_ms=written["p99_ms"])


def write_for_minutes(peer, data, plan):
    """As above, for longer than anything is put off."""
    minutes.run(peer, data, plan, MAIN,
                {"ef": MIDDLE_EF} if plan.minutes_recall is None else
                {"target_recall": plan.minutes_recall})


def drop(peer, data, plan):
    peer.drop(MAIN)


def scalar_filter(peer, data, plan):
    """Filters alone: a million Int64 values, rows counted."""
    rows, name = plan.scalar_rows, "kit_scalar"
    random = np.random.default_rng(2)
    peer.create(name, 2)
    peer.write("insert scalar", "Insert", name, messages.inserts(
        name, np.arange(rows), random.integers(0, 1 << 40, rows),
        random.random((rows, 2)).astype("f4"), 50_000), rows)
    peer.flush(name)
    peer.build_index(name, "L2", "FLAT", {})
    peer.load_collection(name)
    values = random.integers(0, 1 << 40, 1000).tolist()
    for step, expr in (("count, no filter", ""),
                       ("count, comparison", f"{BUCKET} < {1 << 39}"),
                       ("count, in 1000", f"{BUCKET} in {values}")):
        frames = peer.frames("count", [
            messages.query(name, expr, ["count(*)"])])
        peer.replies_to("Query", frames, milvus_pb2.QueryResults)
        peer.record(step, **peer.run("Query", frames, count=100))
    peer.drop(name)


def topics(peer, data, plan):
    """64 writers of small rows into one collection, then each of 64 into one
    of 16: a collection has a topic of its own."""
    for count in (1, 16):
        names = [f"kit_topic_{count}_{i}" for i in range(count)]
        for name in names:
            peer.create(name, 8)
        requests = []
        for i in range(64):
            requests += messages.inserts(
                names[i % count], np.array([i]), np.array([i]),
                np.zeros((1, 8), "f4"), 1)
        figures = peer.run("Insert", peer.frames("topics", requests),
                           in_flight=64, count=plan.appends)
        peer.record(f"appends, {count} topics", **figures)
        for name in names:
            peer.drop(name)


STEPS = {step.__name__: step for step in (
    connect, idle, insert_small, pickup, insert, flush, build, load, search,
    search_batch, search_flat, search_filtered, query_keys, strong,
    search_while_writing, write_for_minutes, write_then_strong, upsert, delete,
    drop, scalar_filter, topics)}
# Milvus takes minutes for these and the marks do not compare them.
OWN_STEPS = ("scalar_filter", "topics")
# Only where they are asked for.
LONG_STEPS = ("search_flat", "write_for_minutes")
