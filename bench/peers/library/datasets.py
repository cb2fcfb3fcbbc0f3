"""The measuring sets: rows, queries and the exact answers.

    data = datasets.load("text384", rows=20000, queries=200, cache="build/bench")
    data.base, data.queries, data.truth

Sets read from a folder (glove100, text384, sparse_short, sparse_long) give None
where the folder lacks them. `clustered` is generated. Everything derived from
a set is kept in `cache` as .npy, so that the processes of one run share it.
"""
import dataclasses
import pathlib

import numpy as np

TRUTH_K = 10
CLUSTERED_ROWS = 200_000
SEED = 7


@dataclasses.dataclass
class Csr:
    """Sparse rows: row i is indices[indptr[i]:indptr[i + 1]] and its values."""
    indptr: np.ndarray
    indices: np.ndarray
    values: np.ndarray

    def __len__(self):
        return len(self.indptr) - 1

    def row(self, i):
        part = slice(self.indptr[i], self.indptr[i + 1])
        return self.indices[part], self.values[part]

    def head(self, rows):
        end = self.indptr[rows]
        return Csr(self.indptr[:rows + 1], self.indices[:end], self.values[:end])


@dataclasses.dataclass
class Dataset:
    name: str
    metric: str  # COSINE, L2, IP
    base: object  # float32 [n, dim], or Csr
    queries: object
    truth: np.ndarray  # the exact nearest rows, best first, -1 = there is none

    @property
    def is_sparse(self):
        return isinstance(self.base, Csr)


NAMES = ("glove100", "text384", "clustered", "sparse_short", "sparse_long")


def load(name, folder, cache, rows=None, queries=None):
    """The set, cut to its first `rows` and `queries`; None if it is absent."""
    cache = pathlib.Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(folder)
    if name.startswith("sparse"):
        return _load_sparse(name, folder, cache, rows, queries)
    if name == "clustered":
        metric, base, asked = "L2", *_clustered(cache, rows or CLUSTERED_ROWS)
    elif (folder / name / "base.f16.npy").exists():
        metric, base, asked = "COSINE", *_real(name, folder, cache)
    else:
        return None
    base = base[:rows]
    asked = asked[:queries]
    truth = _cached(cache / f"{name}.{len(base)}.truth.npy",
                    lambda: exact(base, _all_queries(name, folder, cache, base),
                                  metric))
    return Dataset(name, metric, base, asked, np.asarray(truth[:len(asked)]))


def _all_queries(name, folder, cache, base):
    if name == "clustered":
        return _clustered(cache, len(base))[1]
    return _real(name, folder, cache)[1]


def _cached(path, make):
    if not path.exists():
        part = path.with_suffix(".part.npy")
        np.save(part, make())
        part.rename(path)
    return np.load(path, mmap_mode="r")


def _real(name, folder, cache):
    return [_cached(cache / f"{name}.{part}.npy",
                    lambda part=part: np.load(
                        folder / name / f"{part}.f16.npy").astype(np.float32))
            for part in ("base", "query")]


def _clustered(cache, rows):
    paths = [cache / f"clustered.{rows}.{part}.npy"
             for part in ("base", "query")]
    if not all(path.exists() for path in paths):
        for path, array in zip(paths, generate_clustered(rows)):
            _cached(path, lambda array=array: array)
    return [np.load(path, mmap_mode="r") for path in paths]


def generate_clustered(rows, dim=128, queries=1000, seed=SEED):
    """Rows and queries drawn around 1,000 centres of Zipf-like popularity.

    Within a cluster a row varies along 24 directions (one of 64 shared random
    bases) and a little in all others, so the local intrinsic dimension is
    about 24: neither trivial nor hopeless for a graph.
    """
    clusters, rank, bases = 1000, 24, 64
    random = np.random.Generator(np.random.PCG64(seed))
    centres = random.standard_normal((clusters, dim), np.float32)
    directions = [
        np.linalg.qr(random.standard_normal((dim, rank)))[0].T.astype(np.float32)
        for _ in range(bases)]
    basis_of = random.integers(0, bases, clusters)
    popularity = np.arange(1, clusters + 1, dtype=np.float64) ** -0.6
    popularity /= popularity.sum()

    def draw(count):
        drawn = np.empty((count, dim), np.float32)
        cluster = random.choice(clusters, count, p=popularity)
        for first in range(0, count, 65536):
            part = cluster[first:first + 65536]
            along = random.standard_normal((len(part), rank), np.float32)
            along *= np.float32(0.8)
            around = random.standard_normal((len(part), dim), np.float32)
            block = centres[part] + around * np.float32(0.15)
            for b, basis in enumerate(directions):
                members = basis_of[part] == b
                block[members] += along[members] @ basis
            drawn[first:first + len(part)] = block
        return drawn

    base = draw(rows)
    return base, draw(queries)


def normalised(rows):
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.ascontiguousarray(rows / np.maximum(lengths, 1e-30), np.float32)


def exact(base, queries, metric, k=TRUTH_K):
    """The k nearest rows of each query by a plain scan in blocks."""
    if metric == "COSINE":
        base, queries = normalised(base), normalised(queries)
    squares = np.einsum("ij,ij->i", base, base) if metric == "L2" else 0
    found = np.empty((len(queries), k), np.int32)
    for first in range(0, len(queries), 100):
        part = slice(first, first + 100)
        far = squares - (2 if metric == "L2" else 1) * (queries[part] @ base.T)
        near = np.argpartition(far, k, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(far, near, 1), axis=1)
        found[part] = np.take_along_axis(near, order, 1)
    return found


def _load_sparse(name, folder, cache, rows, queries):
    folder = folder / "text384"
    if not (folder / "sparse_base.indptr.npy").exists():
        return None

    def csr(stem):
        return Csr(*(np.load(folder / f"{stem}.{part}.npy")
                     for part in ("indptr", "indices", "values")))

    kind = name.removeprefix("sparse_")
    base, asked = csr("sparse_base"), csr(f"sparse_query_{kind}")
    if rows is not None:
        base = base.head(min(rows, len(base)))
    truth = _cached(cache / f"{name}.{len(base)}.truth.npy",
                    lambda: exact_sparse(base, asked))
    if queries is not None:
        asked = asked.head(min(queries, len(asked)))
    return Dataset(name, "IP", base, asked, np.asarray(truth[:len(asked)]))


def exact_sparse(base, queries, k=TRUTH_K):
    dims = int(max(base.indices.max(), queries.indices.max())) + 1
    row_of = np.repeat(np.arange(len(base)), np.diff(base.indptr))
    order = np.argsort(base.indices, kind="stable")
    starts = np.searchsorted(base.indices[order], np.arange(dims + 1))
    found = np.full((len(queries), k), -1, np.int32)
    for q in range(len(queries)):
        scores = np.zeros(len(base), np.float32)
        for dim, value in zip(*queries.row(q)):
            at = order[starts[dim]:starts[dim + 1]]
            scores[row_of[at]] += value * base.values[at]
        best = np.argsort(-scores, kind="stable")[:k]
        best = best[scores[best] > 0]
        found[q, :len(best)] = best
    return found


def recall(found, truth):
    """The share of the exact answers that were found."""
    hits = sum(len(np.intersect1d(got, want[want >= 0]))
               for got, want in zip(found, truth))
    return hits / max(1, int((truth >= 0).sum()))
