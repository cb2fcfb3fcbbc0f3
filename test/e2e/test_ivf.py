"""The IVF family, and graphs on product codes, by a client: recall, ranges,
filters, and after a restart.
One client version is enough: what differs between the types is the engine."""
import numpy as np
import pytest
from pymilvus import DataType, MilvusException

from support import (clustered_vectors, exact_ids, exact_scores, make,
                     new_client, recall, wait_until)

pytestmark = pytest.mark.raw

ROWS, DIM, K = 3000, 32, 10
# Type, parameters of the build, of the search, and the recall they reach.
TYPES = [
    ("IVF_FLAT", {"nlist": 64}, {"nprobe": 24}, 0.97),
    ("IVF_SQ8", {"nlist": 64}, {"nprobe": 24}, 0.95),
    ("IVF_PQ", {"nlist": 64, "m": 16, "nbits": 8}, {"nprobe": 24}, 0.55),
    ("SCANN", {"nlist": 64, "with_raw_data": True},
     {"nprobe": 24, "reorder_k": 100}, 0.95),
    ("IVF_RABITQ", {"nlist": 64, "refine": True, "refine_type": "SQ8"},
     {"nprobe": 24, "rbq_query_bits": 6, "refine_k": 12}, 0.9),
    ("HNSW_PQ", {"M": 8, "efConstruction": 60, "m": 16, "refine": True,
                 "refine_type": "FP16"}, {"ef": 64, "refine_k": 4}, 0.95),
    ("HNSW_PRQ", {"M": 8, "efConstruction": 60, "m": 8, "nrq": 2},
     {"ef": 64}, 0.5),
]


def search(client, name, queries, params, **more):
    return client.search(name, data=queries.tolist(), limit=K,
                         search_params={"metric_type": "L2",
                                        "params": params}, **more)


def test_every_type_finds_what_it_should_also_after_a_restart(own_server):
    client = new_client(own_server)
    base, queries = (clustered_vectors(ROWS, 2, DIM),
                     clustered_vectors(20, 3, DIM))
    tag = np.arange(ROWS) % 10
    truth = [exact_ids("L2", base, query, K) for query in queries]
    truth_of_tag = [exact_ids("L2", base, query, K, mask=tag == 3)
                    for query in queries]
    radius = float(np.sort(exact_scores("L2", base, queries[0]))[200])
    before = {}
    for name, build, params, wanted in TYPES:
        make(client, name, index_type=name, dim=DIM, index_params=build,
             more=[("tag", DataType.INT64, {})], load=False)
        client.insert(name, [{"id": i, "embedding": base[i].tolist(),
                              "tag": int(tag[i])} for i in range(ROWS)])
        client.flush(name)
        # Until its index is there a segment is scanned, which finds all.
        wait_until(lambda: client.describe_index(name, "embedding")[
            "indexed_rows"] == ROWS, f"{name} is built")
        client.load_collection(name)
        found = search(client, name, queries, params)
        assert recall(found, truth) >= wanted, name
        filtered = search(client, name, queries, params, filter="tag == 3")
        assert all(hit["id"] % 10 == 3 for row in filtered for hit in row)
        assert recall(filtered, truth_of_tag) >= wanted, name
        inside = search(client, name, queries[:1],
                        {**params, "radius": radius, "range_filter": 0.0})
        assert len(inside[0]) == K, name
        assert all(hit["distance"] < radius for hit in inside[0])
        before[name] = [[hit["id"] for hit in row] for row in found]
    client.close()

    assert own_server.terminate() == 0
    own_server.start()
    client = new_client(own_server)
    for name, build, params, _ in TYPES:
        about = client.describe_index(name, "embedding")
        assert about["index_type"] == name
        assert all(str(about[key]).lower() == str(value).lower()
                   for key, value in build.items()), about
        again = [[hit["id"] for hit in row]
                 for row in search(client, name, queries, params)]
        assert again == before[name], name
    client.close()


@pytest.mark.parametrize("index_type, build, part", [
    ("IVF_FLAT", {"nlist": 0}, "nlist"),
    ("IVF_PQ", {"nlist": 8, "m": 5}, "'m' (5)"),
    ("IVF_PQ", {"nlist": 8}, "'m'"),
    ("IVF_RABITQ", {"refine": True, "refine_type": "FP8"}, "refine_type"),
    ("HNSW_PQ", {"m": 5}, "'m' (5)"),
    ("HNSW_PRQ", {"nrq": 17}, "nrq"),
])
def test_a_misfit_is_refused_by_name(client, name, index_type, build, part):
    with pytest.raises(MilvusException) as error:
        make(client, name, index_type=index_type, dim=DIM, index_params=build)
    assert part in str(error.value)
