"""Indexes: create, describe, progress, drop."""
import pytest
from pymilvus import MilvusException

from raw import floats, int64_key, longs, ok, vector
from support import (add_index, make, make_schema, random_vectors,
                     rows_with_vectors, wait_until)

FINISHED = 3


def filled(api, name, rows=3000, dim=16):
    """Flushed rows without an index: enough for one to be worth building."""
    ok(api.create(name, [int64_key(), vector(dim)]))
    vectors = random_vectors(rows, dim=dim)
    ok(api.insert(name, [longs("id", range(rows)), floats("embedding",
                                                          vectors)], rows))
    flush_and_wait(api, name)
    return vectors


def flush_and_wait(api, name):
    flushed = ok(api.flush(name))
    segments = flushed.coll_segIDs[name].data
    wait_until(lambda: ok(api(
        "GetFlushState", segmentIDs=segments, collection_name=name,
        flush_ts=flushed.coll_flush_ts[name])).flushed, "flushed")


@pytest.mark.parametrize("index_type, metric, params", [
    ("FLAT", "L2", {}),
    ("FLAT", "COSINE", {}),
    ("HNSW", "L2", {"M": 8, "efConstruction": 64}),
    ("HNSW", "IP", {"M": 16, "efConstruction": 100}),
    ("AUTOINDEX", "COSINE", {}),
])
def test_describe_gives_back_what_was_asked_for(client, name, index_type,
                                                metric, params):
    client.create_collection(name, schema=make_schema())
    add_index(client, name, index_type, metric, **params)
    assert client.list_indexes(name) == ["embedding"]
    about = client.describe_index(name, "embedding")
    assert about["index_type"] == index_type
    assert about["metric_type"] == metric
    assert about["field_name"] == "embedding"
    for key, value in params.items():
        assert str(about[key]) == str(value)


def test_parameters_may_come_flat_or_as_json(api, name):
    from raw import pairs
    for index_name, extra in (
            ("flat", {"index_type": "HNSW", "metric_type": "L2", "M": "8",
                      "efConstruction": "64"}),
            ("json", {"index_type": "HNSW", "metric_type": "L2",
                      "params": '{"M": 8, "efConstruction": 64}'})):
        collection = f"{name}_{index_name}"
        ok(api.create(collection, [int64_key(), vector(4)]))
        ok(api("CreateIndex", collection_name=collection,
               field_name="embedding", index_name=index_name,
               extra_params=pairs(extra)))
        about = ok(api("DescribeIndex", collection_name=collection))
        assert about.index_descriptions[0].index_name == index_name


def test_an_index_over_flushed_rows_finishes_and_counts_them(api, name):
    filled(api, name)
    ok(api.index(name, "HNSW", M=8, efConstruction=64))

    def finished():
        about = ok(api("DescribeIndex", collection_name=name,
                       timestamp=ok(api("AllocTimestamp")).timestamp))
        index = about.index_descriptions[0]
        return index.state == FINISHED and index.pending_index_rows == 0

    wait_until(finished, "index finished", timeout=60)
    index = ok(api("DescribeIndex", collection_name=name)).index_descriptions[0]
    assert index.indexed_rows == index.total_rows == 3000
    state = ok(api("GetIndexState", collection_name=name,
                   field_name="embedding"))
    assert state.state == FINISHED
    progress = ok(api("GetIndexBuildProgress", collection_name=name))
    assert progress.indexed_rows == progress.total_rows == 3000
    statistics = ok(api("GetIndexStatistics", collection_name=name))
    assert statistics.index_descriptions[0].indexed_rows == 3000


def test_the_index_serves_after_load_and_finds_what_is_there(api, name):
    vectors = filled(api, name)
    ok(api.index(name, "HNSW", M=16, efConstruction=100))
    ok(api.load(name))
    wait_until(lambda: ok(api("GetLoadState", collection_name=name)).state == 3,
               "loaded")
    from raw import ids_of
    queries = vectors[:50]
    found = ids_of(ok(api.search(name, queries.tolist(), limit=1,
                                 params={"ef": 64})))
    assert sum(ids == [i] for i, ids in enumerate(found)) >= 49

    def used():
        infos = ok(api("GetQuerySegmentInfo", collectionName=name)).infos
        return any(info.index_name == "embedding" for info in infos)

    wait_until(used, "the loaded segment names its index", timeout=60)


def test_the_same_index_again_succeeds_another_is_refused(api, name):
    ok(api.create(name, [int64_key(), vector(4)]))
    ok(api.index(name, "HNSW", M=8, efConstruction=64))
    ok(api.index(name, "HNSW", M=8, efConstruction=64))
    status = api.index(name, "HNSW", M=16, efConstruction=64)
    assert status.code != 0
    assert "at most one distinct index is allowed per field" in status.reason


def test_drop_index_needs_a_released_collection(client, name):
    make(client, name)
    with pytest.raises(MilvusException, match="please release it first"):
        client.drop_index(name, "embedding")
    client.release_collection(name)
    client.drop_index(name, "embedding")
    assert client.list_indexes(name) == []
    with pytest.raises(MilvusException, match="index"):
        client.load_collection(name)


def test_after_drop_another_index_can_be_made(client, name):
    make(client, name, index_type="FLAT", metric="L2", load=False)
    client.drop_index(name, "embedding")
    add_index(client, name, "HNSW", "COSINE", M=8, efConstruction=64)
    client.load_collection(name)
    rows = rows_with_vectors(5)
    client.insert(name, rows)
    found = client.search(name, data=[rows[2]["embedding"]], limit=1)
    assert found[0][0]["id"] == 2
    assert abs(found[0][0]["distance"] - 1) < 1e-4


def test_dropping_an_unknown_index_succeeds(api, name):
    ok(api.create(name, [int64_key(), vector(4)]))
    ok(api("DropIndex", collection_name=name, field_name="embedding",
           index_name="nobody"))


def test_describe_without_an_index_is_code_700(api, name):
    ok(api.create(name, [int64_key(), vector(4)]))
    status = api("DescribeIndex", collection_name=name).status
    assert status.code == 700 and "index not found" in status.reason
    assert api("DescribeIndex",
               collection_name="nowhere").status.code == 100


@pytest.mark.parametrize("index_type, metric, params", [
    ("HNSW", "L2", {"M": 1, "efConstruction": 64}),
    ("HNSW", "L2", {"M": 4096, "efConstruction": 64}),
    ("HNSW", "L2", {"M": "x", "efConstruction": 64}),
    ("HNSW", "L2", {"M": 8, "efConstruction": 0}),
    ("HNSW", "HAMMING", {"M": 8, "efConstruction": 64}),
    ("HNSW", "NOPE", {"M": 8, "efConstruction": 64}),
    ("NOPE", "L2", {}),
    ("FLAT", "JACCARD", {}),
])
def test_bad_parameters_are_refused(api, name, index_type, metric, params):
    ok(api.create(name, [int64_key(), vector(4)]))
    status = api.index(name, index_type, metric, **params)
    assert status.code != 0 and status.reason
    assert api("DescribeIndex", collection_name=name).status.code == 700


def test_an_index_on_an_unknown_field_is_refused(api, name):
    ok(api.create(name, [int64_key(), vector(4)]))
    status = api.index(name, field="nobody")
    assert status.code != 0 and "nobody" in status.reason
