// SPDX-License-Identifier: Apache-2.0

#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/model_analysis/comparison/slice_struct.h"
#include "tfxm/model_analysis/disagreement/disagreement.h"
#include "tfxm/model_analysis/disagreement/image_feature.h"
#include "tfxm/proto/sidecar_files.h"
#include "tfxm/proto/sidecars.pb.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/message_json.h"
#include "tfxm/util/text/text.h"

namespace tfxm::model_analysis {
namespace {

using google::protobuf::Value;

// Longer lists and texts are described instead of given.
constexpr int kMaxListed = 32;
constexpr size_t kMaxText = 512;

Value TextValue(absl::string_view text) {
  Value value;
  value.set_string_value(text.size() > kMaxText ? absl::StrCat(text.size(), " bytes") : Utf8Text(text));
  return value;
}

// A number, a string, or an array of `n` of them.
template <typename Fn>
Value OneOrList(int n, Fn&& element) {
  if (n == 1) return element(0);
  Value value;
  auto& list = *value.mutable_list_value();
  for (int i = 0; i < n; ++i) *list.add_values() = element(i);
  return value;
}

Value NullValue() {
  Value value;
  value.set_null_value(google::protobuf::NULL_VALUE);
  return value;
}

// Row 0 of values; null if there are none.
Value ToValue(const Values& values) {
  const int n = values.size(0);
  if (n == 0) return NullValue();
  return OneOrList(n,
                   [&](int i) { return values.is_string ? TextValue(values.strings[i]) : ValueOf(values.numbers[i]); });
}

// What a model decided, or its values.
Value OutputValue(const Values& values, bool by_decision) {
  if (!by_decision || values.is_string || values.size(0) == 0) return ToValue(values);
  const int decision = Decision(values.row(0));
  return ValueOf(decision < 0 ? std::numeric_limits<double>::quiet_NaN() : decision);
}

std::string OutputText(const Values& values, bool by_decision) {
  if (values.is_string)
    return absl::StrJoin(values.strings, ", ",
                         [](std::string* out, const std::string& s) { absl::StrAppend(out, PrintableText(s)); });
  if (by_decision && values.size(0) > 0) return absl::StrCat(Decision(values.row(0)));
  return absl::StrJoin(values.numbers, ", ", [](std::string* out, double x) { absl::StrAppend(out, ShortNumber(x)); });
}

// One output as it is; several by name in one text.
Value OutputsValue(const NamedValues& outputs, bool by_decision) {
  if (outputs.size() == 1) return OutputValue(outputs[0].second, by_decision);
  Value value;
  value.set_string_value(Utf8Text(absl::StrJoin(outputs, "; ", [&](std::string* out, const auto& output) {
    absl::StrAppend(out, output.first, ": ", OutputText(output.second, by_decision));
  })));
  return value;
}

// A one-hot label as the class, so that it can be compared with a decision.
Value LabelsValue(const NamedValues& labels, bool by_decision) {
  if (labels.empty()) return NullValue();
  if (labels.size() > 1) return OutputsValue(labels, /*by_decision=*/false);
  const Values& label = labels[0].second;
  const bool one_hot = by_decision && !label.is_string && label.size(0) > 1;
  return one_hot ? OutputValue(label, true) : ToValue(label);
}

// {"image": {…}}.
absl::StatusOr<Value> ImageValue(const PixelImage& from) {
  sidecars::Image image;
  image.set_width(from.width);
  image.set_height(from.height);
  image.set_channels(from.channels);
  image.set_pixels(from.pixels);
  ASSIGN_OR_RETURN(const std::string json, MessageToJson(image));
  Value value;
  RETURN_IF_ERROR(ParseMessageJson(json, &(*value.mutable_struct_value()->mutable_fields())["image"]));
  return value;
}

Value FeatureValue(const data::Column& column) {
  const int n = column.num_values(0);
  if (n > kMaxListed) {
    Value value;
    value.set_string_value(absl::StrCat(n, " values"));
    return value;
  }
  return OneOrList(n, [&](int k) {
    return column.type() == data::ValueType::kBytes ? TextValue(column.bytes(0, k)) : ValueOf(column.number(0, k));
  });
}

absl::Status AddFeatures(const std::string& bytes, const ::tensorflow::metadata::v0::Schema* schema,
                         sidecars::DisagreementExample* out) {
  data::ExampleBatch batch;
  RETURN_IF_ERROR(batch.Append(bytes));
  for (const data::Column& column : batch.columns()) {
    if (!column.present(0) || column.type() == data::ValueType::kUnknown) continue;
    Value& feature = (*out->mutable_features())[Utf8Text(column.name())];
    if (const auto image = ToImage(column, schema)) {
      ASSIGN_OR_RETURN(feature, ImageValue(*image));
    } else {
      feature = FeatureValue(column);
    }
  }
  return absl::OkStatus();
}

// The score of the class that a model decided for, where there are several.
void AddScores(const DisagreeingExample& example, const ::tensorflow_model_analysis::EvalConfig& config,
               sidecars::DisagreementExample* out) {
  for (int m = 0; m < config.model_specs_size(); ++m) {
    if (example.predictions[m].size() != 1) continue;
    const Values& scores = example.predictions[m][0].second;
    if (scores.is_string || scores.size(0) == 0) continue;
    const int decision = Decision(scores.row(0));
    if (decision < 0) continue;
    const double score = scores.row(0)[scores.size(0) == 1 ? 0 : decision];
    (*out->mutable_scores())[config.model_specs(m).name()] = scores.size(0) == 1 && decision == 0 ? 1 - score : score;
  }
}

absl::StatusOr<sidecars::Disagreements> ToProto(const Disagreements& disagreements,
                                                const ::tensorflow_model_analysis::EvalConfig& config,
                                                const ::tensorflow::metadata::v0::Schema* schema) {
  const bool by_decision = disagreements.by_decision;
  sidecars::Disagreements file;
  file.set_total(static_cast<double>(disagreements.total));
  file.set_by(by_decision ? "decision" : "value");
  for (size_t m = 0; m < disagreements.disagreeing.size(); ++m) {
    sidecars::DisagreementModel& model = (*file.mutable_models())[config.model_specs(static_cast<int>(m)).name()];
    model.set_disagreeing(static_cast<double>(disagreements.disagreeing[m]));
    model.set_differing(static_cast<double>(disagreements.differing[m]));
  }
  for (const DisagreeingExample& example : disagreements.examples) {
    sidecars::DisagreementExample& out = *file.add_examples();
    out.set_index(static_cast<double>(example.index));
    *out.mutable_label() = LabelsValue(example.labels, by_decision);
    for (int m = 0; m < config.model_specs_size(); ++m)
      (*out.mutable_predictions())[config.model_specs(m).name()] = OutputsValue(example.predictions[m], by_decision);
    if (by_decision) AddScores(example, config, &out);
    out.set_difference(example.distance);
    RETURN_IF_ERROR(AddFeatures(example.bytes, schema, &out));
    for (const SliceKey& slice : example.slices) *out.add_slices() = SliceStruct(slice);
  }
  for (const SliceDisagreement& slice : disagreements.slices) {
    sidecars::DisagreementSlice& out = *file.add_slices();
    *out.mutable_slice() = SliceStruct(slice.slice);
    out.set_disagreeing(static_cast<double>(slice.disagreeing));
    out.set_examples(static_cast<double>(slice.examples));
    out.set_p_value(slice.p_value);
    out.set_adjusted_p_value(slice.adjusted_p_value);
  }
  return file;
}

}  // namespace

absl::Status WriteDisagreements(const Disagreements& disagreements,
                                const ::tensorflow_model_analysis::EvalConfig& eval_config,
                                const ::tensorflow::metadata::v0::Schema* schema, const std::string& directory) {
  ASSIGN_OR_RETURN(const sidecars::Disagreements file, ToProto(disagreements, eval_config, schema));
  ASSIGN_OR_RETURN(const std::string json, MessageToJson(file));
  if (!disagreements.examples.empty()) {
    ASSIGN_OR_RETURN(auto writer,
                     data::TFRecordWriter::Create(io::JoinPath(directory, sidecars::kDisagreementExamplesFile)));
    for (const DisagreeingExample& example : disagreements.examples) RETURN_IF_ERROR(writer->Write(example.bytes));
    RETURN_IF_ERROR(writer->Close());
  }
  return io::WriteFile(io::JoinPath(directory, sidecars::kDisagreementsFile), json);
}

}  // namespace tfxm::model_analysis
