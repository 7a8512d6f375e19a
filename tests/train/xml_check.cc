#include "tests/train/xml_check.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

namespace sluice::train {
namespace {

class XmlChecker {
 public:
  explicit XmlChecker(std::string_view text) : rest_(text) {}

  std::string Check() {
    if (rest_.starts_with("<!DOCTYPE ")) TakeUntil('>');
    SkipSpace();
    do {
      const std::string problem = rest_.starts_with("<") ? Tag() : Text();
      if (!problem.empty()) return problem + " before " + Here();
    } while (!open_.empty() && !rest_.empty());
    if (!open_.empty()) return "no end of " + open_.back();
    SkipSpace();
    return rest_.empty() ? "" : "more after the end: " + Here();
  }

 private:
  std::string Here() const { return std::string(rest_.substr(0, 60)); }

  void SkipSpace() {
    while (!rest_.empty() && std::isspace(Byte(rest_[0]))) {
      rest_.remove_prefix(1);
    }
  }

  static int Byte(char c) { return static_cast<unsigned char>(c); }

  // Up to the character, which is dropped.
  std::string_view TakeUntil(char end) {
    const size_t length = std::min(rest_.find(end), rest_.size());
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(std::min(length + 1, rest_.size()));
    return taken;
  }

  std::string TakeName() {
    std::string name;
    while (!rest_.empty() && (std::isalnum(Byte(rest_[0])) || rest_[0] == '-' ||
                              rest_[0] == ':')) {
      name += rest_[0];
      rest_.remove_prefix(1);
    }
    return name;
  }

  static std::string TextProblem(std::string_view text) {
    for (size_t i = text.find('&'); i < text.size();
         i = text.find('&', i + 1)) {
      const std::string_view entity = text.substr(i, text.find(';', i) - i);
      if (entity != "&amp" && entity != "&lt" && entity != "&gt" &&
          entity != "&quot" && entity != "&#39") {
        return "unknown entity " + std::string(entity);
      }
    }
    return "";
  }

  std::string Text() {
    if (open_.empty()) return "text outside of an element";
    const size_t length = std::min(rest_.find('<'), rest_.size());
    const std::string_view text = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return TextProblem(text);
  }

  std::string Tag() {
    rest_.remove_prefix(1);
    if (rest_.starts_with("/")) {
      rest_.remove_prefix(1);
      const std::string name(TakeUntil('>'));
      if (open_.empty() || open_.back() != name) return "stray end of " + name;
      open_.pop_back();
      return "";
    }
    const std::string name = TakeName();
    if (name.empty()) return "tag without a name";
    std::set<std::string> attributes;
    while (true) {
      SkipSpace();
      if (rest_.starts_with("/>")) {
        rest_.remove_prefix(2);
        return "";
      }
      if (rest_.starts_with(">")) {
        rest_.remove_prefix(1);
        open_.push_back(name);
        return "";
      }
      if (!attributes.insert(TakeName()).second) return "attribute twice";
      if (!rest_.starts_with("=\"")) return "attribute without a quoted value";
      rest_.remove_prefix(2);
      const std::string_view value = TakeUntil('"');
      if (value.find('<') != value.npos) return "< in an attribute";
      if (const std::string bad = TextProblem(value); !bad.empty()) return bad;
    }
  }

  std::string_view rest_;
  std::vector<std::string> open_;
};

}  // namespace

std::string XmlProblem(std::string_view text) {
  return XmlChecker(text).Check();
}

}  // namespace sluice::train
