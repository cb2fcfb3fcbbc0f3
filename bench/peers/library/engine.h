// The vector indexes of src/index behind a C interface, so that a benchmark in
// Python calls them as it calls other libraries: through one foreign call.
//
//   elanus_index* index = elanus_build("HNSW", "COSINE", "M=16",
//                                      rows, n, dim, 1);
//   elanus_params* params = elanus_parse(index, "ef=64", 10);
//   elanus_search(index, params, queries, nq, 10, 1, NULL, 0, ids, distances);
//
// Parameters are `name=value` pairs with blanks between, names and values as
// on the wire.
//
// Threads:   a built index may be searched by several threads.
// Ownership: what a function gives is freed by its counterpart; rows are
//            borrowed during the call.
// Errors:    null or nonzero; elanus_error tells what went wrong last on this
//            thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct elanus_index elanus_index;
typedef struct elanus_params elanus_params;

// Valid until the thread's next call.
const char* elanus_error(void);

elanus_index* elanus_build(const char* type, const char* metric,
                           const char* params, const float* rows, size_t n,
                           size_t dim, size_t threads);
void elanus_free(elanus_index* index);
uint64_t elanus_memory_bytes(const elanus_index* index);

// One file an index; a folder that exists.
int elanus_save(const elanus_index* index, const char* folder);
elanus_index* elanus_load(const char* folder);

elanus_params* elanus_parse(const elanus_index* index, const char* params,
                            size_t k);
void elanus_params_free(elanus_params* params);

// `ids` and `distances` get nq * k values each; smaller distances are nearer.
// `excluded`: one bit a row, 1 = out, `excluded_rows` of them, or null. The
// queries are divided among `threads` threads.
int elanus_search(const elanus_index* index, const elanus_params* params,
                  const float* queries, size_t nq, size_t k, size_t threads,
                  const uint64_t* excluded, size_t excluded_rows, uint32_t* ids,
                  float* distances);

#ifdef __cplusplus
}
#endif
