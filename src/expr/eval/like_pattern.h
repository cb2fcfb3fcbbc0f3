// A LIKE pattern, compiled: `%` any run, `_` one character (one UTF-8 code
// point), a backslash takes the next character literally. The whole value must
// match, bytes compare exactly.
//
// Threads: immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace elanus::expr {

class LikePattern {
 public:
  explicit LikePattern(std::string_view pattern);

  bool Matches(std::string_view text) const;

  // The text that every match begins with; for indexes.
  const std::string& prefix() const { return prefix_; }
  // True where a match is exactly "begins with prefix()".
  bool is_prefix() const { return kind_ == Kind::kPrefix; }

 private:
  enum class Kind : std::uint8_t { kExact, kPrefix, kSuffix, kInfix, kGeneral };
  // What stands between two `%`: literal bytes and any-one-character marks.
  struct Element {
    enum class Kind : std::uint8_t { kByte, kOne, kRun };
    Kind kind;
    char byte;
  };

  void Classify();
  bool MatchesGeneral(std::string_view text) const;

  Kind kind_ = Kind::kExact;
  std::string literal_;  // all literal bytes, in order
  std::string prefix_;
  std::vector<Element> elements_;
};

}  // namespace elanus::expr
