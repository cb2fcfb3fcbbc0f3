"""Flush, segments and compaction."""
import pytest
from pymilvus import DataType

from raw import ok
from support import count, ids_where, make, rows_with_vectors, wait_until

GROWING_STATE, FLUSHED_STATE = 2, 4


def persistent(api, name):
    return ok(api("GetPersistentSegmentInfo", collectionName=name)).infos


def test_flush_makes_segments_and_changes_no_answer(client, api, name):
    make(client, name)
    client.insert(name, rows_with_vectors(100))
    client.delete(name, ids=[5])
    before = client.search(name, data=[[0.0] * 16], limit=100)
    client.flush(name)
    after = client.search(name, data=[[0.0] * 16], limit=100)
    assert [h["id"] for h in before[0]] == [h["id"] for h in after[0]]
    infos = persistent(api, name)
    assert sum(info.num_rows for info in infos) in (99, 100)
    assert all(info.state == FLUSHED_STATE for info in infos)


def test_flush_names_the_segments_that_get_flushed(client, api, name):
    make(client, name, shards=2)
    client.insert(name, rows_with_vectors(100))
    reply = ok(api.flush(name))
    segments = list(reply.coll_segIDs[name].data)
    sealed = set(segments) | set(reply.flush_coll_segIDs[name].data)
    assert sealed
    wait_until(lambda: ok(api(
        "GetFlushState", segmentIDs=segments, collection_name=name,
        flush_ts=reply.coll_flush_ts[name])).flushed, "flushed")
    assert {info.segmentID for info in persistent(api, name)} == sealed
    # Older clients ask with the segments alone.
    assert ok(api("GetFlushState", segmentIDs=segments)).flushed


def test_flush_of_nothing_succeeds(client, name):
    make(client, name)
    client.flush(name)
    client.flush(name)
    assert count(client, name) == 0


def test_flush_all_flushes_every_collection(client, api, name):
    names = [f"{name}_{i}" for i in range(3)]
    for collection in names:
        make(client, collection)
        client.insert(collection, rows_with_vectors(20))
    reply = ok(api("FlushAll"))
    assert reply.flush_all_ts > 0
    wait_until(lambda: ok(api("GetFlushAllState",
                              flush_all_ts=reply.flush_all_ts)).flushed,
               "all flushed")
    for collection in names:
        infos = persistent(api, collection)
        assert sum(info.num_rows for info in infos) == 20
        assert count(client, collection) == 20


def test_a_time_before_the_flush_is_not_flushed_yet(client, api, name):
    make(client, name)
    reply = ok(api("FlushAll"))
    later = reply.flush_all_ts + (3600 * 1000 << 18)
    assert not ok(api("GetFlushAllState", flush_all_ts=later)).flushed


def test_the_loaded_segments_hold_the_rows(client, api, name):
    make(client, name)
    client.insert(name, rows_with_vectors(50))
    client.flush(name)
    client.insert(name, rows_with_vectors(7, first=100))

    def rows():
        infos = ok(api("GetQuerySegmentInfo", collectionName=name)).infos
        return sum(info.num_rows for info in infos)

    wait_until(lambda: rows() == 57, "57 rows are loaded")


def test_a_compaction_merges_small_segments(client, api, name):
    make(client, name, more=[("n", DataType.INT64, {})])
    # Too few segments and deletes for a compaction that nobody asked for.
    for i in range(3):
        client.insert(name, rows_with_vectors(50, seed=i, first=50 * i,
                                              n=lambda i: i % 7))
        client.flush(name)
    client.delete(name, filter="n == 0")
    client.flush(name)
    wanted = sorted(i for i in range(150) if i % 7)
    assert len(persistent(api, name)) >= 2
    collection = ok(api("DescribeCollection",
                        collection_name=name)).collectionID
    reply = ok(api("ManualCompaction", collectionID=collection))
    job = reply.compactionID
    completed = 2
    wait_until(lambda: ok(api("GetCompactionState",
                              compactionID=job)).state == completed,
               "compacted", timeout=60)
    assert ok(api("GetCompactionState", compactionID=job)).failedPlanNo == 0
    plans = ok(api("GetCompactionStateWithPlans", compactionID=job,
                   _request="GetCompactionPlans"))
    assert plans.state == completed
    assert any(len(merge.sources) >= 2 for merge in plans.mergeInfos)
    live = [info for info in persistent(api, name)
            if info.state == FLUSHED_STATE]
    replaced = {s for merge in plans.mergeInfos for s in merge.sources}
    assert not replaced & {info.segmentID for info in live}
    assert sorted(ids_where(client, name, "id >= 0")) == wanted
    assert count(client, name) == len(wanted)
    client.release_collection(name)
    client.load_collection(name)
    assert sorted(ids_where(client, name, "id >= 0")) == wanted


def test_the_client_waits_for_a_compaction(client, name):
    make(client, name)
    for i in range(2):
        client.insert(name, rows_with_vectors(10, first=10 * i))
        client.flush(name)
    job = client.compact(name)
    wait_until(lambda: client.get_compaction_state(job) == "Completed",
               "compacted", timeout=60)
    assert count(client, name) == 20


def test_an_unknown_collection_is_code_100(api):
    assert api("Flush", collection_names=["nowhere"]).status.code == 100
    assert api("ManualCompaction",
               collection_name="nowhere").status.code == 100


@pytest.mark.parametrize("rounds", [5])
def test_writes_and_flushes_in_turn_keep_the_rows(client, name, rounds):
    make(client, name, shards=2)
    for i in range(rounds):
        client.insert(name, rows_with_vectors(30, seed=i, first=30 * i))
        client.delete(name, ids=[30 * i])
        client.upsert(name, rows_with_vectors(1, seed=50 + i,
                                              first=30 * i + 1))
        client.flush(name)
    assert count(client, name) == 29 * rounds
    assert sorted(ids_where(client, name, "id >= 0")) == [
        i for i in range(30 * rounds) if i % 30]
