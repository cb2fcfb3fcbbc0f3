"""Create, drop, describe, list and rename collections."""
import pytest
from pymilvus import DataType, MilvusException

from raw import DataType as WireType
from raw import field, int64_key, ok, vector
from support import new_client, DIM, count, make, make_schema, rows_with_vectors


def test_a_created_collection_is_there_and_a_dropped_one_is_gone(client, name):
    assert not client.has_collection(name)
    client.create_collection(name, schema=make_schema())
    assert client.has_collection(name)
    assert name in client.list_collections()
    client.drop_collection(name)
    assert not client.has_collection(name)
    assert name not in client.list_collections()


def test_the_quick_form_creates_indexes_and_loads(client, name):
    client.create_collection(name, dimension=DIM, metric_type="COSINE",
                             consistency_level="Strong")
    rows = [{"id": r["id"], "vector": r["embedding"], "color": "red"}
            for r in rows_with_vectors(10)]
    client.insert(name, rows)
    found = client.search(name, data=[rows[3]["vector"]], limit=1,
                          output_fields=["color"])
    assert found[0][0]["id"] == 3
    assert found[0][0]["entity"]["color"] == "red"


def test_describe_gives_back_the_schema(client, name):
    schema = make_schema(dynamic=True, more=[
        ("title", DataType.VARCHAR, {"max_length": 77}),
        ("price", DataType.DOUBLE, {}),
        ("extra", DataType.JSON, {})])
    client.create_collection(name, schema=schema, num_shards=2,
                             consistency_level="Session")
    about = client.describe_collection(name)
    assert about["collection_name"] == name
    assert about["enable_dynamic_field"] is True
    assert about["num_shards"] == 2
    assert about["consistency_level"] == 1
    fields = {f["name"]: f for f in about["fields"]}
    assert list(fields) == ["id", "embedding", "title", "price", "extra"]
    assert fields["id"]["is_primary"] is True
    assert fields["embedding"]["type"] == DataType.FLOAT_VECTOR
    assert fields["embedding"]["params"]["dim"] == DIM
    assert fields["title"]["params"]["max_length"] == 77
    assert fields["price"]["type"] == DataType.DOUBLE
    assert fields["extra"]["type"] == DataType.JSON


def test_describe_over_the_wire_has_ids_channels_and_times(api, name):
    ok(api.create(name, [int64_key(), vector(4)], shards=3))
    reply = ok(api("DescribeCollection", collection_name=name))
    assert reply.shards_num == 3
    assert len(set(reply.virtual_channel_names)) == 3
    assert len(reply.physical_channel_names) == 3
    assert reply.collectionID > 0
    assert [f.fieldID for f in reply.schema.fields] == [100, 101]
    # Milliseconds in the upper bits of the hybrid time.
    assert reply.created_timestamp >> 18 == reply.created_utc_timestamp
    assert reply.db_name == "default"
    by_id = ok(api("DescribeCollection", collectionID=reply.collectionID))
    assert by_id.schema.name == name


def test_describe_of_an_unknown_collection_is_code_100(api):
    status = api("DescribeCollection", collection_name="nowhere").status
    assert status.code == 100
    assert status.reason.startswith(
        "can't find collection[database=default][collection=nowhere]")


def test_has_collection_answers_both_ways(api, name):
    assert not ok(api("HasCollection", collection_name=name)).value
    ok(api.create(name, [int64_key(), vector(4)]))
    assert ok(api("HasCollection", collection_name=name)).value


def test_creating_again_needs_the_same_schema(api, name):
    fields = [int64_key(), vector(4)]
    ok(api.create(name, fields))
    first = ok(api("DescribeCollection", collection_name=name)).collectionID
    ok(api.create(name, fields))
    assert ok(api("DescribeCollection",
                  collection_name=name)).collectionID == first
    status = api.create(name, [int64_key(), vector(8)])
    assert status.code != 0
    assert ("create duplicate collection with different parameters, "
            f"collection: {name}") in status.reason


def test_dropping_what_is_not_there_succeeds(api):
    ok(api("DropCollection", collection_name="nowhere"))


def test_a_collection_made_again_under_its_name_is_empty(client, name):
    make(client, name)
    client.insert(name, rows_with_vectors(5))
    client.drop_collection(name)
    make(client, name)
    assert count(client, name) == 0


def test_a_loaded_collection_can_be_dropped(client, name):
    make(client, name)
    client.drop_collection(name)
    with pytest.raises(MilvusException) as error:
        client.query(name, filter="id > 0")
    assert error.value.code == 100


def test_rename_moves_rows_and_frees_the_old_name(client, name):
    make(client, name)
    client.insert(name, rows_with_vectors(5))
    client.rename_collection(name, name + "_new")
    assert not client.has_collection(name)
    assert count(client, name + "_new") == 5
    make(client, name)
    assert count(client, name) == 0


def test_rename_to_a_name_in_use_is_refused(client, name):
    client.create_collection(name, schema=make_schema())
    client.create_collection(name + "_b", schema=make_schema())
    with pytest.raises(MilvusException, match="duplicated new collection name"):
        client.rename_collection(name, name + "_b")
    assert client.has_collection(name) and client.has_collection(name + "_b")


def test_rename_of_an_unknown_collection_is_code_100(api):
    status = api("RenameCollection", oldName="nowhere", newName="somewhere")
    assert status.code == 100


def test_show_collections_can_be_limited_to_the_loaded_ones(client, api, name):
    make(client, name)
    client.create_collection(name + "_cold", schema=make_schema())
    shown = ok(api("ShowCollections"))
    assert {name, name + "_cold"} <= set(shown.collection_names)
    loaded = ok(api("ShowCollections", type=1))
    assert name in loaded.collection_names
    assert name + "_cold" not in loaded.collection_names
    at = list(loaded.collection_names).index(name)
    assert loaded.inMemory_percentages[at] == 100
    assert loaded.query_service_available[at]


@pytest.mark.parametrize("bad, text", [
    ("1c", "Invalid collection name: 1c. the first character of a collection "
           "name must be an underscore or letter"),
    ("a-b", "Invalid collection name: a-b"),
    ("c" * 256, "the length of a collection name must be less than 255 "
                "characters"),
    ("", "collection name should not be empty"),
])
def test_a_bad_name_is_refused(api, bad, text):
    status = api.create(bad, [int64_key(), vector(4)])
    assert status.code == 1100
    assert text in status.reason


@pytest.mark.parametrize("fields", [
    [vector(4)],                                               # no key
    [int64_key(), int64_key("other"), vector(4)],              # two keys
    [int64_key()],                                             # no vector
    [int64_key(), vector(4), vector(4)],                       # a name twice
    [int64_key(), vector(1)],                                  # dim too small
    [int64_key(), vector(32769)],                              # too large
    [int64_key(), field("embedding", WireType.FloatVector)],   # no dim
    [int64_key(), field("embedding", WireType.FloatVector, dim="x")],
    [int64_key(), vector(4), field("t", WireType.VarChar)],    # no max_length
    [int64_key(), vector(4), field("t", WireType.VarChar, max_length=65536)],
    [int64_key(), vector(4), field("t", WireType.VarChar, max_length=0)],
    [int64_key(), vector(4), field("1t", WireType.Int64)],     # bad name
    [field("id", WireType.Float, key=True), vector(4)],        # a float key
    [int64_key(), vector(4), field("t", 9999)],                # no such type
    [int64_key(), vector(4)] + [field(f"f{i}", WireType.Int64)
                                for i in range(63)],           # 65 fields
])
def test_a_schema_that_contradicts_itself_is_refused(api, name, fields):
    status = api.create(name, fields)
    assert status.code != 0 and status.reason
    assert not ok(api("HasCollection", collection_name=name)).value


def test_bytes_that_are_no_schema_are_refused(api, name):
    status = api("CreateCollection", collection_name=name, schema=b"\xff\xff")
    assert status.code != 0


def test_more_shards_than_allowed_are_refused(api, name):
    status = api.create(name, [int64_key(), vector(4)], shards=17)
    assert "maximum shards's number should be limited to 16" in status.reason


def test_statistics_count_the_rows(client, name):
    client.create_collection(name, schema=make_schema())
    assert client.get_collection_stats(name)["row_count"] == 0
    client.insert(name, rows_with_vectors(7))
    client.flush(name)
    assert client.get_collection_stats(name)["row_count"] == 7


def test_a_dynamic_field_is_not_listed_among_the_fields(api, name):
    ok(api.create(name, [int64_key(), vector(4)], dynamic=True))
    reply = ok(api("DescribeCollection", collection_name=name))
    assert reply.schema.enable_dynamic_field
    assert [f.name for f in reply.schema.fields] == ["id", "embedding"]


def test_the_client_sees_a_collection_that_another_made(server, client, name):
    other = new_client(server)
    make(other, name)
    other.insert(name, rows_with_vectors(3))
    other.close()
    assert count(client, name) == 3
