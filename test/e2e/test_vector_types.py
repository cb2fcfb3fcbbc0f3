"""Every type of vector field: written, searched growing and sealed, read back,
and there after a restart."""
import numpy as np
import pymilvus
import pytest
from pymilvus import DataType, MilvusClient

from conftest import PYMILVUS
from support import add_index, hits, new_client, random_vectors, wait_until

ROWS = 300
DIM = 32
if PYMILVUS < (2, 6):  # older ones do not know every type
    pytest.skip("one client is enough", allow_module_level=True)


def halves(kind, count, seed):
    return random_vectors(count, seed, DIM).astype(kind)


def small_integers(count, seed):
    return np.random.default_rng(seed).integers(
        -128, 128, (count, DIM)).astype(np.int8)


def bits(count, seed):
    return np.random.default_rng(seed).integers(
        0, 256, (count, DIM // 8)).astype(np.uint8)


def sparse(count, seed):
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        keys = random.choice(200, 12, replace=False)
        rows.append({int(k) * 1000: float(np.float32(random.random() + 0.1))
                     for k in sorted(keys)})
    return rows


def bfloats(count, seed):
    """float32 that bfloat16 holds: the lower half of the bits is zero."""
    whole = random_vectors(count, seed, DIM).view(np.uint32)
    return (whole & np.uint32(0xffff0000)).view(np.float32)


def as_bits(vectors):
    return np.unpackbits(vectors, axis=1).astype(np.int32)


def dense_scores(metric, base, query):
    base, query = base.astype(np.float64), query.astype(np.float64)
    if metric == "L2":
        return -((base - query) ** 2).sum(axis=1)
    products = base @ query
    if metric == "COSINE":
        products /= np.linalg.norm(base, axis=1) * np.linalg.norm(query)
    return products


def bit_scores(metric, base, query):
    base, query = as_bits(base), as_bits(query[None])[0]
    both = (base & query).sum(axis=1)
    either = (base | query).sum(axis=1)
    return both - either if metric == "HAMMING" else both / either - 1


def sparse_scores(_, base, query):
    return np.array([sum(v * query.get(k, 0) for k, v in row.items())
                     for row in base])


def wire(case, vector):
    """As the client takes it."""
    data_type = CASES[case][0]
    if data_type == DataType.BINARY_VECTOR:
        return vector.tobytes()
    if data_type == DataType.BFLOAT16_VECTOR:
        return (vector.view(np.uint32) >> 16).astype(np.uint16).tobytes()
    return vector


def plain(vector):
    """As written and as Query answers, in one comparable form."""
    if isinstance(vector, dict):
        return {int(k): pytest.approx(v, rel=1e-6) for k, v in vector.items()}
    if isinstance(vector, list) and len(vector) == 1:
        vector = vector[0]
    return vector if isinstance(vector, bytes) else vector.tobytes()


CASES = {
    "float16": (DataType.FLOAT16_VECTOR, "HNSW", "COSINE", dense_scores,
                lambda n, s: list(halves(np.float16, n, s))),
    "bfloat16": (DataType.BFLOAT16_VECTOR, "FLAT", "L2", dense_scores,
                 lambda n, s: list(bfloats(n, s))),
    "int8": (DataType.INT8_VECTOR, "HNSW", "L2", dense_scores,
             lambda n, s: list(small_integers(n, s))),
    "hamming": (DataType.BINARY_VECTOR, "BIN_FLAT", "HAMMING", bit_scores,
                lambda n, s: list(bits(n, s))),
    "jaccard": (DataType.BINARY_VECTOR, "AUTOINDEX", "JACCARD", bit_scores,
                lambda n, s: list(bits(n, s))),
    "lists_of_bits": (DataType.BINARY_VECTOR, "BIN_IVF_FLAT", "HAMMING",
                      bit_scores, lambda n, s: list(bits(n, s))),
    "sparse": (DataType.SPARSE_FLOAT_VECTOR, "SPARSE_INVERTED_INDEX", "IP",
               sparse_scores, sparse),
}


def schema_of(data_type):
    schema = MilvusClient.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("n", DataType.INT64)
    sizes = {} if data_type == DataType.SPARSE_FLOAT_VECTOR else {"dim": DIM}
    schema.add_field("embedding", data_type, **sizes)
    return schema


def check_search(client, case, base, queries):
    """Every hit has its exact score, and nothing nearer was left out."""
    _, _, metric, scores_of, _ = CASES[case]
    for flt, passes in [("", lambda i: True), ("n < 100", lambda i: i < 100)]:
        found = client.search(case, data=[wire(case, q) for q in queries], limit=10,
                              anns_field="embedding", filter=flt)
        for query, row in zip(queries, found):
            data = base if isinstance(base[0], dict) else np.array(base)
            scores = scores_of(metric, data, query)
            best = sorted((s for i, s in enumerate(scores) if passes(i)),
                          reverse=True)[:10]
            sign = -1 if metric in ("L2", "HAMMING", "JACCARD") else 1
            assert all(passes(h["id"]) for h in row)
            got = [sign * h["distance"] for h in row]
            assert np.allclose(got, best, rtol=1e-3, atol=1e-3), (case, flt)
            assert np.allclose([scores[h["id"]] for h in row], got,
                               rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("case", CASES)
def test_a_vector_field_is_searched_growing_and_sealed(types_server, case):
    data_type, index_type, metric, _, make = CASES[case]
    client = new_client(types_server)
    base, queries = make(ROWS, 1), make(5, 2)
    client.create_collection(case, schema=schema_of(data_type),
                             consistency_level="Strong")
    add_index(client, case, index_type, metric)
    client.load_collection(case)
    client.insert(case, [{"id": i, "n": i, "embedding": wire(case, v)}
                         for i, v in enumerate(base)])
    check_search(client, case, base, queries)
    client.flush(case)
    wait_until(lambda: client.describe_index(case, "embedding")
               ["indexed_rows"] == ROWS, "the index is built")
    client.release_collection(case)
    client.load_collection(case)
    check_search(client, case, base, queries)
    rows = client.query(case, filter="n < 40",
                        output_fields=["embedding"])
    assert len(rows) == 40
    for row in rows:
        assert plain(row["embedding"]) == plain(wire(case, base[row["id"]]))
    found = client.search(case, data=[wire(case, queries[0])], limit=3,
                          anns_field="embedding", output_fields=["embedding"])
    for hit in found[0]:
        assert plain(hit["entity"]["embedding"]) == plain(wire(case, base[hit["id"]]))
    client.close()


def test_all_types_are_there_after_a_kill(types_server):
    types_server.kill()
    types_server.start()
    client = new_client(types_server)
    for case in client.list_collections():
        make = CASES[case][4]
        check_search(client, case, make(ROWS, 1), make(5, 2))
    client.close()


@pytest.fixture(scope="module")
def types_server(start_server):
    server = start_server("types")
    yield server
    if server.running:
        server.kill()


def test_a_range_search_gives_what_lies_between_its_bounds(client, name):
    client.create_collection(name, schema=schema_of(DataType.BINARY_VECTOR),
                             consistency_level="Strong")
    add_index(client, name, "BIN_FLAT", "HAMMING")
    client.load_collection(name)
    base, query = bits(ROWS, 1), bits(1, 2)[0]
    client.insert(name, [{"id": i, "n": i, "embedding": v.tobytes()}
                         for i, v in enumerate(base)])
    distances = -bit_scores("HAMMING", base, query)
    found = client.search(
        name, data=[query.tobytes()], limit=ROWS, search_params={
            "params": {"radius": 16, "range_filter": 12}})
    want = {i for i, d in enumerate(distances) if 12 <= d < 16}
    assert want and {h["id"] for h in found[0]} == want


def test_ten_vector_fields_are_searched_each_by_its_name(client, name):
    schema = MilvusClient.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    for i in range(10):
        schema.add_field(f"v{i}", DataType.FLOAT_VECTOR, dim=4)
    client.create_collection(name, schema=schema, consistency_level="Strong")
    add_index(client, name, "FLAT", "L2", field="v0")
    with pytest.raises(pymilvus.MilvusException,
                       match="there is no vector index on field"):
        client.load_collection(name)
    for i in range(1, 10):
        add_index(client, name, ["FLAT", "HNSW"][i % 2], "L2", field=f"v{i}")
    client.load_collection(name)
    # Row r is far away in every field but field r.
    client.insert(name, [{"id": row, **{
        f"v{i}": [0.0 if i == row else 9.0] * 4 for i in range(10)}}
        for row in range(10)])
    for i in range(10):
        found = client.search(name, data=[[0.0] * 4], limit=1,
                              anns_field=f"v{i}")
        assert hits(found) == [(i, 0.0)]
    with pytest.raises(pymilvus.MilvusException, match="multiple anns_fields"):
        client.search(name, data=[[0.0] * 4], limit=1)
    schema.add_field("v10", DataType.FLOAT_VECTOR, dim=4)
    with pytest.raises(pymilvus.MilvusException, match="limited to 10"):
        client.create_collection(f"{name}_more", schema=schema)


def test_a_float_query_serves_a_field_of_halves(client, name):
    client.create_collection(name, schema=schema_of(DataType.FLOAT16_VECTOR),
                             consistency_level="Strong")
    add_index(client, name, "FLAT", "L2")
    client.load_collection(name)
    base = halves(np.float16, 20, 1)
    client.insert(name, [{"id": i, "n": i, "embedding": v}
                         for i, v in enumerate(base)])
    query = base[7].astype(np.float32).tolist()
    assert client.search(name, data=[query], limit=1)[0][0]["id"] == 7


@pytest.mark.parametrize("data_type, index_type, metric, words", [
    (DataType.BINARY_VECTOR, "BIN_FLAT", "L2",
     "binary vector index does not support metric type: L2"),
    (DataType.BINARY_VECTOR, "BIN_IVF_FLAT", "SUPERSTRUCTURE",
     "metric type SUPERSTRUCTURE not found or not supported"),
    (DataType.BINARY_VECTOR, "HNSW", "HAMMING",
     "data type BinaryVector can't build with this index HNSW"),
    (DataType.SPARSE_FLOAT_VECTOR, "SPARSE_INVERTED_INDEX", "L2",
     "only IP&BM25 is the supported metric type for sparse index"),
    (DataType.SPARSE_FLOAT_VECTOR, "SPARSE_INVERTED_INDEX", "BM25",
     "only BM25 Function output field support BM25 metric type"),
    (DataType.INT8_VECTOR, "BIN_FLAT", "HAMMING",
     "data type Int8Vector can't build with this index BIN_FLAT"),
])
def test_an_index_that_does_not_fit_is_refused(client, name, data_type,
                                               index_type, metric, words):
    client.create_collection(name, schema=schema_of(data_type))
    with pytest.raises(pymilvus.MilvusException, match=words):
        add_index(client, name, index_type, metric)
