"""DISKANN by a client: recall, filters, ranges, iterators, after a restart, and
refusals. One client version is enough: what is its own is the engine."""
import numpy as np
import pytest
from pymilvus import DataType, MilvusException

from support import (clustered_vectors, exact_ids, exact_scores, make,
                     new_client, recall, wait_until)

pytestmark = pytest.mark.raw

ROWS, DIM, K = 3000, 32, 10


def search(client, name, metric, queries, params, **more):
    return client.search(name, data=queries.tolist(), limit=K,
                         search_params={"metric_type": metric,
                                        "params": params}, **more)


@pytest.mark.parametrize("metric", ["L2", "COSINE"])
def test_it_finds_filters_pages_and_outlives_a_restart(own_server, metric):
    client = new_client(own_server)
    base, queries = (clustered_vectors(ROWS, 2, DIM),
                     clustered_vectors(20, 3, DIM))
    make(client, "d", index_type="DISKANN", metric=metric, dim=DIM, load=False,
         more=[("tag", DataType.INT64, {})])
    client.insert("d", [{"id": i, "embedding": base[i].tolist(),
                         "tag": i % 10} for i in range(ROWS)])
    client.flush("d")
    # Until its index is there a segment is scanned, which finds all.
    wait_until(lambda: client.describe_index("d", "embedding")[
        "indexed_rows"] == ROWS, "the index is built")
    client.load_collection("d")

    def truth(mask=None):
        return [exact_ids(metric, base, query, K, mask=mask)
                for query in queries]

    def check():
        found = search(client, "d", metric, queries, {"search_list": 64})
        assert recall(found, truth()) >= 0.98
        tag = np.arange(ROWS) % 10
        for filter, mask in (("tag == 3", tag == 3), ("tag != 3", tag != 3),
                             ("id < 40", np.arange(ROWS) < 40)):
            some = search(client, "d", metric, queries, {}, filter=filter)
            assert all(mask[hit["id"]] for row in some for hit in row)
            assert recall(some, truth(mask)) >= 0.98, filter
        return [[hit["id"] for hit in row] for row in found]

    before = check()
    scores = np.sort(exact_scores(metric, base, queries[0]))
    radius = float(scores[200] if metric == "L2" else scores[-200])
    inside = search(client, "d", metric, queries[:1], {"radius": radius})[0]
    assert len(inside) == K
    assert all((hit["distance"] < radius) == (metric == "L2")
               for hit in inside)
    iterator = client.search_iterator(
        "d", data=queries[:1].tolist(), batch_size=50, limit=150,
        search_params={"metric_type": metric, "params": {}})
    paged = []
    while page := iterator.next():
        paged += [hit["id"] for hit in page]
    iterator.close()
    assert len(set(paged)) == len(paged) == 150
    near = set(exact_ids(metric, base, queries[0], 150))
    assert len(near & set(paged)) >= 140
    client.close()

    assert own_server.terminate() == 0
    own_server.start()
    client = new_client(own_server)
    assert client.describe_index("d", "embedding")["index_type"] == "DISKANN"
    assert check() == before
    client.close()


def test_a_misfit_is_refused_by_name(client, name):
    for build, part in (({"max_degree": 0}, "max_degree"),
                        ({"pq_code_budget_gb_ratio": 2},
                         "pq_code_budget_gb_ratio"),
                        ({"mmap.enabled": True}, "does not support mmap")):
        with pytest.raises(MilvusException) as error:
            make(client, name, index_type="DISKANN", dim=DIM,
                 index_params=build)
        assert part in str(error.value)
        client.drop_collection(name)
    make(client, name, index_type="DISKANN", dim=DIM, load=False)
    base = clustered_vectors(1100, 4, DIM)
    client.insert(name, [{"id": i, "embedding": base[i].tolist()}
                         for i in range(len(base))])
    client.flush(name)
    wait_until(lambda: client.describe_index(name, "embedding")[
        "indexed_rows"] == len(base), "the index is built")
    client.load_collection(name)
    with pytest.raises(MilvusException) as error:
        search(client, name, "L2", base[:1], {"search_list": K - 1})
    assert "search_list_size(9) should be larger than k(10)" in str(error.value)
