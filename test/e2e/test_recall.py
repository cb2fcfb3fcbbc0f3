"""Recall and filters on real data: the shipped 5,000 sentences, and the larger
sets where they are (ELANUS_DATA_DIR)."""
import gzip
import json
import os
import pathlib

import numpy as np
import pytest
from pymilvus import DataType

from conftest import ROLE_CALLS, ROOT
from support import exact_ids, make, recall

EXAMPLES = ROOT / "examples/data"
LARGE = pathlib.Path(os.environ.get("ELANUS_DATA_DIR",
                                    ROOT.parent / "shared/data"))


def insert_vectors(client, name, vectors, extra=None, batch=2000):
    for begin in range(0, len(vectors), batch):
        client.insert(name, [
            {"id": i, "embedding": vectors[i].tolist(),
             **(extra[i] if extra else {})}
            for i in range(begin, min(begin + batch, len(vectors)))])


@pytest.mark.parametrize("flushed", [False, True])
def test_5000_sentences_with_and_without_a_filter(client, name, flushed):
    base = np.load(EXAMPLES / "base.f16.npy").astype(np.float32)
    queries = np.load(EXAMPLES / "queries.f16.npy").astype(np.float32)
    with gzip.open(EXAMPLES / "docs.jsonl.gz", "rt") as lines:
        cats = [{"cat": json.loads(line)["cat"]} for line in lines]
    make(client, name, index_type="HNSW", metric="COSINE", dim=384,
         index_params={"M": 16, "efConstruction": 200},
         more=[("cat", DataType.VARCHAR, {"max_length": 50})])
    insert_vectors(client, name, base, cats)
    if flushed:
        client.flush(name)
    for condition, truth in (("", "truth.npy"),
                             ('cat == "verb"', "truth_verbs.npy")):
        found = client.search(
            name, data=queries.tolist(), limit=10, filter=condition,
            search_params={"metric_type": "COSINE", "params": {"ef": 100}})
        assert recall(found, np.load(EXAMPLES / truth)) >= 0.97, condition


# Word vectors that are not normalised are hard for a graph under L2 and IP:
# the index sees to it that the same ef is enough. One run: neither the client
# nor the way of the calls changes an index.
@pytest.mark.raw
@pytest.mark.skipif(ROLE_CALLS == "wire", reason="the index is the same")
@pytest.mark.parametrize("folder, metric, rows", [
    ("text384", "COSINE", 40000),
    ("glove100", "COSINE", 40000),
    ("glove100", "L2", 40000),
    ("glove100", "IP", 40000),
])
def test_a_larger_set(client, name, folder, metric, rows):
    path = LARGE / folder
    if not path.exists():
        pytest.skip(f"{path} is not there")
    base = np.load(path / "base.f16.npy")[:rows].astype(np.float32)
    queries = np.load(path / "query.f16.npy")[:200].astype(np.float32)
    truth = np.array([exact_ids(metric, base, query, 10) for query in queries])
    make(client, name, index_type="HNSW", metric=metric, dim=base.shape[1],
         index_params={"M": 16, "efConstruction": 200}, load=False)
    insert_vectors(client, name, base)
    client.flush(name)
    client.load_collection(name)
    for effort in ({"ef": 64}, {"target_recall": 0.97}):
        found = client.search(
            name, data=queries.tolist(), limit=10,
            search_params={"metric_type": metric, "params": effort})
        assert recall(found, truth) >= 0.95, effort


def test_hnsw_sq_by_name(client, name):
    base = np.load(EXAMPLES / "base.f16.npy")[:2000].astype(np.float32)
    make(client, name, index_type="HNSW_SQ", metric="COSINE", dim=384,
         index_params={"M": 16, "efConstruction": 100, "sq_type": "SQ8",
                       "refine": True, "refine_type": "FP32"})
    insert_vectors(client, name, base)
    client.flush(name)
    found = client.search(
        name, data=base[:20].tolist(), limit=10,
        search_params={"metric_type": "COSINE",
                       "params": {"ef": 64, "refine_k": 2}})
    truth = np.array([exact_ids("COSINE", base, query, 10)
                      for query in base[:20]])
    assert recall(found, truth) >= 0.95
