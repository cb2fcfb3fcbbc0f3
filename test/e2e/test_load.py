"""Load and release, of collections and of partitions."""
import pytest
from pymilvus import MilvusException

from raw import Api, int64_key, ok, vector
from support import (add_index, count, make, make_schema, new_client,
                     rows_with_vectors, wait_until)

NOT_EXIST, NOT_LOAD, LOADING, LOADED = range(4)


def load_state(api, name, **more):
    return ok(api("GetLoadState", collection_name=name, **more)).state


def test_reads_need_a_loaded_collection(client, name):
    make(client, name, load=False)
    client.insert(name, rows_with_vectors(3))
    for read in (lambda: client.query(name, filter="id >= 0"),
                 lambda: client.search(name, data=[[0.0] * 16])):
        with pytest.raises(MilvusException, match="not loaded") as error:
            read()
        assert error.value.code == 101
    client.load_collection(name)
    assert count(client, name) == 3
    client.release_collection(name)
    with pytest.raises(MilvusException, match="not loaded"):
        client.query(name, filter="id >= 0")


def test_writes_while_released_are_seen_after_load(client, name):
    make(client, name)
    client.insert(name, rows_with_vectors(3))
    client.release_collection(name)
    client.insert(name, rows_with_vectors(3, first=10))
    client.delete(name, ids=[0])
    client.load_collection(name)
    assert {row["id"] for row in client.query(name, filter="id >= 0")} == {
        1, 2, 10, 11, 12}


def test_load_states_follow_the_calls(api, name):
    assert load_state(api, name) == NOT_EXIST
    ok(api.create(name, [int64_key(), vector(4)]))
    assert load_state(api, name) == NOT_LOAD
    assert api("GetLoadingProgress", collection_name=name).status.code == 101
    ok(api.index(name))
    ok(api.load(name))
    wait_until(lambda: load_state(api, name) == LOADED, "loaded")
    assert ok(api("GetLoadingProgress", collection_name=name)).progress == 100
    ok(api("ReleaseCollection", collection_name=name))
    assert load_state(api, name) == NOT_LOAD


def test_load_without_an_index_is_refused(api, name):
    ok(api.create(name, [int64_key(), vector(4)]))
    status = api.load(name)
    assert status.code != 0
    assert "index" in status.reason
    assert load_state(api, name) == NOT_LOAD


def test_loading_twice_and_releasing_twice_succeed(client, name):
    make(client, name)
    client.load_collection(name)
    client.insert(name, rows_with_vectors(2))
    assert count(client, name) == 2
    client.release_collection(name)
    client.release_collection(name)


def test_load_with_another_replica_number_is_refused(client, api, name):
    make(client, name)
    status = api("LoadCollection", collection_name=name, replica_number=2)
    assert status.code != 0


def test_only_loaded_partitions_are_read(client, api, name):
    make(client, name, load=False)
    client.create_partition(name, "p")
    client.insert(name, rows_with_vectors(2))
    client.insert(name, rows_with_vectors(3, first=10), partition_name="p")
    client.load_partitions(name, ["p"])
    assert count(client, name) == 3
    assert load_state(api, name, partition_names=["p"]) == LOADED
    assert load_state(api, name, partition_names=["_default"]) == NOT_LOAD
    with pytest.raises(MilvusException, match="not loaded"):
        client.query(name, filter="id >= 0", partition_names=["_default"])
    client.load_partitions(name, ["_default"])
    assert count(client, name) == 5
    client.release_partitions(name, ["p"])
    assert count(client, name) == 2


def test_an_unknown_collection_is_code_100(api):
    for rpc in ("LoadCollection", "ReleaseCollection"):
        assert api(rpc, collection_name="nowhere").code == 100


def test_refresh_keeps_the_rows(client, name):
    make(client, name)
    client.insert(name, rows_with_vectors(3))
    client.flush(name)
    client.refresh_load(name)
    assert count(client, name) == 3


def test_a_second_vector_field_needs_its_index_too(client, name):
    from pymilvus import DataType
    client.create_collection(name, schema=make_schema(more=[
        ("other", DataType.FLOAT_VECTOR, {"dim": 4})]))
    add_index(client, name)
    with pytest.raises(MilvusException, match="other"):
        client.load_collection(name)
    add_index(client, name, field="other")
    client.load_collection(name)


def test_who_waits_for_a_load_that_cannot_work_hears_why(own_server, name):
    client = new_client(own_server)
    make(client, name)
    client.insert(name, rows_with_vectors(100))
    client.flush(name)
    client.release_collection(name)
    segments = own_server.folder / "objects/segment"
    segments.rename(segments.with_name("aside"))
    with pytest.raises(MilvusException, match="not fully loaded.*load segment"):
        client.load_collection(name, timeout=30)
    segments.with_name("aside").rename(segments)
    api = Api(own_server.address)
    wait_until(lambda: load_state(api, name) == LOADED, "loaded")
    assert count(client, name) == 100
    client.close()
    api.close()
