"""Iterators over search results and rows, on collections that change."""
import pytest
from conftest import PYMILVUS
from pymilvus import MilvusException
from raw import floats, longs, ok
from support import (exact_ids, ids_where, make, random_vectors,
                     rows_with_vectors)

ROWS = 400
QUERY = random_vectors(1, seed=99)[0]
pins = pytest.mark.skipif(PYMILVUS < (2, 5), reason="this client pins no state")


def ids_of(page):
    return [hit["id"] if isinstance(hit, dict) else hit.id for hit in page]


def all_of(iterator):
    found = []
    while page := iterator.next():
        found += ids_of(page)
    iterator.close()
    return found


def search_iterator(client, name, metric="L2", batch=50, **more):
    return client.search_iterator(
        name, data=[QUERY.tolist()], batch_size=batch, limit=-1,
        anns_field="embedding",
        search_params={"metric_type": metric, "params": {}}, **more)


@pytest.mark.parametrize("metric", ["L2", "IP", "COSINE"])
@pytest.mark.parametrize("shards", [1, 2])
def test_a_search_iterator_gives_every_row_once_nearest_first(
        client, name, metric, shards):
    make(client, name, metric=metric, shards=shards)
    client.insert(name, rows_with_vectors(ROWS))
    found = all_of(search_iterator(client, name, metric))
    assert found == exact_ids(metric, random_vectors(ROWS), QUERY, ROWS)


def test_rows_at_the_same_distance_are_given_once_each(client, name):
    make(client, name)
    vector = random_vectors(1)[0].tolist()
    client.insert(name, [{"id": i, "embedding": vector} for i in range(120)])
    found = all_of(search_iterator(client, name, batch=50))
    assert sorted(found) == list(range(120))


def test_a_search_iterator_sees_what_others_wrote_before_it(client, api, name):
    make(client, name)
    client.insert(name, rows_with_vectors(50))
    # Clients of one process share the time of their last write.
    ok(api.insert(name, [longs("id", range(50, 100)),
                         floats("embedding", random_vectors(50, seed=8))], 50))
    assert sorted(all_of(search_iterator(client, name))) == list(range(100))


@pins
def test_a_search_iterator_stays_at_the_state_it_began_with(client, name):
    make(client, name)
    client.insert(name, rows_with_vectors(ROWS))
    iterator = search_iterator(client, name)
    first = ids_of(iterator.next())
    client.insert(name, [{"id": ROWS, "embedding": QUERY.tolist()}])
    client.delete(name, filter=f"id < {ROWS // 2}")
    found = first + all_of(iterator)
    assert found == exact_ids("L2", random_vectors(ROWS), QUERY, ROWS)
    again = all_of(search_iterator(client, name))
    assert again[0] == ROWS and len(again) == ROWS // 2 + 1


@pins
def test_a_query_iterator_stays_at_the_state_it_began_with(client, name):
    make(client, name)
    client.insert(name, rows_with_vectors(ROWS))
    iterator = client.query_iterator(name, batch_size=70, filter="id >= 0",
                                     output_fields=["id"])
    first = ids_of(iterator.next())
    client.insert(name, rows_with_vectors(10, first=ROWS))
    client.delete(name, filter=f"id >= {ROWS - 100}")
    client.flush(name)
    assert first + all_of(iterator) == list(range(ROWS))
    assert ids_where(client, name, "id >= 0") == list(range(ROWS - 100))


def test_a_query_iterator_honours_offset_and_limit(client, name):
    make(client, name, key="VarChar")
    rows = rows_with_vectors(100)
    for row in rows:
        row["id"] = f"k{row['id']:03}"
    client.insert(name, rows)
    iterator = client.query_iterator(name, batch_size=7, offset=11, limit=40,
                                     output_fields=["id"])
    assert all_of(iterator) == [f"k{i:03}" for i in range(11, 51)]


def test_an_iterator_does_not_go_on_in_another_collection(client, name):
    alias = name + "_alias"
    for collection in (name, name + "_2"):
        make(client, collection)
        client.insert(collection, rows_with_vectors(100))
    client.create_alias(name, alias)
    iterator = search_iterator(client, alias, batch=10)
    iterator.next()
    client.alter_alias(name + "_2", alias)
    with pytest.raises(MilvusException, match="alias or database may have "
                                              "been changed"):
        for _ in range(20):
            iterator.next()
    client.drop_alias(alias)
