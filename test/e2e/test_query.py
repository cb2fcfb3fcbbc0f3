"""Query: ids, filters, count(*), limit and offset, consistency."""
import pytest
from pymilvus import DataType, MilvusException

from support import new_client, count, ids_where, make, rows_with_vectors

ROWS = 60
MORE = [("n", DataType.INT64, {}), ("price", DataType.DOUBLE, {}),
        ("name", DataType.VARCHAR, {"max_length": 50}),
        ("flag", DataType.BOOL, {}), ("extra", DataType.JSON, {})]
COLUMNS = {
    "n": lambda i: i % 10,
    "price": lambda i: i / 4,
    "name": lambda i: f"item {i:03d}",
    "flag": lambda i: i % 3 == 0,
    "extra": lambda i: {"k": i, "tags": [i % 2, i % 5], "deep": {"s": f"v{i}"}}
    if i % 4 else {"other": None},
}


# Growing, and after a flush: the same answers. One collection of each kind.
@pytest.fixture(scope="module", params=["growing", "sealed", "both"])
def filled(shared_server, request):
    client = new_client(shared_server)
    name = f"query_{request.param}"
    make(client, name, more=MORE, dynamic=True, shards=2)
    rows = rows_with_vectors(ROWS, **COLUMNS)
    client.insert(name, rows[:30])
    if request.param != "growing":
        client.flush(name)
    client.insert(name, rows[30:])
    if request.param == "sealed":
        client.flush(name)
    yield client, name
    client.drop_collection(name)
    client.close()


# (filter, the same in Python on the id)
FILTERS = [
    ("id >= 0", lambda i: True),
    ("id in [3, 5, 777]", lambda i: i in (3, 5)),
    ("id not in [3, 5]", lambda i: i not in (3, 5)),
    ("n == 7", lambda i: i % 10 == 7),
    ("n != 7 and price <= 5.5", lambda i: i % 10 != 7 and i / 4 <= 5.5),
    ("n > 7 or n < 2", lambda i: i % 10 > 7 or i % 10 < 2),
    ("not (n > 7)", lambda i: i % 10 <= 7),
    ("3 < n <= 6", lambda i: 3 < i % 10 <= 6),
    ("n + 1 == 5", lambda i: i % 10 + 1 == 5),
    ("id % 7 == 2", lambda i: i % 7 == 2),
    ('name == "item 007"', lambda i: i == 7),
    ('name like "item 01%"', lambda i: 10 <= i < 20),
    ('name like "%5"', lambda i: i % 10 == 5),
    ('name in ["item 001", "item 059"]', lambda i: i in (1, 59)),
    ('name > "item 050"', lambda i: i > 50),
    ("flag == true", lambda i: i % 3 == 0),
    ('extra["k"] > 50', lambda i: i % 4 != 0 and i > 50),
    ('extra["deep"]["s"] == "v9"', lambda i: i == 9),
    ('extra["tags"][1] == 3', lambda i: i % 4 != 0 and i % 5 == 3),
    ('json_contains(extra["tags"], 4)', lambda i: i % 4 != 0 and i % 5 == 4),
    ('exists extra["k"]', lambda i: i % 4 != 0),
    ("id in []", lambda i: False),
]


@pytest.mark.parametrize("text, naive", FILTERS, ids=[f[0] for f in FILTERS])
def test_a_filter_selects_what_it_says(filled, text, naive):
    client, name = filled
    wanted = [i for i in range(ROWS) if naive(i)]
    assert sorted(ids_where(client, name, text)) == wanted
    assert count(client, name, text) == len(wanted)


def test_get_returns_the_rows_of_the_ids(filled):
    client, name = filled
    rows = client.get(name, ids=[5, 40, 999], output_fields=["name"])
    assert sorted((row["id"], row["name"]) for row in rows) == [
        (5, "item 005"), (40, "item 040")]


def test_query_by_ids_equals_query_by_filter(filled):
    client, name = filled
    assert client.query(name, ids=[1, 2], output_fields=["n"]) == client.query(
        name, filter="id in [1, 2]", output_fields=["n"])


def test_limit_and_offset_walk_in_the_order_of_the_key(filled):
    client, name = filled
    walked = []
    for offset in range(0, ROWS + 10, 10):
        walked += ids_where(client, name, "id >= 0", limit=10, offset=offset)
    assert walked == list(range(ROWS))
    assert ids_where(client, name, "", limit=3) == [0, 1, 2]
    assert ids_where(client, name, "n == 1", limit=2, offset=1) == [11, 21]


def test_the_key_is_among_the_columns_and_star_means_all(filled):
    client, name = filled
    row = client.query(name, filter="id == 6", output_fields=["n"])[0]
    assert row == {"id": 6, "n": 6}
    row = client.query(name, filter="id == 6", output_fields=["*"])[0]
    assert set(row) >= {"id", "n", "price", "name", "flag", "extra",
                        "embedding"}


@pytest.mark.parametrize("level", ["Strong", "Session", "Bounded",
                                   "Eventually"])
def test_every_consistency_level_answers(filled, level):
    client, name = filled
    rows = client.query(name, filter="id == 6", consistency_level=level)
    assert len(rows) <= 1
    if level in ("Strong", "Session"):
        assert len(rows) == 1


def test_a_query_without_filter_needs_a_limit(filled):
    client, name = filled
    with pytest.raises(MilvusException,
                       match="empty expression should be used with limit"):
        client.query(name, filter="", output_fields=["id"])


@pytest.mark.parametrize("limit, offset", [(16385, 0), (0, 0), (-1, 0),
                                           (10, 16380), (10, -1)])
def test_a_window_out_of_range_is_refused(filled, limit, offset):
    client, name = filled
    with pytest.raises(MilvusException):
        client.query(name, filter="id >= 0", limit=limit, offset=offset)


@pytest.mark.parametrize("bad", [
    "nobody_is_called[", "id ==", "id = 1", "id == 'a'",
    "name > 5", "(id == 1", "id in (1, 2)",
    "id == 1 and", "id / 0 == 1", "id % 0 == 1",
    "5 < id < 1", "not id == 1", "id & 1 == 1", "id == 99999999999999999999",
    "n like \"a%\"", "\x00", "name == \"unfinished", "id in [1, \"a\"]",
])
def test_a_malformed_filter_is_refused_with_its_text(filled, bad):
    client, name = filled
    with pytest.raises(MilvusException) as error:
        client.query(name, filter=bad)
    assert error.value.code in (1100, 65535)
    assert "failed to create query plan: cannot parse expression: " + bad \
        in error.value.message
    assert count(client, name) == ROWS


@pytest.mark.parametrize("bad, kind", [
    ("id", "Int64"), ("1 < 2", "Bool"), ("extra", "JSON")])
def test_a_filter_that_is_no_condition_is_refused_with_its_type(filled, bad,
                                                                kind):
    client, name = filled
    with pytest.raises(MilvusException) as error:
        client.query(name, filter=bad)
    assert error.value.code == 1100
    assert ("failed to create query plan: predicate is not a boolean "
            f"expression: {bad}, data type: {kind}") in error.value.message


def test_an_unknown_name_is_refused_without_dynamic_fields(client, name):
    make(client, name)
    with pytest.raises(MilvusException, match="field nobody not exist"):
        client.query(name, filter="nobody == 1")
    with pytest.raises(MilvusException, match="field nobody not exist"):
        client.query(name, filter="id >= 0", output_fields=["nobody"])


def test_a_deeply_nested_filter_is_refused_or_answered(filled):
    client, name = filled
    deep = "(" * 20000 + "id == 1" + ")" * 20000
    try:
        assert [r["id"] for r in client.query(name, filter=deep)] == [1]
    except MilvusException as error:
        assert error.code != 0
    assert count(client, name) == ROWS


def test_a_long_list_of_ids(filled):
    client, name = filled
    text = f"id in [{', '.join(str(i) for i in range(0, 200000, 2))}]"
    assert count(client, name, text) == ROWS // 2
