"""Partitions: create, drop, list, write into, read from."""
import pytest
from pymilvus import MilvusException

from raw import ok
from support import count, make, make_schema, rows_with_vectors


@pytest.fixture
def parted(client, name):
    """Loaded, with rows 0..4 in _default, 100..102 in p, 200 in q."""
    make(client, name)
    for part in ("p", "q"):
        client.create_partition(name, part)
    client.insert(name, rows_with_vectors(5))
    client.insert(name, rows_with_vectors(3, first=100), partition_name="p")
    client.insert(name, rows_with_vectors(1, first=200), partition_name="q")
    return name


def test_a_new_collection_has_the_default_partition(client, name):
    client.create_collection(name, schema=make_schema())
    assert client.list_partitions(name) == ["_default"]


def test_a_created_partition_is_there_and_a_dropped_one_is_gone(client, name):
    client.create_collection(name, schema=make_schema())
    assert not client.has_partition(name, "p")
    client.create_partition(name, "p")
    assert client.has_partition(name, "p")
    assert set(client.list_partitions(name)) == {"_default", "p"}
    client.drop_partition(name, "p")
    assert not client.has_partition(name, "p")
    assert client.list_partitions(name) == ["_default"]


def test_show_partitions_over_the_wire_has_ids(client, api, name):
    client.create_collection(name, schema=make_schema())
    client.create_partition(name, "p")
    reply = ok(api("ShowPartitions", collection_name=name))
    assert set(reply.partition_names) == {"_default", "p"}
    assert len(set(reply.partitionIDs)) == 2


def test_a_read_is_limited_to_the_partitions_it_names(client, parted):
    assert count(client, parted) == 9
    assert count(client, parted, partition_names=["p"]) == 3
    assert count(client, parted, partition_names=["p", "q"]) == 4
    found = client.search(
        parted, data=[rows_with_vectors(1)[0]["embedding"]], limit=10,
        partition_names=["p"])
    assert {hit["id"] for hit in found[0]} == {100, 101, 102}


def test_a_delete_is_limited_to_the_partition_it_names(client, parted):
    client.delete(parted, filter="id >= 0", partition_name="p")
    assert count(client, parted) == 6
    assert count(client, parted, partition_names=["p"]) == 0


def test_a_delete_by_filter_skips_no_partition_in_silence(client, parted):
    client.release_partitions(parted, ["q"])
    with pytest.raises(MilvusException,
                       match="partition not loaded\\[partition=q\\]"):
        client.delete(parted, filter="id >= 0")
    client.delete(parted, filter="id >= 0", partition_name="p")
    client.load_partitions(parted, ["q"])
    assert count(client, parted) == 6
    client.delete(parted, filter="id >= 0")
    assert count(client, parted) == 0


def test_rows_of_a_dropped_partition_are_gone(client, parted):
    client.release_partitions(parted, ["p"])
    client.drop_partition(parted, "p")
    assert count(client, parted) == 6
    client.create_partition(parted, "p")
    client.load_partitions(parted, ["p"])
    assert count(client, parted, partition_names=["p"]) == 0


def test_partition_statistics_count_its_rows(client, parted):
    client.flush(parted)
    assert client.get_partition_stats(parted, "p")["row_count"] == 3
    assert client.get_partition_stats(parted, "_default")["row_count"] == 5


def test_an_unknown_partition_is_refused_everywhere(client, parted):
    for call in (
            lambda: client.query(parted, filter="id > 0",
                                 partition_names=["nowhere"]),
            lambda: client.search(
                parted, data=[rows_with_vectors(1)[0]["embedding"]],
                partition_names=["nowhere"]),
            lambda: client.insert(parted, rows_with_vectors(1),
                                  partition_name="nowhere"),
    ):
        with pytest.raises(MilvusException, match="nowhere"):
            call()
    with pytest.raises(MilvusException) as error:
        client.load_partitions(parted, ["nowhere"])
    assert error.value.code == 200
    assert "partition not found[partition=nowhere]" in error.value.message


@pytest.mark.parametrize("bad, text", [
    ("!p", "Invalid partition name: !p"),
    ("", "Partition name should not be empty"),
])
def test_a_bad_partition_name_is_refused(api, client, name, bad, text):
    client.create_collection(name, schema=make_schema())
    status = api("CreatePartition", collection_name=name, partition_name=bad)
    assert status.code != 0 and text in status.reason


def test_the_default_partition_is_not_dropped(client, name):
    client.create_collection(name, schema=make_schema())
    with pytest.raises(MilvusException,
                       match="default partition cannot be deleted"):
        client.drop_partition(name, "_default")


def test_many_partitions_hold_their_own_rows(client, name):
    make(client, name)
    for i in range(30):
        client.create_partition(name, f"p{i}")
        client.insert(name, rows_with_vectors(1, first=i),
                      partition_name=f"p{i}")
    assert count(client, name) == 30
    for i in (0, 13, 29):
        rows = client.query(name, filter="id >= 0", output_fields=["id"],
                            partition_names=[f"p{i}"])
        assert [row["id"] for row in rows] == [i]
