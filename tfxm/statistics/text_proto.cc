#include "tfxm/statistics/text_proto.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"

namespace tfxm::statistics {
namespace {

using google::protobuf::TextFormat;

// Python's repr: the fewest digits that give the number back; an exponent from 1e16 on and below 1e-4.
template <typename T>
std::string Repr(T value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[64];
  const auto scientific = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  const absl::string_view text(buffer, scientific.ptr - buffer);
  const int exponent = std::atoi(std::string(text.substr(text.find('e') + 1)).c_str());
  if (exponent < -4 || exponent >= 16) return std::string(text);
  const auto fixed = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::fixed);
  std::string result(buffer, fixed.ptr);
  if (result.find('.') == std::string::npos) result += ".0";
  return result;
}

class PythonNumbers : public TextFormat::FastFieldValuePrinter {
 public:
  void PrintFloat(float value, TextFormat::BaseTextGenerator* generator) const override {
    generator->PrintString(Repr(value));
  }
  void PrintDouble(double value, TextFormat::BaseTextGenerator* generator) const override {
    generator->PrintString(Repr(value));
  }
};

}  // namespace

std::string PrintAsPython(const google::protobuf::Message& message) {
  TextFormat::Printer printer;
  printer.SetDefaultFieldValuePrinter(new PythonNumbers);  // Takes ownership.
  std::string text;
  printer.PrintToString(message, &text);
  return text;
}

}  // namespace tfxm::statistics
