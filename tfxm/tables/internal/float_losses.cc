// SPDX-License-Identifier: Apache-2.0

#include "tfxm/tables/internal/float_losses.h"

#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/text/text.h"

namespace tfxm::tables {

bool IsLost(double value) {
  constexpr double kExactInFloat = 1 << 24, kExactInDouble = 1LL << 53;
  const double size = std::abs(value);
  if (!(size > kExactInFloat) || std::isinf(value) || std::trunc(value) != value) return false;
  return size >= kExactInDouble || static_cast<double>(static_cast<float>(value)) != value;
}

bool IsLongIntegerText(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const size_t end = text.find_first_not_of("0123456789");
  if (end == absl::string_view::npos) return text.size() > 7;
  return end > 7 && text[end] == '.' && text.find_first_not_of('0', end + 1) == absl::string_view::npos;
}

std::string LossWarning(absl::string_view place, const FloatLoss& loss) {
  const auto value = static_cast<float>(loss.value);
  const std::string start = absl::StrCat(place, ": \"", PrintableText(loss.feature), "\": ");
  if (std::isinf(value)) {
    return absl::StrCat(start, "a float (32 bits, as in tf.Example) cannot hold ", PrintableText(loss.number),
                        "; it becomes ", value);
  }
  return absl::StrCat(start, "the ", IsLongIntegerText(loss.number) ? "integer " : "number ",
                      PrintableText(loss.number), " becomes the float ", value, ", ", loss.why, ". ", loss.advice);
}

void FloatLosses::Add(const std::string& feature, std::string warning) {
  warnings_.emplace(feature, std::move(warning));
}

std::vector<std::string> FloatLosses::Warnings() const {
  std::vector<std::string> out;
  for (const auto& [feature, warning] : warnings_) out.push_back(warning);
  return out;
}

}  // namespace tfxm::tables
