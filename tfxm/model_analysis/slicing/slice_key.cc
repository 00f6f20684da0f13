// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/slicing/slice_key.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {

namespace tfma = ::tensorflow_model_analysis;

namespace {
std::string ToString(const SliceValue& value) {
  if (const int64_t* x = std::get_if<int64_t>(&value)) return absl::StrCat(*x);
  if (const double* x = std::get_if<double>(&value)) return absl::StrCat(*x);
  return std::get<std::string>(value);
}
}  // namespace

tfma::SliceKey ToProto(const SliceKey& key) {
  tfma::SliceKey proto;
  for (const auto& [column, value] : key) {
    auto* single = proto.add_single_slice_keys();
    single->set_column(column);
    if (const int64_t* x = std::get_if<int64_t>(&value)) single->set_int64_value(*x);
    if (const double* x = std::get_if<double>(&value)) single->set_float_value(static_cast<float>(*x));
    if (const std::string* x = std::get_if<std::string>(&value)) single->set_bytes_value(*x);
  }
  return proto;
}

void SaveSliceKey(const SliceKey& key, StateWriter* writer) {
  writer->Write(static_cast<uint64_t>(key.size()));
  for (const auto& [name, value] : key) {
    writer->Write(name, static_cast<uint8_t>(value.index()));
    std::visit([writer](const auto& of_type) { writer->Write(of_type); }, value);
  }
}

SliceKey LoadSliceKey(StateReader* reader) {
  SliceKey key;
  for (size_t n = reader->ReadSize(); n > 0 && reader->ok(); --n) {
    auto& [name, value] = key.emplace_back();
    uint8_t type;
    reader->Read(&name, &type);
    if (type == 0) {
      reader->Read(&value.emplace<int64_t>());
    } else if (type == 1) {
      double number;
      reader->Read(&number);
      if (std::isnan(number)) reader->Fail("a slice has a value that is not a number");
      value = number;
    } else if (type == 2) {
      reader->Read(&value.emplace<std::string>());
    } else {
      reader->Fail("a slice has a value of an unknown type");
    }
  }
  return key;
}

std::string ToString(const SliceKey& key) {
  if (key.empty()) return "Overall";
  std::string columns, values;
  for (const auto& [column, value] : key) {
    absl::StrAppend(&columns, columns.empty() ? "" : "_X_", column);
    absl::StrAppend(&values, values.empty() ? "" : "_X_", ToString(value));
  }
  return absl::StrCat(columns, ":", values);
}

std::string ToString(const SliceOrCrossSlice& key) {
  if (!key.baseline) return ToString(key.slice);
  return absl::StrCat(ToString(*key.baseline), " against ", ToString(key.slice));
}

SliceValue ToSliceValue(const std::string& text) {
  int64_t integer;
  double number;
  if (text.find('.') != std::string::npos) {
    if (absl::SimpleAtod(text, &number)) return number;
  } else if (absl::SimpleAtoi(text, &integer)) {
    return integer;
  }
  return text;
}

absl::StatusOr<SliceSpec> SliceSpec::FromProto(const tfma::SlicingSpec& proto) {
  SliceSpec spec;
  for (const std::string& key : proto.feature_keys()) spec.columns.insert(key);
  for (const auto& [key, value] : proto.feature_values()) {
    if (spec.columns.count(key) > 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "slicing_spec: feature \"", key, "\" is in feature_keys and in feature_values; give it in one of them"));
    }
    spec.features.emplace(key, ToSliceValue(value));
  }
  return spec;
}

bool SliceSpec::Applies(const SliceKey& key) const {
  std::set<std::string> columns_left = columns;
  std::set<std::pair<std::string, SliceValue>> features_left = features;
  for (const auto& [column, value] : key) {
    const SliceValue typed =
        std::holds_alternative<std::string>(value) ? ToSliceValue(std::get<std::string>(value)) : value;
    if (features_left.erase({column, typed}) > 0) continue;
    if (columns_left.erase(column) == 0) return false;
  }
  return columns_left.empty() && features_left.empty();
}

absl::StatusOr<CrossSliceSpec> CrossSliceSpec::FromProto(const tfma::CrossSlicingSpec& proto) {
  CrossSliceSpec spec;
  ASSIGN_OR_RETURN(spec.baseline, SliceSpec::FromProto(proto.baseline_spec()));
  for (const tfma::SlicingSpec& comparison : proto.slicing_specs()) {
    ASSIGN_OR_RETURN(SliceSpec comparison_spec, SliceSpec::FromProto(comparison));
    spec.comparisons.push_back(std::move(comparison_spec));
  }
  return spec;
}

bool CrossSliceSpec::Applies(const SliceKey& baseline_key, const SliceKey& comparison_key) const {
  if (!baseline.Applies(baseline_key)) return false;
  for (const SliceSpec& comparison : comparisons) {
    if (comparison.Applies(comparison_key)) return true;
  }
  return false;
}

}  // namespace tfxm::model_analysis
