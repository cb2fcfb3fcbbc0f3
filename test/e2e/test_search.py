"""Search: metrics, indexes, filters, growing and sealed rows."""
import numpy as np
import pytest
from pymilvus import DataType, MilvusClient, MilvusException

from support import (new_client, close, exact_ids, exact_scores, hits, make,
                     random_vectors, rows_with_vectors)

ROWS = 400
BASE = random_vectors(ROWS)
QUERIES = random_vectors(5, seed=99)

INDEXES = [("FLAT", {}), ("HNSW", {"M": 16, "efConstruction": 200}),
           ("AUTOINDEX", {})]


@pytest.fixture(scope="module", params=["growing", "sealed", "both"])
def stage(request):
    return request.param


@pytest.fixture(scope="module")
def filled(shared_server, stage):
    """filled(index_type, metric) -> (client, name), made once."""
    client = new_client(shared_server)
    made = {}

    def get(index_type, metric):
        name = f"search_{stage}_{index_type}_{metric}"
        if name not in made:
            params = dict(INDEXES)[index_type]
            make(client, name, index_type=index_type, metric=metric, shards=2,
                 index_params=params,
                 more=[("n", DataType.INT64, {}),
                       ("t", DataType.VARCHAR, {"max_length": 10})])
            rows = rows_with_vectors(ROWS, n=lambda i: i % 10,
                                     t=lambda i: f"t{i % 3}")
            client.insert(name, rows[:200])
            if stage != "growing":
                client.flush(name)
            client.insert(name, rows[200:])
            if stage == "sealed":
                client.flush(name)
            made[name] = True
        return client, name

    yield get
    for name in made:
        client.drop_collection(name)
    client.close()


def search(client, name, metric, query, **more):
    return client.search(
        name, data=[query.tolist()], anns_field="embedding",
        search_params={"metric_type": metric, "params": {"ef": 400}}, **more)


@pytest.mark.parametrize("index_type", [i for i, _ in INDEXES])
@pytest.mark.parametrize("metric", ["L2", "IP", "COSINE"])
def test_answers_are_the_exact_ones(filled, index_type, metric):
    client, name = filled(index_type, metric)
    for query in QUERIES:
        found = hits(search(client, name, metric, query, limit=20))
        wanted = exact_ids(metric, BASE, query, 20)
        scores = exact_scores(metric, BASE, query)
        assert len(set(i for i, _ in found) & set(wanted)) >= 19
        assert all(close(score, scores[i]) for i, score in found)
        ordered = [score for _, score in found]
        assert ordered == sorted(ordered, reverse=metric != "L2")


FILTERS = [
    ("n == 3", lambda i: i % 10 == 3),
    ('t == "t1" and n < 5', lambda i: i % 3 == 1 and i % 10 < 5),
    ("id >= 200", lambda i: i >= 200),
    ("id < 5", lambda i: i < 5),
    ("id == 250", lambda i: i == 250),
    ("n == 77", lambda i: False),
]


@pytest.mark.parametrize("index_type", ["FLAT", "HNSW"])
@pytest.mark.parametrize("text, naive", FILTERS, ids=[f[0] for f in FILTERS])
def test_a_filter_leaves_the_best_of_what_it_lets_through(
        filled, index_type, text, naive):
    client, name = filled(index_type, "L2")
    mask = [naive(i) for i in range(ROWS)]
    for query in QUERIES:
        found = [i for i, _ in hits(search(client, name, "L2", query, limit=10,
                                           filter=text))]
        assert found == exact_ids("L2", BASE, query, 10, mask=mask)


def test_many_queries_at_once_equal_each_alone(filled):
    client, name = filled("FLAT", "L2")
    together = client.search(name, data=QUERIES.tolist(), limit=7,
                             anns_field="embedding")
    assert len(together) == len(QUERIES)
    for query, row in zip(QUERIES, together):
        alone = search(client, name, "L2", query, limit=7)[0]
        assert [h["id"] for h in row] == [h["id"] for h in alone]


def test_offset_leaves_out_the_best(filled):
    client, name = filled("FLAT", "L2")
    whole = hits(search(client, name, "L2", QUERIES[0], limit=10))
    tail = hits(client.search(
        name, data=[QUERIES[0].tolist()], limit=6, anns_field="embedding",
        search_params={"metric_type": "L2", "offset": 4, "params": {}}))
    assert tail == whole[4:]


def test_output_fields_are_those_of_the_hits(filled):
    client, name = filled("FLAT", "L2")
    found = search(client, name, "L2", QUERIES[0], limit=10,
                   output_fields=["n", "t", "embedding"])[0]
    for hit in found:
        assert hit["entity"]["n"] == hit["id"] % 10
        assert hit["entity"]["t"] == f"t{hit['id'] % 3}"
        assert np.allclose(hit["entity"]["embedding"], BASE[hit["id"]])


def test_a_limit_above_the_rows_gives_all_of_them(filled):
    client, name = filled("FLAT", "L2")
    found = hits(search(client, name, "L2", QUERIES[0], limit=1000))
    assert sorted(i for i, _ in found) == list(range(ROWS))


def test_an_empty_collection_answers_with_no_hits(client, name):
    make(client, name)
    assert list(client.search(name, data=[[0.0] * 16])[0]) == []


def test_deleted_and_replaced_rows_are_not_found(client, name):
    make(client, name)
    client.insert(name, rows_with_vectors(50))
    client.flush(name)
    client.insert(name, rows_with_vectors(50, seed=8, first=50))
    client.delete(name, filter="id < 10")
    client.delete(name, ids=[60])
    moved = (random_vectors(1, seed=5) + 100)[0]
    client.upsert(name, [{"id": 20, "embedding": moved.tolist()}])
    found = [i for i, _ in hits(client.search(
        name, data=[[0.0] * 16], limit=200))]
    assert sorted(found) == sorted(set(range(10, 100)) - {60})
    assert found[-1] == 20  # it went far away


@pytest.mark.parametrize("search_params, text", [
    ({"metric_type": "IP"}, "metric type not match: invalid parameter"
                            "[expected=L2][actual=IP]"),
    ({"metric_type": "NOPE"}, "metric type"),
])
def test_another_metric_than_the_indexes_is_refused(filled, search_params,
                                                    text):
    client, name = filled("FLAT", "L2")
    with pytest.raises(MilvusException) as error:
        client.search(name, data=[QUERIES[0].tolist()],
                      search_params=search_params, anns_field="embedding")
    assert text in error.value.message


def test_range_search_keeps_to_its_bounds(filled):
    client, name = filled("FLAT", "L2")
    scores = exact_scores("L2", BASE, QUERIES[0])
    low, high = np.sort(scores)[[5, 50]]
    found = hits(client.search(
        name, data=[QUERIES[0].tolist()], limit=200, anns_field="embedding",
        search_params={"metric_type": "L2", "params": {
            "radius": float(high) + 1e-3, "range_filter": float(low) - 1e-3}}))
    assert sorted(i for i, _ in found) == sorted(
        np.argsort(scores, kind="stable")[5:51].tolist())


def test_two_vector_fields_are_searched_apart(client, name):
    from support import add_index, make_schema
    client.create_collection(name, schema=make_schema(more=[
        ("other", DataType.FLOAT_VECTOR, {"dim": 4})]),
        consistency_level="Strong")
    add_index(client, name)
    add_index(client, name, "HNSW", "COSINE", field="other", M=8,
              efConstruction=64)
    client.load_collection(name)
    others = random_vectors(30, seed=3, dim=4)
    client.insert(name, rows_with_vectors(
        30, other=lambda i: others[i].tolist()))
    first = client.search(name, data=[BASE[4].tolist()], limit=1,
                          anns_field="embedding")
    second = client.search(name, data=[others[9].tolist()], limit=1,
                           anns_field="other")
    assert (first[0][0]["id"], second[0][0]["id"]) == (4, 9)


@pytest.mark.parametrize("level", ["Strong", "Session", "Bounded",
                                   "Eventually"])
def test_every_consistency_level_answers(filled, level):
    client, name = filled("FLAT", "L2")
    found = hits(search(client, name, "L2", BASE[7], limit=1,
                        consistency_level=level))
    assert len(found) <= 1
    if level in ("Strong", "Session"):
        assert found[0][0] == 7
