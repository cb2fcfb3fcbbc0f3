"""Searching beside steady writes, minute by minute: throughput, latency and
recall, each minute next to a few seconds on the same rows without writes."""
import numpy as np
from pymilvus.grpc_gen import milvus_pb2

from kit import messages
from kit.data import TOP_K
from kit.messages import STRONG

BATCH, RATE = 50, 20  # 1,000 rows a second
FIRST_KEY = 30_000_000
RECALL_QUERIES = 200
NOISE = 0.5  # of a row's length: a new row near an old one


def new_rows(data, minute, rows):
    random = np.random.default_rng(minute)
    base = data.base[random.integers(0, len(data.base), rows)]
    noise = random.standard_normal(base.shape, dtype=np.float32)
    length = np.linalg.norm(base, axis=1, keepdims=True)
    made = base + NOISE * length * noise / np.sqrt(base.shape[1])
    if data.metric == "COSINE":
        made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made


class Truth:
    """The nearest of all rows so far, kept from minute to minute."""

    def __init__(self, data):
        self.data, self.queries = data, data.queries[:RECALL_QUERIES]
        self.scores = np.full((len(self.queries), TOP_K), np.inf, np.float32)
        self.ids = np.zeros((len(self.queries), TOP_K), np.int64)
        self.add(np.arange(len(data.base)), data.base)

    def add(self, ids, rows):
        score = -2 * (self.queries @ rows.T)
        if self.data.metric == "L2":
            score += (rows * rows).sum(axis=1)
        scores = np.hstack([self.scores, score])
        all_ids = np.hstack([self.ids, np.broadcast_to(ids, score.shape)])
        best = np.argpartition(scores, TOP_K, axis=1)[:, :TOP_K]
        self.scores = np.take_along_axis(scores, best, axis=1)
        self.ids = np.take_along_axis(all_ids, best, axis=1)

    def recall(self, found):
        hits = [len(set(truth.tolist()) & set(ids))
                for truth, ids in zip(self.ids, found)]
        return float(np.mean(hits)) / TOP_K


class Minutes:
    def __init__(self, peer, data, plan, collection, effort):
        self.peer, self.data, self.plan = peer, data, plan
        self.collection, self.effort = collection, effort
        self.rows = int(plan.minute_s * BATCH * RATE)
        self.truth = Truth(data)
        self.writer = peer.another_client()
        self.reads = self.frames("minutes", data.queries)
        self.exact = self.frames("recall", self.truth.queries, STRONG)

    def frames(self, label, queries, *level):
        return self.peer.frames(label, messages.searches(
            self.collection, queries, self.data.metric, self.effort,
            **({"level": level[0]} if level else {})))

    def search(self, seconds):
        return self.peer.run("Search", self.reads, in_flight=2,
                             count=1 << 30, seconds=seconds)

    def recall(self):
        replies = self.peer.replies_to("Search", self.exact,
                                       milvus_pb2.SearchResults)
        return self.truth.recall(
            [ids for reply in replies for ids in messages.found_ids(reply)])

    def prepare(self, minute):
        """Everything that costs the driver time, before the clock runs."""
        ids = FIRST_KEY + minute * self.rows + np.arange(self.rows)
        rows = new_rows(self.data, minute, self.rows)
        self.truth.add(ids, rows)
        self.writer.prepare("Insert", self.peer.frames(
            "minute", messages.inserts(self.collection, ids, ids % 1000, rows,
                                       BATCH)), in_flight=8, rate=RATE)

    def quiet(self):
        return self.search(self.plan.quiet_s)

    def write(self):
        """A minute of searches beside writes."""
        self.writer.go()
        beside = self.search(self.plan.minute_s)
        return {**beside, "written": self.writer.finish(),
                "recall": self.recall(), **self.peer.memory()}

    def record(self, minute, beside, before, after, idle):
        """Beside what the searches do just before the minute, on fewer rows, and
        beside the mean of that and of what they do behind it."""
        written = beside.pop("written")
        mean = {name: (before[name] + after[name]) / 2
                for name in ("qps", "p99_ms", "cpu_us")}
        self.peer.record(
            f"minute {minute + 1}", **beside, write_p99_ms=written["p99_ms"],
            quiet_qps=before["qps"], quiet_p99_ms=before["p99_ms"],
            quiet_cpu_us=before["cpu_us"], mean_quiet_qps=mean["qps"],
            mean_quiet_p99_ms=mean["p99_ms"],
            mean_quiet_cpu_us=mean["cpu_us"],
            qps_share=beside["qps"] / before["qps"],
            p99_times=beside["p99_ms"] / before["p99_ms"],
            mean_qps_share=beside["qps"] / mean["qps"],
            mean_p99_times=beside["p99_ms"] / mean["p99_ms"],
            share_of_first=beside["qps"] / idle["qps"])


def run(peer, data, plan, collection, effort):
    minutes = Minutes(peer, data, plan, collection, effort)
    idle = minutes.search(plan.beside_s)
    peer.record("minutes, before", recall=minutes.recall(), **idle)
    minutes.prepare(0)
    before = minutes.quiet()
    for minute in range(plan.minutes):
        beside = minutes.write()
        if minute + 1 < plan.minutes:
            minutes.prepare(minute + 1)
        after = minutes.quiet()
        minutes.record(minute, beside, before, after, idle)
        before = after
    minutes.writer.close()
    peer.flush(collection)
    peer.wait_for_index(collection)
    peer.record("minutes, after", recall=minutes.recall(),
                **minutes.search(plan.beside_s))
