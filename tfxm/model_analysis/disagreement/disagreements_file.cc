#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/model_analysis/comparison/slice_json.h"
#include "tfxm/model_analysis/disagreement/disagreement.h"
#include "tfxm/model_analysis/disagreement/image_feature.h"
#include "tfxm/util/io.h"
#include "tfxm/util/json_writer.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text.h"

namespace tfxm::model_analysis {
namespace {

// Longer lists and texts are described instead of given.
constexpr int kMaxListed = 32;
constexpr size_t kMaxText = 512;

void WriteText(absl::string_view text, JsonWriter* json) {
  if (text.size() > kMaxText) {
    json->String(absl::StrCat(text.size(), " bytes"));
  } else {
    json->String(text);
  }
}

// Row 0 of values: a number, a string, or an array of them; null if there are none.
void WriteValues(const Values& values, JsonWriter* json) {
  const int n = values.size(0);
  const auto one = [&](int i) {
    values.is_string ? WriteText(values.strings[i], json) : void(json->Number(values.numbers[i]));
  };
  if (n == 0) {
    json->Null();
  } else if (n == 1) {
    one(0);
  } else {
    json->BeginArray();
    for (int i = 0; i < n; ++i) one(i);
    json->End();
  }
}

// What a model decided, or its values.
void WriteOutput(const Values& values, bool by_decision, JsonWriter* json) {
  if (!by_decision || values.is_string || values.size(0) == 0) return WriteValues(values, json);
  const int decision = Decision(values.row(0));
  decision < 0 ? json->String("NaN") : json->Number(decision);
}

std::string OutputText(const Values& values, bool by_decision) {
  if (values.is_string)
    return absl::StrJoin(values.strings, ", ",
                         [](std::string* out, const std::string& s) { absl::StrAppend(out, PrintableText(s)); });
  if (by_decision && values.size(0) > 0) return absl::StrCat(Decision(values.row(0)));
  return absl::StrJoin(values.numbers, ", ", [](std::string* out, double x) { absl::StrAppend(out, ShortNumber(x)); });
}

// One output as it is; several by name in one text.
void WriteOutputs(const NamedValues& outputs, bool by_decision, JsonWriter* json) {
  if (outputs.size() == 1) return WriteOutput(outputs[0].second, by_decision, json);
  json->String(absl::StrJoin(outputs, "; ", [&](std::string* out, const auto& output) {
    absl::StrAppend(out, output.first, ": ", OutputText(output.second, by_decision));
  }));
}

// A one-hot label as the class, so that it can be compared with a decision.
void WriteLabels(const NamedValues& labels, bool by_decision, JsonWriter* json) {
  if (labels.empty()) {
    json->Null();
  } else if (labels.size() == 1) {
    const Values& label = labels[0].second;
    const bool one_hot = by_decision && !label.is_string && label.size(0) > 1;
    one_hot ? WriteOutput(label, true, json) : WriteValues(label, json);
  } else {
    WriteOutputs(labels, /*by_decision=*/false, json);
  }
}

void WriteImage(const PixelImage& image, JsonWriter* json) {
  json->BeginObject().Key("image").BeginObject().Key("width").Number(image.width).Key("height").Number(image.height);
  json->Key("channels").Number(image.channels).Key("pixels").String(absl::Base64Escape(image.pixels)).End().End();
}

void WriteFeature(const data::Column& column, JsonWriter* json) {
  const int n = column.num_values(0);
  if (n > kMaxListed) {
    json->String(absl::StrCat(n, " values"));
    return;
  }
  if (n != 1) json->BeginArray();
  for (int k = 0; k < n; ++k) {
    if (column.type() == data::ValueType::kBytes) {
      WriteText(column.bytes(0, k), json);
    } else {
      json->Number(column.number(0, k));
    }
  }
  if (n != 1) json->End();
}

absl::Status WriteFeatures(const std::string& bytes, const ::tensorflow::metadata::v0::Schema* schema,
                           JsonWriter* json) {
  data::ExampleBatch batch;
  RETURN_IF_ERROR(batch.Append(bytes));
  std::vector<const data::Column*> columns;
  for (const data::Column& column : batch.columns()) columns.push_back(&column);
  // tf.Examples that say the same may have their features in any order.
  std::sort(columns.begin(), columns.end(), [](const auto* a, const auto* b) { return a->name() < b->name(); });
  json->BeginObject();
  for (const data::Column* column : columns) {
    if (!column->present(0) || column->type() == data::ValueType::kUnknown) continue;
    json->Key(column->name());
    if (const auto image = ToImage(*column, schema)) {
      WriteImage(*image, json);
    } else {
      WriteFeature(*column, json);
    }
  }
  json->End();
  return absl::OkStatus();
}

// The score of the class that a model decided for, where there are several.
void WriteScores(const DisagreeingExample& example, const ::tensorflow_model_analysis::EvalConfig& config,
                 JsonWriter* json) {
  json->Key("scores").BeginObject();
  for (int m = 0; m < config.model_specs_size(); ++m) {
    if (example.predictions[m].size() != 1) continue;
    const Values& scores = example.predictions[m][0].second;
    if (scores.is_string || scores.size(0) == 0) continue;
    const int decision = Decision(scores.row(0));
    if (decision < 0) continue;
    const double score = scores.row(0)[scores.size(0) == 1 ? 0 : decision];
    json->Key(config.model_specs(m).name()).Number(scores.size(0) == 1 && decision == 0 ? 1 - score : score);
  }
  json->End();
}

absl::StatusOr<std::string> ToJson(const Disagreements& disagreements,
                                   const ::tensorflow_model_analysis::EvalConfig& config,
                                   const ::tensorflow::metadata::v0::Schema* schema) {
  JsonWriter json;
  json.BeginObject().Key("total").Number(static_cast<double>(disagreements.total));
  json.Key("by").String(disagreements.by_decision ? "decision" : "value").Key("examples").BeginArray();
  for (const DisagreeingExample& example : disagreements.examples) {
    json.BeginObject().Key("index").Number(static_cast<double>(example.index)).Key("label");
    WriteLabels(example.labels, disagreements.by_decision, &json);
    json.Key("predictions").BeginObject();
    for (int m = 0; m < config.model_specs_size(); ++m) {
      json.Key(config.model_specs(m).name());
      WriteOutputs(example.predictions[m], disagreements.by_decision, &json);
    }
    json.End();
    if (disagreements.by_decision) WriteScores(example, config, &json);
    json.Key("difference").Number(example.distance).Key("features");
    RETURN_IF_ERROR(WriteFeatures(example.bytes, schema, &json));
    json.Key("slices").BeginArray();
    for (const SliceKey& slice : example.slices) WriteSlice(slice, &json);
    json.End().End();
  }
  json.End().Key("slices").BeginArray();
  for (const SliceDisagreement& slice : disagreements.slices) {
    json.BeginObject().Key("slice");
    WriteSlice(slice.slice, &json);
    json.Key("disagreeing").Number(static_cast<double>(slice.disagreeing));
    json.Key("examples").Number(static_cast<double>(slice.examples));
    json.Key("p_value").Number(slice.p_value).Key("adjusted_p_value").Number(slice.adjusted_p_value).End();
  }
  json.End().End();
  return std::move(json).Take() + "\n";
}

}  // namespace

absl::Status WriteDisagreements(const Disagreements& disagreements,
                                const ::tensorflow_model_analysis::EvalConfig& eval_config,
                                const ::tensorflow::metadata::v0::Schema* schema, const std::string& directory) {
  ASSIGN_OR_RETURN(const std::string json, ToJson(disagreements, eval_config, schema));
  if (!disagreements.examples.empty()) {
    ASSIGN_OR_RETURN(auto writer, data::TFRecordWriter::Create(io::JoinPath(directory, kDisagreementExamplesFile)));
    for (const DisagreeingExample& example : disagreements.examples) RETURN_IF_ERROR(writer->Write(example.bytes));
    RETURN_IF_ERROR(writer->Close());
  }
  return io::WriteFile(io::JoinPath(directory, kDisagreementsFile), json);
}

}  // namespace tfxm::model_analysis
