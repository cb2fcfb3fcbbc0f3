"""The measuring sets: base rows, held-out queries, exact nearest neighbours,
and a scalar for filters."""
from pathlib import Path

import numpy as np

TOP_K = 10


def buckets(rows):
    """bucket(id): `bucket < s` passes s tenths of a percent of the rows."""
    ids = np.arange(rows, dtype=np.uint64)
    return (ids * np.uint64(2654435761) % np.uint64(1 << 32)
            % np.uint64(1000)).astype(np.int64)


class DataSet:
    def __init__(self, name, base, queries, metric):
        self.name, self.metric = name, metric
        self.base = np.ascontiguousarray(base, dtype=np.float32)
        self.queries = np.ascontiguousarray(queries, dtype=np.float32)
        self.bucket = buckets(len(self.base))
        self.truths = {}

    def truth(self, below=None):
        """Ids of the nearest rows with bucket < below, best first."""
        if below not in self.truths:
            ids = np.arange(len(self.base)) if below is None else \
                np.flatnonzero(self.bucket < below)
            rows = self.base[ids]
            score = -2 * (self.queries @ rows.T)
            if self.metric == "L2":
                score += (rows * rows).sum(axis=1)
            nearest = np.argpartition(score, TOP_K, axis=1)[:, :TOP_K]
            self.truths[below] = [set(ids[row].tolist()) for row in nearest]
        return self.truths[below]

    def recall(self, found, below=None):
        hits = [len(truth & set(ids))
                for truth, ids in zip(self.truth(below), found)]
        return float(np.mean(hits)) / TOP_K


def text384(folder, rows):
    folder = Path(folder) / "text384"
    base = np.load(folder / "base.f16.npy")
    queries = np.load(folder / "query.f16.npy")
    return DataSet("text384", base[:rows], queries, "COSINE")


def clustered(rows, dim=128, queries=1000, seed=7):
    """Points around centres that themselves lie in groups, as embeddings of
    real things do; a distance tells more than in uniform noise."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((256, dim), dtype=np.float32)
    centres += 2 * random.standard_normal((16, dim),
                                          dtype=np.float32).repeat(16, axis=0)
    total = rows + queries
    points = centres[random.integers(0, len(centres), total)]
    points += 0.7 * random.standard_normal((total, dim), dtype=np.float32)
    return DataSet(f"clustered{rows // 1000}k", points[:rows], points[rows:],
                   "L2")
