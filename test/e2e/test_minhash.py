"""Signatures of MinHash by a client: MINHASH_LSH growing, sealed and after a
restart, BIN_FLAT, and refusals. One client version is enough: what is its own
is the engine."""
import numpy as np
import pytest
from pymilvus import DataType, MilvusClient, MilvusException

from support import add_index, hits, new_client, wait_until

pytestmark = pytest.mark.raw

ROWS, ELEMENTS, BANDS = 1500, 32, 8
DIM = ELEMENTS * 32
INDEX = {"mh_element_bit_width": 32, "mh_lsh_band": BANDS,
         "with_raw_data": True, "mh_lsh_code_in_mem": True,
         "mh_lsh_bloom_false_positive_prob": 0.01}


def signatures(count, similarity, seed):
    """Each element is that of one of 60 originals, so often."""
    originals = np.random.default_rng(1).integers(
        0, 2**32, (60, ELEMENTS), dtype=np.uint32)
    random = np.random.default_rng(seed)
    made = random.integers(0, 2**32, (count, ELEMENTS), dtype=np.uint32)
    kept = random.random((count, ELEMENTS)) < similarity
    return np.where(kept, originals[random.integers(60, size=count)], made)


def shares(base, query):
    """Of the bands and of the elements that each row shares."""
    equal = base == query
    bands = equal.reshape(len(base), BANDS, -1).all(axis=2)
    return bands.mean(axis=1), equal.mean(axis=1)


def collection(client, name, index_type, params):
    schema = MilvusClient.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("signature", DataType.BINARY_VECTOR, dim=DIM)
    client.create_collection(name, schema=schema, consistency_level="Strong")
    add_index(client, name, index_type, "MHJACCARD", field="signature",
              **params)


def insert(client, name, base):
    client.insert(name, [{"id": i, "signature": row.tobytes()}
                         for i, row in enumerate(base)])


def search(client, name, query, params, limit=10, **more):
    return hits(client.search(
        name, data=[query.tobytes()], limit=limit, anns_field="signature",
        search_params={"metric_type": "MHJACCARD", "params": params}, **more))


def expect(found, score_of, candidates, limit=10):
    """The best of the candidates, each with its score."""
    best = sorted((score_of[i] for i in candidates), reverse=True)[:limit]
    assert [score for _, score in found] == pytest.approx(best)
    assert len({i for i, _ in found}) == len(found)
    for i, score in found:
        assert i in candidates and score == pytest.approx(score_of[i])


def check(client, name, base, queries, is_scanned):
    for query in queries:
        bands, elements = shares(base, query)
        sharing = set(np.flatnonzero(bands).tolist())
        expect(search(client, name, query, {}), bands, sharing)
        expect(search(client, name, query, {}, filter="id % 3 == 1"), bands,
               {i for i in sharing if i % 3 == 1})
        # Where there is no index yet all rows are compared.
        ranked = (set(np.flatnonzero(elements).tolist()) if is_scanned
                  else sharing)
        jaccard = {"mh_search_with_jaccard": True, "refine_k": ROWS}
        expect(search(client, name, query, jaccard), elements, ranked)
        inside = {i for i in ranked if 0.5 < elements[i] <= 0.9}
        expect(search(client, name, query, limit=100, params={
            **jaccard, "radius": 0.5, "range_filter": 0.9}), elements, inside,
            limit=100)


def test_signatures_are_found_growing_and_sealed_and_after_a_restart(
        own_server):
    client = new_client(own_server)
    base, queries = signatures(ROWS, 0.8, 2), signatures(10, 0.95, 3)
    collection(client, "m", "MINHASH_LSH", INDEX)
    client.load_collection("m")
    insert(client, "m", base)
    check(client, "m", base, queries, is_scanned=True)
    client.flush("m")
    wait_until(lambda: client.describe_index("m", "signature")[
        "indexed_rows"] == ROWS, "the index is built")
    client.release_collection("m")
    client.load_collection("m")
    check(client, "m", base, queries, is_scanned=False)
    described = client.describe_index("m", "signature")
    assert described["index_type"] == "MINHASH_LSH"
    assert described["metric_type"] == "MHJACCARD"
    assert described["mh_lsh_band"] == str(BANDS)
    client.close()

    own_server.kill()
    own_server.start()
    client = new_client(own_server)
    check(client, "m", base, queries, is_scanned=False)
    row = client.query("m", filter="id == 7", output_fields=["signature"])[0]
    assert row["signature"][0] == base[7].tobytes()
    client.close()


def test_bin_flat_compares_all_rows(client, name):
    base, query = signatures(1100, 0.6, 4), signatures(1, 0.9, 5)[0]
    collection(client, name, "BIN_FLAT", {"mh_element_bit_width": 32})
    client.load_collection(name)
    insert(client, name, base)
    _, elements = shares(base, query)
    expect(search(client, name, query, {}), elements, range(len(base)))
    client.flush(name)
    wait_until(lambda: client.describe_index(name, "signature")[
        "indexed_rows"] == len(base), "the index is built")
    client.release_collection(name)
    client.load_collection(name)
    expect(search(client, name, query, {}), elements, range(len(base)))


@pytest.mark.parametrize("index_type, params, words", [
    ("MINHASH_LSH", {"mh_element_bit_width": 12}, "mh_element_bit_width"),
    ("MINHASH_LSH", {"mh_lsh_band": 0}, "mh_lsh_band"),
    ("BIN_IVF_FLAT", {}, "MHJACCARD not found or not supported"),
    ("AUTOINDEX", {}, "MHJACCARD needs param 'mh_element_bit_width'"),
])
def test_what_does_not_fit_is_refused(client, name, index_type, params, words):
    with pytest.raises(MilvusException) as error:
        collection(client, name, index_type, params)
    assert words in str(error.value)


def test_elements_that_the_index_lacks_are_refused(client, name):
    base = signatures(20, 0.8, 2)
    collection(client, name, "MINHASH_LSH",
               {"mh_element_bit_width": 32, "mh_lsh_band": BANDS})
    client.load_collection(name)
    insert(client, name, base)
    assert search(client, name, base[3], {})[0] == (3, 1.0)
    with pytest.raises(MilvusException) as error:
        search(client, name, base[3], {"mh_search_with_jaccard": True})
    assert "with_raw_data = true" in str(error.value)
