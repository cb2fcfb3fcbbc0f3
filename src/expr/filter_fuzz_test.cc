// Replays the corpus of the fuzz target on every build, then seeded mutations
// of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size);

namespace elanus::expr {
namespace {

std::vector<std::string> Corpus() {
  std::vector<std::string> texts;
  for (const auto& entry :
       std::filesystem::directory_iterator(ELANUS_FILTER_CORPUS)) {
    std::ifstream file(entry.path(), std::ios::binary);
    texts.emplace_back(std::istreambuf_iterator<char>(file),
                       std::istreambuf_iterator<char>());
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

void Replay(const std::string& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()),
                         text.size());
}

TEST(FilterFuzzTest, TheCorpusRunsWithoutACrash) {
  const auto texts = Corpus();
  ASSERT_FALSE(texts.empty());
  for (const std::string& text : texts) {
    SCOPED_TRACE(text);
    Replay(text);
  }
}

TEST(FilterFuzzTest, MutationsOfTheCorpusRunWithoutACrash) {
  const auto texts = Corpus();
  std::mt19937_64 random(17);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = texts[random() % texts.size()];
    for (std::size_t i = 1 + random() % 4; i > 0 && !text.empty(); --i) {
      const std::size_t at = random() % text.size();
      const std::string& other = texts[random() % texts.size()];
      const std::size_t from = random() % (other.size() + 1);
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + random() % 8);
          break;
        case 2:
          text.insert(at, other.substr(from, random() % 16));
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), 8));
      }
    }
    SCOPED_TRACE(text);
    Replay(text);
  }
}

}  // namespace
}  // namespace elanus::expr
