// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/evaluation/sidecars.h"

#include <cmath>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/proto/sidecar_files.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/message_json.h"
#include "tfxm/util/text/text.h"

namespace tfxm::report {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr char kFormat[] = " (tfxm/proto/sidecars.proto describes the format)";

absl::Status Wrong(absl::string_view where, absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat(where, ": expected ", expected, kFormat));
}

absl::Status Parse(absl::string_view json, google::protobuf::Message* message) {
  const absl::Status status = ParseMessageJson(json, message);
  return status.ok() ? status : absl::InvalidArgumentError(absl::StrCat(status.message(), kFormat));
}

// As SliceValueText has it: integers as such, others as float32.
std::string SliceNumberText(double x) {
  if (x == std::floor(x) && std::abs(x) <= 0x1p53) return absl::StrCat(static_cast<int64_t>(x));
  return absl::StrCat(static_cast<float>(x));
}

absl::Status CheckSlice(const Struct& slice, absl::string_view where) {
  for (const auto& [feature, value] : slice.fields()) {
    if (value.kind_case() != Value::kStringValue && value.kind_case() != Value::kNumberValue)
      return Wrong(absl::StrCat(where, ".", feature), "a string or a number");
  }
  return absl::OkStatus();
}

absl::Status CheckExample(const DisagreementExample& example, absl::string_view where) {
  for (const auto& [name, feature] : example.features())
    RETURN_IF_ERROR(Annotate(FeatureImage(feature).status(), absl::StrCat(where, ".features.", name)));
  for (const Struct& slice : example.slices()) RETURN_IF_ERROR(CheckSlice(slice, absl::StrCat(where, ".slices")));
  return absl::OkStatus();
}

template <typename T>
absl::Status ReadIfThere(absl::string_view directory, absl::string_view file,
                         absl::StatusOr<T> (*parse)(absl::string_view), T* out) {
  const std::string path = io::JoinPath(directory, file);
  if (!io::Exists(path)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string json, io::ReadFile(path));
  absl::StatusOr<T> parsed = parse(json);
  if (!parsed.ok()) return Annotate(parsed.status(), path);
  *out = *std::move(parsed);
  return absl::OkStatus();
}

template <typename T>
std::vector<T> Moved(google::protobuf::RepeatedPtrField<T>* from) {
  return {std::make_move_iterator(from->begin()), std::make_move_iterator(from->end())};
}

}  // namespace

absl::StatusOr<std::vector<ModelFacts>> ParseModelFacts(absl::string_view json) {
  sidecars::ModelFactsFile file;
  RETURN_IF_ERROR(Parse(json, &file));
  return Moved(file.mutable_models());
}

absl::StatusOr<std::vector<Comparison>> ParseComparisons(absl::string_view json) {
  sidecars::ComparisonsFile file;
  RETURN_IF_ERROR(Parse(json, &file));
  for (int i = 0; i < file.comparisons_size(); ++i) {
    const Comparison& c = file.comparisons(i);
    const std::string where = absl::StrCat("comparisons[", i, "]");
    if (c.metric_name().empty()) return Wrong(absl::StrCat(where, ".metric_name"), "the name of a metric");
    if (!c.has_difference()) return Wrong(where, "a member \"difference\"");
    RETURN_IF_ERROR(CheckSlice(c.slice(), absl::StrCat(where, ".slice")));
  }
  return Moved(file.mutable_comparisons());
}

absl::StatusOr<Disagreements> ParseDisagreements(absl::string_view json) {
  Disagreements file;
  const bool examples_alone = absl::StartsWith(absl::StripLeadingAsciiWhitespace(json), "[");
  RETURN_IF_ERROR(Parse(examples_alone ? absl::StrCat("{\"examples\":", json, "}") : std::string(json), &file));
  for (int i = 0; i < file.examples_size(); ++i)
    RETURN_IF_ERROR(CheckExample(file.examples(i), absl::StrCat("examples[", i, "]")));
  for (int i = 0; i < file.slices_size(); ++i) {
    const std::string where = absl::StrCat("slices[", i, "]");
    if (!file.slices(i).has_disagreeing()) return Wrong(where, "a member \"disagreeing\"");
    if (!file.slices(i).has_examples()) return Wrong(where, "a member \"examples\"");
    RETURN_IF_ERROR(CheckSlice(file.slices(i).slice(), absl::StrCat(where, ".slice")));
  }
  return file;
}

absl::StatusOr<std::optional<Image>> FeatureImage(const Value& feature) {
  const auto it = feature.struct_value().fields().find("image");
  if (it == feature.struct_value().fields().end()) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string json, MessageToJson(it->second));
  Image image;
  RETURN_IF_ERROR(Parse(json, &image));
  if (!(image.width() >= 1 && image.height() >= 1 && image.width() <= 4096 && image.height() <= 4096))
    return Wrong("image", "a width and a height from 1 to 4096");
  const int channels = image.has_channels() ? image.channels() : 1;
  if (channels != 1 && channels != 3 && channels != 4) return Wrong("image", "channels 1, 3 or 4");
  image.set_channels(channels);
  const size_t bytes = static_cast<size_t>(image.width()) * image.height() * channels;
  if (image.pixels().size() != bytes)
    return Wrong("image", absl::StrCat("pixels as base64 of ", bytes, " bytes (width · height · channels)"));
  return image;
}

SliceText ToSliceText(const Struct& slice) {
  SliceText text;
  for (const auto& [feature, value] : slice.fields()) {
    text[feature] = value.kind_case() == Value::kNumberValue ? SliceNumberText(value.number_value())
                                                             : PrintableText(value.string_value());
  }
  return text;
}

std::string SliceTextName(const SliceText& slice) {
  if (slice.empty()) return "Overall";
  return absl::StrJoin(slice, ", ", [](std::string* out, const auto& part) {
    absl::StrAppend(out, PrintableText(part.first), ": ", part.second.empty() ? "(empty)" : PrintableText(part.second));
  });
}

absl::StatusOr<Sidecars> ReadSidecars(absl::string_view directory) {
  Sidecars all;
  RETURN_IF_ERROR(ReadIfThere(directory, sidecars::kModelFactsFile, &ParseModelFacts, &all.facts));
  RETURN_IF_ERROR(ReadIfThere(directory, sidecars::kComparisonsFile, &ParseComparisons, &all.comparisons));
  RETURN_IF_ERROR(ReadIfThere(directory, sidecars::kDisagreementsFile, &ParseDisagreements, &all.disagreements));
  return all;
}

bool PredictsTheSame(const Sidecars& sidecars, const std::string& model) {
  const auto it = sidecars.disagreements.models().find(model);
  return it != sidecars.disagreements.models().end() && it->second.has_differing() && it->second.differing() == 0;
}

}  // namespace tfxm::report
