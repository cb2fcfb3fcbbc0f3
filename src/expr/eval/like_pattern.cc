#include "expr/eval/like_pattern.h"

#include <algorithm>

namespace elanus::expr {
namespace {

// Bytes of the character that begins with `lead`; 1 for what is no lead byte.
std::size_t CharacterLength(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte >= 0xF0) return 4;
  if (byte >= 0xE0) return 3;
  if (byte >= 0xC0) return 2;
  return 1;
}

}  // namespace

LikePattern::LikePattern(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '%') {
      const bool repeats =
          !elements_.empty() && elements_.back().kind == Element::Kind::kRun;
      if (!repeats) elements_.push_back({Element::Kind::kRun, '\0'});
      continue;
    }
    if (c == '_') {
      elements_.push_back({Element::Kind::kOne, '\0'});
      continue;
    }
    // A backslash at the very end stands for itself.
    if (c == '\\' && i + 1 < pattern.size()) c = pattern[++i];
    elements_.push_back({Element::Kind::kByte, c});
    literal_.push_back(c);
  }
  Classify();
}

void LikePattern::Classify() {
  for (const Element& element : elements_) {
    if (element.kind != Element::Kind::kByte) break;
    prefix_.push_back(element.byte);
  }
  const std::size_t marks = elements_.size() - literal_.size();
  const auto is_run = [this](std::size_t i) {
    return elements_[i].kind == Element::Kind::kRun;
  };
  const std::size_t last = elements_.size() - 1;
  if (marks == 0) {
    kind_ = Kind::kExact;
  } else if (marks == 1 && is_run(last)) {
    kind_ = Kind::kPrefix;
  } else if (marks == 1 && is_run(0)) {
    kind_ = Kind::kSuffix;
  } else if (marks == 2 && is_run(0) && is_run(last)) {
    kind_ = Kind::kInfix;
  } else {
    kind_ = Kind::kGeneral;
  }
}

bool LikePattern::Matches(std::string_view text) const {
  switch (kind_) {
    case Kind::kExact:
      return text == literal_;
    case Kind::kPrefix:
      return text.starts_with(literal_);
    case Kind::kSuffix:
      return text.ends_with(literal_);
    case Kind::kInfix:
      return text.find(literal_) != std::string_view::npos;
    case Kind::kGeneral:
      return MatchesGeneral(text);
  }
  return false;
}

// Greedy with one way back: a run that is followed by another run never has
// to give back what it took. At most |pattern| * |text| steps.
bool LikePattern::MatchesGeneral(std::string_view text) const {
  std::size_t at = 0;                  // in the text
  std::size_t element = 0;             // in the pattern
  std::size_t run = elements_.size();  // the last run passed, size = none
  std::size_t run_end = 0;             // where that run's text ends
  const auto step = [&text](std::size_t from) {
    return std::min(text.size(), from + CharacterLength(text[from]));
  };
  while (at < text.size()) {
    const bool has_element = element < elements_.size();
    const auto kind = has_element ? elements_[element].kind : Element::Kind{};
    if (has_element && kind == Element::Kind::kRun) {
      run = element++;
      run_end = at;
    } else if (has_element && kind == Element::Kind::kOne) {
      at = step(at);
      ++element;
    } else if (has_element && elements_[element].byte == text[at]) {
      ++at;
      ++element;
    } else if (run < elements_.size()) {
      run_end = step(run_end);
      at = run_end;
      element = run + 1;
    } else {
      return false;
    }
  }
  while (element < elements_.size() &&
         elements_[element].kind == Element::Kind::kRun) {
    ++element;
  }
  return element == elements_.size();
}

}  // namespace elanus::expr
