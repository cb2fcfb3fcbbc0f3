// What the roles and everything above them include nearly everywhere. Only
// sanitizer builds precompile it: the release build shows that each file
// includes what it uses.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "proto/internal/data_coord.pb.h"
#include "proto/internal/data_node.pb.h"
#include "proto/internal/index_node.pb.h"
#include "proto/internal/proxy.pb.h"
#include "proto/internal/query_coord.pb.h"
#include "proto/internal/query_node.pb.h"
#include "proto/internal/root_coord.pb.h"
#include "proto/milvus/milvus.pb.h"
