"""Rows are found while more of them come: in lists at first, then by a graph
that grows. One client version is enough: what is tested is the engine."""
import numpy as np
import pytest
from pymilvus import DataType

from support import clustered_vectors, exact_ids, make, new_client, recall

pytestmark = pytest.mark.raw

ROWS, BATCH, DIM, K = 6000, 500, 32, 10


def search(client, name, queries, **more):
    return client.search(name, data=queries.tolist(), limit=K,
                         search_params={"params": {"ef": 64}}, **more)


@pytest.mark.parametrize("metric", ["L2", "COSINE"])
def test_searches_between_inserts_find_what_is_there(server, metric):
    client = new_client(server)
    name = f"growing_{metric}"
    make(client, name, index_type="HNSW", metric=metric, dim=DIM,
         index_params={"M": 16, "efConstruction": 100},
         more=[("tag", DataType.INT64, {})])
    base, queries = (clustered_vectors(ROWS, 2, DIM),
                     clustered_vectors(30, 3, DIM))
    # Many equal rows, which are not to hide the others.
    base[100:1000:3] = base[100]
    is_there = np.zeros(ROWS, bool)
    tag = np.arange(ROWS) % 7
    for first in range(0, ROWS, BATCH):
        client.insert(name, [{"id": i, "embedding": base[i].tolist(),
                              "tag": int(tag[i])}
                             for i in range(first, first + BATCH)])
        is_there[first:first + BATCH] = True
        gone = list(range(first, first + BATCH, 50))
        client.delete(name, ids=gone)
        is_there[gone] = False
        found = search(client, name, queries)
        truth = [exact_ids(metric, base, query, K, mask=is_there)
                 for query in queries]
        assert recall(found, truth) >= 0.95, first
        assert all(is_there[hit["id"]] for row in found for hit in row)
        filtered = search(client, name, queries, filter="tag == 3")
        truth = [exact_ids(metric, base, query, K, mask=is_there & (tag == 3))
                 for query in queries]
        assert recall(filtered, truth) >= 0.95, first
        assert all(hit["id"] % 7 == 3 for row in filtered for hit in row)
    client.drop_collection(name)
