"""Aliases, and the database `default`."""
import pytest
from pymilvus import MilvusException

from raw import Api, int64_key, longs, floats, ok, vector
from support import new_client, count, make, make_schema, rows_with_vectors


@pytest.fixture
def two(client, name):
    """Two loaded collections with 1 and 2 rows."""
    names = (name + "_a", name + "_b")
    for rows, collection in enumerate(names, 1):
        make(client, collection)
        client.insert(collection, rows_with_vectors(rows))
    return names


def test_an_alias_reads_its_collection_until_it_is_pointed_elsewhere(
        client, name, two):
    a, b = two
    alias = name + "_alias"
    client.create_alias(a, alias)
    assert count(client, alias) == 1
    client.alter_alias(b, alias)
    assert count(client, alias) == 2
    client.drop_alias(alias)
    assert not client.has_collection(alias)
    assert client.has_collection(a) and client.has_collection(b)


def test_a_write_through_an_alias_lands_in_its_collection(client, name, two):
    a, _ = two
    alias = name + "_alias"
    client.create_alias(a, alias)
    client.insert(alias, rows_with_vectors(4, first=100))
    assert count(client, a) == 5
    client.delete(alias, ids=[100])
    assert count(client, a) == 4


def test_aliases_are_described_and_listed(client, name, two):
    a, b = two
    client.create_alias(a, name + "_1")
    client.create_alias(a, name + "_2")
    client.create_alias(b, name + "_3")
    assert client.describe_alias(name + "_1")["collection_name"] == a
    assert set(client.list_aliases(a)["aliases"]) == {name + "_1", name + "_2"}
    assert {name + "_1", name + "_2", name + "_3"} <= set(
        client.list_aliases()["aliases"])
    assert set(client.describe_collection(a)["aliases"]) == {
        name + "_1", name + "_2"}


def test_one_alias_cannot_stand_for_two_collections(client, name, two):
    a, b = two
    client.create_alias(a, name + "_x")
    client.create_alias(a, name + "_x")  # the same again is no change
    with pytest.raises(MilvusException) as error:
        client.create_alias(b, name + "_x")
    assert error.value.code == 1602
    assert (f"{name}_x is alias to another collection: {a}: alias already "
            f"exist[database=default][alias={name}_x]") in error.value.message


def test_a_name_is_an_alias_or_a_collection_not_both(client, api, name, two):
    a, b = two
    with pytest.raises(MilvusException) as error:
        client.create_alias(a, b)
    assert error.value.code == 1601
    client.create_alias(a, name + "_x")
    status = api.create(name + "_x", [int64_key(), vector(4)])
    assert status.code == 1601


def test_unknown_aliases_and_targets_have_their_codes(api, name):
    ok(api.create(name, [int64_key(), vector(4)]))
    unknown = name + "_nobody"
    assert api("DescribeAlias", alias=unknown).status.code == 1600
    assert api("AlterAlias", collection_name=name,
               alias=unknown).code == 1600
    assert api("CreateAlias", collection_name=unknown,
               alias=name + "_x").code == 100
    ok(api("DropAlias", alias=unknown))
    bad = api("CreateAlias", collection_name=name, alias="1x")
    assert bad.code == 1100
    assert "Invalid collection alias: 1x" in bad.reason


def test_a_collection_with_an_alias_is_not_dropped_nor_by_it(api, name):
    ok(api.create(name, [int64_key(), vector(4)]))
    alias = name + "_x"
    ok(api("CreateAlias", collection_name=name, alias=alias))
    assert api("DropCollection", collection_name=name).code != 0
    assert api("DropCollection", collection_name=alias).code != 0
    assert ok(api("HasCollection", collection_name=name)).value
    ok(api("DropAlias", alias=alias))
    ok(api("DropCollection", collection_name=name))
    assert not ok(api("HasCollection", collection_name=name)).value


def test_through_an_alias_describe_says_what_was_asked_for(api, name):
    ok(api.create(name, [int64_key(), vector(4)]))
    ok(api("CreateAlias", collection_name=name, alias=name + "_x"))
    reply = ok(api("DescribeCollection", collection_name=name + "_x"))
    assert reply.collection_name == name + "_x"


# The database `default`. ------------------------------------------------------

def test_default_is_listed_and_described(client, api):
    assert "default" in client.list_databases()
    assert ok(api("DescribeDatabase", db_name="default")).db_name == "default"


def test_a_client_of_database_default_sees_what_one_without_sees(
        server, client, name):
    make(client, name)
    client.insert(name, rows_with_vectors(3))
    other = new_client(server, db_name="default")
    assert name in other.list_collections()
    assert count(other, name) == 3
    other.close()


def test_every_call_understands_db_name(api, name):
    db = {"db_name": "default"}
    ok(api.create(name, [int64_key(), vector(2)], **db))
    ok(api("CreateIndex", collection_name=name, field_name="embedding", **db))
    ok(api.load(name, **db))
    ok(api.insert(name, [longs("id", [1, 2]),
                         floats("embedding", [[1, 2], [3, 4]])], 2, **db))
    ok(api.upsert(name, [longs("id", [2]), floats("embedding", [[0, 0]])], 1,
                  **db))
    ok(api.delete(name, "id in [1]", **db))
    reply = ok(api.query(name, "id > 0", **db))
    assert list(reply.fields_data[0].scalars.long_data.data) == [2]
    ok(api.search(name, [[0, 0]], metric="COSINE", **db))
    ok(api("DescribeIndex", collection_name=name, **db))
    ok(api("GetCollectionStatistics", collection_name=name, **db))
    ok(api("CreatePartition", collection_name=name, partition_name="p", **db))
    assert ok(api("HasPartition", collection_name=name, partition_name="p",
                  **db)).value
    ok(api("ReleaseCollection", collection_name=name, **db))
    ok(api("DropCollection", collection_name=name, **db))
    assert not ok(api("HasCollection", collection_name=name, **db)).value


@pytest.mark.parametrize("rpc, fields", [
    ("ShowCollections", {}),
    ("HasCollection", {"collection_name": "c"}),
    ("DescribeCollection", {"collection_name": "c"}),
    ("LoadCollection", {"collection_name": "c"}),
    ("Insert", {"collection_name": "c", "num_rows": 1}),
    ("Query", {"collection_name": "c", "expr": "id > 0"}),
    ("Delete", {"collection_name": "c", "expr": "id > 0"}),
])
def test_an_unknown_database_is_refused_by_name(server, api, rpc, fields):
    from raw import status_of
    status = status_of(api(rpc, db_name="nowhere", **fields))
    assert status.code == 800
    assert "database not found[database=nowhere]" in status.reason
    # The header counts where the request names none.
    other = Api(server.address, metadata=(("dbname", "nowhere"),))
    assert status_of(other(rpc, **fields)).code == 800
    other.close()


def test_the_request_wins_over_the_header(server, api, name):
    ok(api.create(name, [int64_key(), vector(4)]))
    other = Api(server.address, metadata=(("dbname", "nowhere"),))
    assert ok(other("HasCollection", collection_name=name,
                    db_name="default")).value
    other.close()


def test_schemas_of_the_client_go_through_an_alias(client, name):
    client.create_collection(name, schema=make_schema())
    client.create_alias(name, name + "_x")
    assert (client.describe_collection(name + "_x")["fields"]
            == client.describe_collection(name)["fields"])
