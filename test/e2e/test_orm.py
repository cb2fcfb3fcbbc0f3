"""The older face of the client: connections, Collection, utility."""
import pytest
from pymilvus import (Collection, CollectionSchema, DataType, FieldSchema,
                      MilvusException, Partition, connections, utility)

from support import DIM, random_vectors


@pytest.fixture
def connection(server, name):
    connections.connect(alias=name, uri=server.uri)
    yield name
    connections.disconnect(name)


@pytest.fixture
def collection(connection, name):
    schema = CollectionSchema([
        FieldSchema("id", DataType.INT64, is_primary=True),
        FieldSchema("n", DataType.INT64),
        FieldSchema("embedding", DataType.FLOAT_VECTOR, dim=DIM)])
    return Collection(name, schema, using=connection,
                      consistency_level="Strong")


def fill(collection, rows=100):
    vectors = random_vectors(rows)
    collection.insert([list(range(rows)), [i % 5 for i in range(rows)],
                       vectors.tolist()])
    return vectors


def index_and_load(collection, index_type="HNSW"):
    collection.create_index("embedding", {
        "index_type": index_type, "metric_type": "L2",
        "params": {"M": 8, "efConstruction": 64}
        if index_type == "HNSW" else {}})
    collection.load()


def test_the_way_of_the_tutorial(collection):
    vectors = fill(collection)
    collection.flush()
    assert collection.num_entities == 100
    index_and_load(collection)
    found = collection.search(
        vectors[:2].tolist(), "embedding",
        {"metric_type": "L2", "params": {"ef": 64}}, limit=3, expr="n != 4",
        output_fields=["n"])
    assert [hits.ids[0] for hits in found] == [0, 1]
    assert all(hit.entity.get("n") != 4 for hits in found for hit in hits)
    rows = collection.query("n == 2", output_fields=["id"])
    assert len(rows) == 20
    collection.delete("id in [2, 7]")
    assert len(collection.query("n == 2", output_fields=["id"])) == 18
    collection.upsert([[2], [2], vectors[2:3].tolist()])
    assert len(collection.query("n == 2", output_fields=["id"])) == 19
    collection.release()
    with pytest.raises(MilvusException, match="not loaded"):
        collection.query("n == 2")
    collection.drop()


def test_utility_sees_collections_and_progress(connection, collection):
    name = collection.name
    assert utility.has_collection(name, using=connection)
    assert name in utility.list_collections(using=connection)
    fill(collection)
    collection.flush()
    index_and_load(collection)
    progress = utility.index_building_progress(name, using=connection)
    assert progress["total_rows"] == 100
    assert utility.wait_for_index_building_complete(name, using=connection)
    assert utility.loading_progress(
        name, using=connection)["loading_progress"] == "100%"
    assert str(utility.load_state(name, using=connection)) == "Loaded"
    infos = utility.get_query_segment_info(name, using=connection)
    assert sum(info.num_rows for info in infos) == 100
    assert utility.get_server_version(using=connection)
    utility.drop_collection(name, using=connection)
    assert not utility.has_collection(name, using=connection)


def test_partitions(collection):
    Partition(collection, "p")
    assert collection.has_partition("p")
    fill(collection)
    index_and_load(collection, "FLAT")
    vectors = random_vectors(3, seed=2)
    collection.insert([[1000, 1001, 1002], [9, 9, 9], vectors.tolist()],
                      partition_name="p")
    assert len(collection.query("n == 9", partition_names=["p"])) == 3
    assert len(collection.query("n >= 0", partition_names=["_default"])) == 100
    assert {p.name for p in collection.partitions} == {"_default", "p"}
    collection.release()
    collection.drop_partition("p")
    assert not collection.has_partition("p")


def test_aliases(connection, collection):
    alias = collection.name + "_x"
    utility.create_alias(collection.name, alias, using=connection)
    assert alias in utility.list_aliases(collection.name, using=connection)
    assert Collection(alias, using=connection).schema == collection.schema
    utility.drop_alias(alias, using=connection)
    assert not utility.has_collection(alias, using=connection)


def test_indexes_are_listed_and_dropped(collection):
    assert not collection.has_index()
    index_and_load(collection)
    assert collection.has_index()
    assert [i.field_name for i in collection.indexes] == ["embedding"]
    assert collection.index().params["index_type"] == "HNSW"
    collection.release()
    collection.drop_index()
    assert not collection.has_index()


def test_compaction_completes(collection):
    index_and_load(collection)
    for _ in range(2):
        fill(collection)
        collection.flush()
    collection.compact()
    collection.wait_for_compaction_completed(timeout=60)
    assert len(collection.query("id >= 0", output_fields=["n"])) == 100


def test_iterators_page_through_all_rows(collection):
    fill(collection, 500)
    index_and_load(collection, "FLAT")
    seen = []
    iterator = collection.query_iterator(batch_size=70, expr="n != 0",
                                         output_fields=["id"])
    while page := iterator.next():
        seen += [row["id"] for row in page]
    iterator.close()
    assert sorted(seen) == [i for i in range(500) if i % 5]
    assert len(seen) == 400
