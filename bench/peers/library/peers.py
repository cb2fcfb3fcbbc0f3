"""Every contestant behind the same few methods.

    peer = PEERS["hnswlib"](data, threads)   # builds
    for setting in peer.settings:
        peer.set(setting)
        run = peer.searcher(data.queries)
        run(first, count, threads)           # run.ids[first:first + count]

Graphs have M = 16 (32 links at the bottom) and efConstruction = 200; IVF has
4 * sqrt(n) lists, rounded to a power of two; peers get rows of length 1 and the
inner product where the set's metric is COSINE, which saves them the division.
"""
import functools
import math
import os
import tempfile

import numpy as np

import datasets
import elanus

K = datasets.TRUTH_K
EFS = (10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 400, 640)
PROBES = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 128, 256)
M, EF_CONSTRUCTION = 16, 200


def lists_of(rows):
    return 2 ** round(math.log2(4 * math.sqrt(rows)))


class Run:
    """Searches through a peer that gives its answers as arrays."""

    def __init__(self, queries, one, batch):
        self.queries = queries
        self.ids = np.full((len(queries), K), -1, np.int64)
        self._rows = [queries[i:i + 1] for i in range(len(queries))]
        self._one, self._batch = one, batch

    def __call__(self, first, count, threads=1):
        if count == 1:
            self.ids[first] = self._one(self._rows[first])
        else:
            self.ids[first:first + count] = self._batch(
                self.queries[first:first + count], threads)


class Peer:
    def __init__(self, data, threads):
        self.metric = data.metric
        self.build(self.vectors(data.base), threads)

    def vectors(self, rows):
        if self.metric == "COSINE":
            return datasets.normalised(rows)
        return np.ascontiguousarray(rows, np.float32)

    def searcher(self, queries):
        return Run(self.vectors(queries), self.one, self.batch)

    def one(self, query):
        return self.batch(query, 1)[0]


class Elanus:
    """`settings` are search parameters as on the wire."""

    def __init__(self, type_name, params, settings, data, threads):
        self.settings = settings
        params = params.format(lists=lists_of(len(data.base)),
                               half=data.base.shape[1] // 2,
                               quarter=data.base.shape[1] // 4)
        self._engine = elanus.Engine(type_name, data.metric, params, data.base,
                                     threads)

    def set(self, setting):
        self._engine.set(setting, K)

    def searcher(self, queries):
        return self._engine.searcher(queries)


class FaissFactory(Peer):
    """An index of faiss by its factory string, with one search parameter."""

    def __init__(self, spec, parameter, settings, data, threads, fixed=None):
        self._spec, self._parameter, self._fixed = spec, parameter, fixed
        self.settings = settings
        super().__init__(data, threads)

    def build(self, base, threads):
        import faiss
        faiss.omp_set_num_threads(threads)
        spec = self._spec.format(lists=lists_of(len(base)),
                                 half=base.shape[1] // 2)
        self._index = faiss.index_factory(
            base.shape[1], spec,
            faiss.METRIC_L2 if self.metric == "L2" else
            faiss.METRIC_INNER_PRODUCT)
        space = faiss.ParameterSpace()
        if "HNSW" in spec:
            space.set_index_parameter(self._index, "efConstruction",
                                      EF_CONSTRUCTION)
        self._index.train(base)
        self._index.add(base)
        if self._fixed is not None:
            space.set_index_parameter(self._index, *self._fixed)
        self._threads_set = threads
        self._faiss = faiss

    def set(self, setting):
        if self._parameter is not None:
            self._faiss.ParameterSpace().set_index_parameter(
                self._index, self._parameter, setting)

    def batch(self, queries, threads):
        if threads != self._threads_set:
            self._faiss.omp_set_num_threads(threads)
            self._threads_set = threads
        return self._index.search(queries, K)[1]


class Hnswlib(Peer):
    settings = EFS

    def build(self, base, threads):
        import hnswlib
        self._index = hnswlib.Index("l2" if self.metric == "L2" else "ip",
                                    base.shape[1])
        self._index.init_index(len(base), M=M, ef_construction=EF_CONSTRUCTION)
        self._index.add_items(base, num_threads=threads)

    def set(self, setting):
        self._index.set_ef(setting)

    def batch(self, queries, threads):
        return self._index.knn_query(queries, K, num_threads=threads)[0]


class Usearch(Peer):
    settings = EFS

    def build(self, base, threads):
        from usearch.index import Index
        self._index = Index(ndim=base.shape[1],
                            metric="l2sq" if self.metric == "L2" else "ip",
                            dtype="f32", connectivity=M,
                            expansion_add=EF_CONSTRUCTION)
        self._index.add(np.arange(len(base)), base, threads=threads)

    def set(self, setting):
        self._index.expansion_search = setting

    def batch(self, queries, threads):
        return self._index.search(queries, K, threads=threads).keys

    def one(self, query):
        return self._index.search(query[0], K, threads=1).keys


class Glass(Peer):
    settings = EFS

    def __init__(self, quantizer, data, threads):
        self._quantizer = quantizer
        super().__init__(data, threads)

    def build(self, base, threads):
        import glass
        glass.set_num_threads(threads)
        metric = "L2" if self.metric == "L2" else "IP"
        self._graph = glass.Index("HNSW", metric, "FP32", 2 * M,
                                  EF_CONSTRUCTION).build(base)
        # Kept: it may look at the rows again.
        self._base = base
        refine = "" if self._quantizer == "FP32" else "FP32"
        self._searcher = glass.Searcher(self._graph, base, metric,
                                        self._quantizer, refine)
        self._searcher.optimize(1)

    def set(self, setting):
        self._searcher.set_ef(setting)

    def batch(self, queries, threads):
        found = self._searcher.batch_search(queries, K, num_threads=threads)
        found = found[0] if isinstance(found, tuple) else found
        return np.asarray(found).reshape(len(queries), K)

    def one(self, query):
        found = self._searcher.search(query[0], K)
        return found[0] if isinstance(found, tuple) else found


class Svs(Peer):
    settings = EFS

    def build(self, base, threads):
        import svs
        metric = (svs.DistanceType.L2 if self.metric == "L2"
                  else svs.DistanceType.MIP)
        parameters = svs.VamanaBuildParameters(
            graph_max_degree=2 * M, window_size=EF_CONSTRUCTION,
            alpha=1.2 if self.metric == "L2" else 0.95)
        self._index = svs.Vamana.build(parameters, base, metric,
                                       num_threads=threads)

    def set(self, setting):
        self._index.search_window_size = setting

    def batch(self, queries, threads):
        if self._index.num_threads != threads:
            self._index.num_threads = threads
        return self._index.search(queries, K)[0]


class Scann(Peer):
    settings = tuple((leaves, reorder) for reorder in (30, 100)
                     for leaves in (2, 4, 8, 12, 16, 24, 32, 64, 128, 256))

    def build(self, base, threads):
        import scann
        score = {} if self.metric == "L2" else {
            "anisotropic_quantization_threshold": 0.2}
        builder = scann.scann_ops_pybind.builder(
            base, K, "squared_l2" if self.metric == "L2" else "dot_product")
        self._searcher = (
            builder.set_n_training_threads(threads)
            .tree(num_leaves=lists_of(len(base)) // 2, num_leaves_to_search=16,
                  training_sample_size=min(len(base), 100_000))
            .score_ah(2, **score).reorder(100).build())

    def set(self, setting):
        self._leaves, self._reorder = setting

    def batch(self, queries, threads):
        search = (self._searcher.search_batched_parallel if threads > 1
                  else self._searcher.search_batched)
        return search(queries, K, pre_reorder_num_neighbors=self._reorder,
                      leaves_to_search=self._leaves)[0]

    def one(self, query):
        return self._searcher.search(
            query[0], K, pre_reorder_num_neighbors=self._reorder,
            leaves_to_search=self._leaves)[0]


class DiskAnn(Peer):
    """The static index in memory: the disk would be measured, not the walk."""
    settings = EFS

    def build(self, base, threads):
        import diskannpy
        self._folder = tempfile.TemporaryDirectory()
        diskannpy.build_memory_index(
            base, "l2", self._folder.name, complexity=EF_CONSTRUCTION,
            graph_degree=2 * M, num_threads=threads, alpha=1.2,
            use_pq_build=False, num_pq_bytes=0, use_opq=False)
        self._index = diskannpy.StaticMemoryIndex(
            self._folder.name, num_threads=threads, initial_search_complexity=64)

    def set(self, setting):
        self._complexity = setting

    def batch(self, queries, threads):
        return self._index.batch_search(queries, K, self._complexity,
                                        threads).identifiers


class Seismic:
    """Sparse rows; its tokens are the dimensions' numbers as text."""
    settings = tuple((cut, heap) for cut in (2, 3, 5, 8, 12)
                     for heap in (0.7, 0.8, 0.9, 1.0))

    def __init__(self, data, threads):
        import seismic
        rows = seismic.SeismicDataset(
            dim=int(data.base.indices.max()) + 1)
        rows.add_documents_by_id(
            [str(i) for i in range(len(data.base))],
            data.base.indices.astype(np.int64), data.base.values,
            data.base.indptr.astype(np.int64))
        self._index = seismic.SeismicIndex.build_from_dataset(
            rows, num_threads=threads)
        self._text = seismic.get_seismic_string()

    def set(self, setting):
        self._cut, self._heap = setting

    def searcher(self, queries):
        self._queries = [(row[0].astype(str).astype(self._text), row[1])
                         for row in map(queries.row, range(len(queries)))]
        self._names = np.array([str(i) for i in range(len(queries))],
                               self._text)
        ids = np.full((len(queries), K), -1, np.int64)

        def run(first, count, threads=1):
            if count == 1:
                found = [self._index.search(
                    self._names[first], *self._queries[first], k=K,
                    query_cut=self._cut, heap_factor=self._heap)]
            else:
                part = self._queries[first:first + count]
                found = self._index.batch_search(
                    self._names[first:first + count], [q[0] for q in part],
                    [q[1] for q in part], k=K, query_cut=self._cut,
                    heap_factor=self._heap, num_threads=threads)
            for i, hits in enumerate(found):
                row = int(hits[0][0]) if count > 1 and hits else first + i
                ids[row] = -1
                ids[row, :len(hits)] = [int(hit[2]) for hit in hits]

        run.ids = ids
        return run


def _ours(type_name, params, settings):
    return functools.partial(Elanus, type_name, params, settings)


_EF = tuple(f"ef={ef}" for ef in EFS)
_EF_REFINE = tuple(f"ef={ef} refine_k=4" for ef in EFS)
_PROBE = tuple(f"nprobe={n}" for n in PROBES)
_PROBE_REFINE = tuple(f"nprobe={n} refine_k=4" for n in PROBES)
_PROBE_REORDER = tuple(f"nprobe={n} reorder_k={r}" for r in (30, 100)
                       for n in PROBES)
_RECALL = tuple(f"target_recall={r}" for r in
                (0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995))
_GRAPH = f"M={M} efConstruction={EF_CONSTRUCTION}"

# What we have or will have; a type that the engine refuses is left out.
OURS = {
    "elanus-FLAT": _ours("FLAT", "", ("",)),
    "elanus-AUTOINDEX": _ours("AUTOINDEX", "", _RECALL),
    "elanus-HNSW": _ours("HNSW", _GRAPH, _EF),
    "elanus-HNSW_SQ": _ours(
        "HNSW_SQ", _GRAPH + " sq_type=SQ8 refine=true refine_type=FP32",
        _EF_REFINE),
    "elanus-HNSW_PQ": _ours(
        "HNSW_PQ", _GRAPH + " m={quarter} nbits=8 refine=true refine_type=FP32",
        _EF_REFINE),
    "elanus-HNSW_PRQ": _ours(
        "HNSW_PRQ",
        _GRAPH + " m={quarter} nrq=1 nbits=8 refine=true refine_type=FP32",
        _EF_REFINE),
    "elanus-IVF_FLAT": _ours("IVF_FLAT", "nlist={lists}", _PROBE),
    "elanus-IVF_SQ8": _ours("IVF_SQ8", "nlist={lists}", _PROBE),
    "elanus-IVF_PQ": _ours(
        "IVF_PQ", "nlist={lists} m={half} nbits=4 refine=true refine_type=FP32",
        _PROBE_REFINE),
    "elanus-IVF_RABITQ": _ours(
        "IVF_RABITQ", "nlist={lists} refine=true refine_type=FP32",
        tuple(f"nprobe={n} refine_k={r} rbq_query_bits=8" for r in (4, 10)
              for n in PROBES)),
    "elanus-SCANN": _ours("SCANN", "nlist={lists}", _PROBE_REORDER),
    "elanus-DISKANN": _ours(
        "DISKANN", "", tuple(f"search_list={ef}" for ef in EFS)),
}

_faiss = functools.partial(functools.partial, FaissFactory)
PEERS = {
    "faiss-flat": _faiss("Flat", None, (0,)),
    "faiss-hnsw": _faiss(f"HNSW{M}", "efSearch", EFS),
    "faiss-ivfflat": _faiss("IVF{lists},Flat", "nprobe", PROBES),
    "faiss-ivfsq8": _faiss("IVF{lists},SQ8", "nprobe", PROBES),
    "faiss-ivfpqfs-rf": _faiss("IVF{lists},PQ{half}x4fs,RFlat", "nprobe",
                               PROBES, fixed=("k_factor_rf", 10)),
    "faiss-ivfrabitq-rf": _faiss("IVF{lists},RaBitQ,RFlat", "nprobe", PROBES,
                                 fixed=("k_factor_rf", 10)),
    "hnswlib": Hnswlib,
    "usearch": Usearch,
    "glass-fp32": functools.partial(Glass, "FP32"),
    "glass-sq8u": functools.partial(Glass, "SQ8U"),
    "svs-fp32": Svs,
    "scann": Scann,
    "diskann": DiskAnn,
}
SPARSE_PEERS = {"seismic": Seismic}


def contestants(is_sparse):
    return dict(SPARSE_PEERS) if is_sparse else {**OURS, **PEERS}
