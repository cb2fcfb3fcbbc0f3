// Runs a fuzz target over its corpus, then over seeded mutations of it: what
// every test run does, with any compiler. The same target runs under libFuzzer
// when it is compiled with -fsanitize=fuzzer instead of with this file.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "testing/allocations.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size);

namespace {

using elanus::testing::Allocations;

std::vector<std::string> Corpus() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(ELANUS_FUZZ_CORPUS)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    inputs.push_back(bytes.str());
  }
  return inputs;
}

// No size that stands in an input is believed before it was checked: nothing
// asks for much more memory than the input has bytes.
std::size_t LargestAllocation(const std::string& input) {
  return 64 * input.size() + ELANUS_FUZZ_LARGEST_ALLOCATION;
}

// Returns at all: the target has no other way to complain than to crash.
void RunTarget(const std::string& input) {
  Allocations::Forget();
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()),
                         input.size());
  ASSERT_LE(Allocations::largest(), LargestAllocation(input));
}

std::string Mutated(std::string input, std::mt19937_64& random) {
  // Numbers that sizes and counts go wrong at.
  static constexpr std::uint64_t kEdges[] = {
      0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xffffffff, ~std::uint64_t{0}};
  for (std::uint64_t n = 1 + random() % 4; n > 0 && !input.empty(); --n) {
    const std::size_t at = random() % input.size();
    switch (random() % 4) {
      case 0:
        input[at] = static_cast<char>(input[at] ^ (1 << random() % 8));
        break;
      case 1:
        input[at] = static_cast<char>(random());
        break;
      case 2: {
        const std::uint64_t edge = kEdges[random() % std::size(kEdges)];
        for (std::size_t i = 0; i < 4 && at + i < input.size(); ++i) {
          input[at + i] = static_cast<char>(edge >> (8 * i));
        }
        break;
      }
      default:
        if (random() % 8 == 0) {
          input.resize(at);
        } else {
          input.insert(at, input.substr(at, random() % 16));
        }
    }
  }
  return input;
}

TEST(FuzzCorpus, InputsAndTheirMutationsAreSurvived) {
  const std::vector<std::string> inputs = Corpus();
  ASSERT_FALSE(inputs.empty());
  std::mt19937_64 random(20240607);
  for (const std::string& input : inputs) {
    RunTarget(input);
    for (int i = 0; i < ELANUS_FUZZ_MUTATIONS; ++i) {
      RunTarget(Mutated(input, random));
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
