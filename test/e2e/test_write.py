"""Insert, upsert and delete, seen through reads."""
import itertools
import threading

import pytest
from pymilvus import DataType, MilvusException

from raw import floats, int64_key, longs, ok, texts, vector
from support import count, ids_where, make, new_client, rows_with_vectors

EXTREMES = [
    ("flag", DataType.BOOL, {}, [True, False]),
    ("i8", DataType.INT8, {}, [-128, 127]),
    ("i16", DataType.INT16, {}, [-32768, 32767]),
    ("i32", DataType.INT32, {}, [-2**31, 2**31 - 1]),
    ("i64", DataType.INT64, {}, [-2**63, 2**63 - 1]),
    ("f32", DataType.FLOAT, {}, [-0.0, 1.5]),
    ("f64", DataType.DOUBLE, {}, [1e-300, 1.7976931348623157e308]),
    ("text", DataType.VARCHAR, {"max_length": 40}, ["", "Grüße, 世界 \"q\""]),
    ("json", DataType.JSON, {}, [{"a": [1, {"b": None}], "ü": 1.5}, {}]),
]


@pytest.fixture
def typed(client, name):
    make(client, name, more=[(n, t, p) for n, t, p, _ in EXTREMES])
    rows = rows_with_vectors(2)
    for i in range(2):
        rows[i].update({n: values[i] for n, _, _, values in EXTREMES})
    client.insert(name, rows)
    return name, rows


@pytest.mark.parametrize("flushed", [False, True])
def test_every_type_comes_back_as_it_went_in(client, typed, flushed):
    name, rows = typed
    if flushed:
        client.flush(name)
        client.release_collection(name)
        client.load_collection(name)
    found = sorted(client.query(name, filter="id >= 0", output_fields=["*"]),
                   key=lambda row: row["id"])
    for row, wanted in zip(found, rows):
        for column, _, _, _ in EXTREMES:
            assert row[column] == wanted[column], column
        assert list(row["embedding"]) == pytest.approx(wanted["embedding"])


def test_varchar_keys(client, name):
    make(client, name, key="VarChar")
    rows = rows_with_vectors(4)
    for row, key in zip(rows, ["a", "B", 'ü "q"', "long" * 10]):
        row["id"] = key
    client.insert(name, rows)
    assert sorted(ids_where(client, name, 'id != ""')) == sorted(
        row["id"] for row in rows)
    client.delete(name, ids=["a", 'ü "q"'])
    assert sorted(ids_where(client, name, 'id != ""')) == ["B", "long" * 10]
    assert client.get(name, ids=["B"])[0]["id"] == "B"
    found = client.search(name, data=[rows[3]["embedding"]], limit=1)
    assert found[0][0]["id"] == "long" * 10


def test_auto_ids_are_distinct_and_name_their_rows(client, name):
    make(client, name, auto_id=True,
         more=[("n", DataType.INT64, {})])
    rows = [{"embedding": row["embedding"], "n": row["id"]}
            for row in rows_with_vectors(100)]
    first = list(client.insert(name, rows)["ids"])
    second = list(client.insert(name, rows)["ids"])
    assert len(set(first + second)) == 200
    assert min(second) > max(first)
    found = client.query(name, filter=f"id == {first[42]}",
                         output_fields=["n"])
    assert [row["n"] for row in found] == [42]


def test_dynamic_fields_are_stored_filtered_and_returned(client, name):
    make(client, name, dynamic=True)
    rows = rows_with_vectors(3)
    rows[0].update(color="red", size=1)
    rows[1].update(color="blue", nested={"a": [1, 2]})
    client.insert(name, rows)
    assert ids_where(client, name, 'color == "red"') == [0]
    assert ids_where(client, name, 'nested["a"][1] == 2') == [1]
    found = client.query(name, filter="id in [0, 1, 2]",
                         output_fields=["color"])
    assert {row["id"]: row.get("color") for row in found} == {
        0: "red", 1: "blue", 2: None}
    everything = client.query(name, filter="id == 1", output_fields=["*"])[0]
    assert everything["nested"] == {"a": [1, 2]}


def test_an_insert_of_an_existing_key_keeps_both_rows(client, name):
    make(client, name, more=[("n", DataType.INT64, {})])
    row = rows_with_vectors(1, n=lambda i: 1)[0]
    client.insert(name, [row])
    client.insert(name, [{**row, "n": 2}])
    assert count(client, name) == 2
    found = client.query(name, filter="id == 0", output_fields=["n"])
    assert [r["n"] for r in found] == [2]  # once, the newest
    assert len(client.search(name, data=[row["embedding"]])[0]) == 1
    client.delete(name, ids=[0])
    assert count(client, name) == 0


@pytest.mark.parametrize("flushed", [False, True])
def test_upsert_replaces_and_adds(client, name, flushed):
    make(client, name, more=[("n", DataType.INT64, {})])
    client.insert(name, rows_with_vectors(5, n=lambda i: i))
    if flushed:
        client.flush(name)
    changed = rows_with_vectors(3, seed=8, first=3, n=lambda i: i + 100)
    result = client.upsert(name, changed)
    assert result["upsert_count"] == 3
    assert count(client, name) == 6
    found = client.query(name, filter="id >= 0", output_fields=["n"])
    assert {row["id"]: row["n"] for row in found} == {
        0: 0, 1: 1, 2: 2, 3: 103, 4: 104, 5: 105}
    near = client.search(name, data=[changed[0]["embedding"]], limit=1)
    assert (near[0][0]["id"], near[0][0]["distance"]) == (3, 0)


def test_upsert_of_an_auto_id_row_gives_it_a_new_key(api, name):
    ok(api.create(name, [int64_key(auto_id=True), vector(2)]))
    ok(api.index(name))
    ok(api.load(name))
    old = ok(api.insert(name, [floats("embedding", [[1, 2]])],
                        1)).IDs.int_id.data[0]
    reply = ok(api.upsert(name, [longs("id", [old]),
                                 floats("embedding", [[3, 4]])], 1))
    new = reply.IDs.int_id.data[0]
    assert new != old
    assert api.count(name) == 1
    assert api.count(name, f"id == {new}") == 1


@pytest.mark.parametrize("flushed", [False, True])
def test_delete_by_ids_and_by_filter(client, name, flushed):
    make(client, name, more=[("n", DataType.INT64, {})])
    client.insert(name, rows_with_vectors(20, n=lambda i: i % 4))
    if flushed:
        client.flush(name)
    client.delete(name, ids=[0, 1, 999])
    assert count(client, name) == 18
    client.delete(name, filter="n == 3")
    assert count(client, name) == 13
    assert sorted(ids_where(client, name, "id < 10")) == [2, 4, 5, 6, 8, 9]
    found = client.search(name, data=[[0.0] * 16], limit=20)
    assert {h["id"] for h in found[0]} == set(ids_where(client, name, "id >= 0"))


def test_counts_of_the_replies(api, name):
    ok(api.create(name, [int64_key(), vector(2)]))
    ok(api.index(name))
    ok(api.load(name))
    columns = [longs("id", [1, 2, 3]),
               floats("embedding", [[1, 2], [3, 4], [5, 6]])]
    inserted = ok(api.insert(name, columns, 3))
    assert list(inserted.IDs.int_id.data) == [1, 2, 3]
    assert list(inserted.succ_index) == [0, 1, 2]
    assert inserted.insert_cnt == 3
    upserted = ok(api.upsert(name, columns, 3))
    assert upserted.upsert_cnt == 3
    assert upserted.timestamp > inserted.timestamp
    # By key: the number of keys in the list; by filter: of rows that match.
    assert ok(api.delete(name, "id in [1, 77]")).delete_cnt == 2
    assert ok(api.delete(name, "id > 0")).delete_cnt == 2
    assert api.count(name) == 0


def test_delete_by_key_needs_no_loaded_collection_by_filter_it_does(api, name):
    ok(api.create(name, [int64_key(), vector(2)]))
    ok(api.index(name))
    ok(api.insert(name, [longs("id", [1, 2]),
                         floats("embedding", [[1, 2], [3, 4]])], 2))
    ok(api.delete(name, "id in [1]"))
    assert api.delete(name, "id > 0").status.code == 101
    ok(api.load(name))
    assert api.count(name) == 1


@pytest.mark.parametrize("expr", ["", "  "])
def test_a_delete_without_a_filter_is_refused(api, name, expr):
    ok(api.create(name, [int64_key(), vector(2)]))
    status = api.delete(name, expr).status
    assert status.code == 1100
    assert "delete plan can't be empty or always true" in status.reason


def test_a_row_inserted_again_after_its_delete_is_there(client, name):
    make(client, name)
    row = rows_with_vectors(1)
    for _ in range(3):
        client.insert(name, row)
        assert count(client, name) == 1
        client.delete(name, ids=[0])
        assert count(client, name) == 0
    client.insert(name, row)
    assert ids_where(client, name, "id >= 0") == [0]


def test_writes_over_many_shards_are_whole(client, name):
    make(client, name, shards=4)
    client.insert(name, rows_with_vectors(1000))
    client.upsert(name, rows_with_vectors(500, seed=9, first=750))
    client.delete(name, filter="id % 2 == 1")
    assert count(client, name) == 625
    assert sorted(ids_where(client, name, "id >= 0")) == list(range(0, 1250, 2))


def test_a_column_order_other_than_the_schemas_is_fine(api, name):
    ok(api.create(name, [int64_key(), vector(2)]))
    ok(api.index(name))
    ok(api.load(name))
    ok(api.insert(name, [floats("embedding", [[1, 2]]), longs("id", [5])], 1))
    assert api.count(name, "id == 5") == 1


def test_big_rows_and_big_batches(client, name):
    make(client, name, more=[("text", DataType.VARCHAR, {"max_length": 65535})])
    client.insert(name, rows_with_vectors(100, text=lambda i: "x" * 65535))
    client.insert(name, rows_with_vectors(10000, first=1000,
                                          text=lambda i: str(i)))
    assert count(client, name) == 10100
    row = client.query(name, filter="id == 7", output_fields=["text"])[0]
    assert row["text"] == "x" * 65535


def test_a_stale_schema_timestamp_is_code_109(api, name):
    ok(api.create(name, [int64_key(), vector(2)]))
    status = api.insert(name, [longs("id", [1]),
                               floats("embedding", [[1, 2]])], 1,
                        schema_timestamp=12345).status
    assert status.code == 109


def test_a_varchar_auto_id_is_decimal_text(api, name):
    from raw import DataType as WireType
    from raw import field
    ok(api.create(name, [field("id", WireType.VarChar, key=True, auto_id=True,
                               max_length=32), vector(2)]))
    reply = ok(api.insert(name, [floats("embedding", [[1, 2]])], 1))
    assert reply.IDs.str_id.data[0].isdigit()


def test_refused_rows_leave_nothing_behind(client, api, name):
    make(client, name, more=[("t", DataType.VARCHAR, {"max_length": 3})])
    vectors = [row["embedding"] for row in rows_with_vectors(2)]
    status = api.insert(name, [longs("id", [1, 2]), texts("t", ["ok", "long"]),
                               floats("embedding", vectors)], 2).status
    assert status.code != 0
    assert count(client, name) == 0


def test_deleting_nobody_succeeds(client, name):
    make(client, name)
    client.delete(name, ids=[1, 2, 3])
    client.delete(name, filter="id > 5")
    assert count(client, name) == 0


def test_a_write_to_an_unknown_collection_is_code_100(client):
    with pytest.raises(MilvusException) as error:
        client.insert("nowhere", [{"id": 1}])
    assert error.value.code == 100


def test_writes_outlive_ddl_beside_them(client, name, server):
    """Another alias or partition is no reason to refuse rows."""
    make(client, name)
    stop = threading.Event()
    written, failures = [], []

    def write(first):
        own = new_client(server)
        for i in itertools.count(first, 1000):
            if stop.is_set():
                break
            try:
                own.insert(name, rows_with_vectors(1, first=i))
                own.delete(name, ids=[-i - 1])
                written.append(i)
            except MilvusException as error:
                failures.append(error)
        own.close()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for i in range(20):
        client.create_alias(name, f"{name}_a{i}")
        client.create_partition(name, f"p{i}")
        client.drop_alias(f"{name}_a{i}")
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert count(client, name) == len(written)
