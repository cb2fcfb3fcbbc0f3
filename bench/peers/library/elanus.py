"""Our engine through its C interface (engine.h)."""
import ctypes
import os

import numpy as np

_POINTER = ctypes.c_void_p


def _library():
    library = ctypes.CDLL(os.environ["ELANUS_BENCH_LIBRARY"])
    size, text = ctypes.c_size_t, ctypes.c_char_p
    for name, result, arguments in (
            ("error", text, []),
            ("build", _POINTER, [text, text, text, _POINTER, size, size, size]),
            ("free", None, [_POINTER]),
            ("memory_bytes", ctypes.c_uint64, [_POINTER]),
            ("save", ctypes.c_int, [_POINTER, text]),
            ("load", _POINTER, [text]),
            ("parse", _POINTER, [_POINTER, text, size]),
            ("params_free", None, [_POINTER]),
            ("search", ctypes.c_int,
             [_POINTER, _POINTER, _POINTER, size, size, size, _POINTER, size,
              _POINTER, _POINTER])):
        function = getattr(library, f"elanus_{name}")
        function.restype, function.argtypes = result, arguments
    return library


class Engine:
    """One index: `type_name` and `params` as on the wire."""

    def __init__(self, type_name, metric, params, base, threads):
        self._c = _library()
        base = np.ascontiguousarray(base, np.float32)
        self._index = self._check(self._c.elanus_build(
            type_name.encode(), metric.encode(), params.encode(),
            base.ctypes.data, len(base), base.shape[1], threads))
        self._params = None

    def _check(self, result):
        if not result:
            raise RuntimeError(self._c.elanus_error().decode())
        return result

    def set(self, params, k):
        if self._params is not None:
            self._c.elanus_params_free(self._params)
        self._params = self._check(
            self._c.elanus_parse(self._index, params.encode(), k))
        self._k = k

    def memory_bytes(self):
        return self._c.elanus_memory_bytes(self._index)

    def searcher(self, queries):
        """A function that searches queries[first:first + count]."""
        queries = np.ascontiguousarray(queries, np.float32)
        ids = np.empty((len(queries), self._k), np.uint32)
        distances = np.empty(ids.shape, np.float32)
        search = self._c.elanus_search
        index, params, k = self._index, self._params, self._k
        at, ids_at = queries.ctypes.data, ids.ctypes.data
        distances_at = distances.ctypes.data
        row, out = queries.shape[1] * 4, k * 4

        def run(first, count, threads=1):
            if search(index, params, at + first * row, count, k, threads, None,
                      0, ids_at + first * out, distances_at + first * out):
                raise RuntimeError(self._c.elanus_error().decode())

        run.alive = (queries, distances)  # the call has their addresses only
        run.ids = ids
        return run
