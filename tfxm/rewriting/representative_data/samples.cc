// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/representative_data/samples.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/feature_tensor.h"
#include "tfxm/data/input_shape.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/rewriting/internal/rows.h"
#include "tfxm/transform/tf_transform_output.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/numeric/split_mix.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {
namespace {

Shape ConcreteShape(const Shape& shape, int64_t rows) {
  Shape out = shape;
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i] < 0) out[i] = i == 0 ? rows : 8;
  }
  return out;
}

// What is missing is not made up: a quantization would come of it. What an input of integers without a scale is fed with
// in the rewritten model's evaluation is not FLOAT, so not here either.
constexpr data::FeatureTensorOptions kFeatureOptions = {
    .missing = data::MissingPolicy::kError, .integers = data::IntegerPolicy::kRefuseFloats, .name_example = false};

// The tensor for one input out of one example.
absl::StatusOr<Tensor> FromColumn(const data::Column& column, const TensorSpec& input) {
  ASSIGN_OR_RETURN(Shape shape, ShapeOfExample(input, column.num_values(0)));
  Tensor out(input.dtype, std::move(shape));
  RETURN_IF_ERROR(data::FillInput(&column, 0, 1, input, kFeatureOptions, &out));
  return out;
}

absl::StatusOr<Tensor> FromTransformed(const Tensor& feature, const TensorSpec& input) {
  ASSIGN_OR_RETURN(Shape shape, ShapeOfExample(input, feature.num_elements()));
  Tensor out(input.dtype, std::move(shape));
  RETURN_IF_ERROR(data::FillInput(feature, input, kFeatureOptions, &out));
  return out;
}

// All inputs out of one example.
absl::StatusOr<Sample> SampleOf(const std::string& record, const std::vector<TensorSpec>& inputs,
                                const TFTransformOutput* transform) {
  data::ExampleBatch batch;
  RETURN_IF_ERROR(batch.Append(record));
  std::map<std::string, Tensor> transformed;
  if (transform != nullptr) {
    ASSIGN_OR_RETURN(transformed, transform->TransformExamples(batch));
  }
  Sample sample;
  for (const TensorSpec& input : inputs) {
    const data::Column* column = data::FindInputFeature(batch, input.name);
    if (const auto it = transformed.find(input.name); it != transformed.end()) {
      ASSIGN_OR_RETURN(sample[input.name], FromTransformed(it->second, input));
    } else if (column != nullptr && column->present(0)) {
      ASSIGN_OR_RETURN(sample[input.name], FromColumn(*column, input));
    } else if (inputs.size() == 1 && input.dtype == DataType::kString && input.shape.size() == 1) {
      Tensor serialized(DataType::kString, {1});
      serialized.strings() = {record};
      sample[input.name] = std::move(serialized);
    } else {
      std::vector<std::string> names;
      for (const auto& [name, tensor] : transformed) names.push_back(absl::StrCat("\"", name, "\""));
      for (const data::Column& other : batch.columns()) {
        if (other.present(0)) names.push_back(absl::StrCat("\"", other.name(), "\""));
      }
      return absl::InvalidArgumentError(absl::StrCat(
          "it has no feature \"", input.name, "\", which is an input of the model; its features are ",
          absl::StrJoin(names, ", "),
          transform != nullptr ? "" : "; if the input is a transformed feature, give the transform graph, too"));
    }
  }
  return sample;
}

// `n` samples of one example each, one below the other; where there are fewer, the last again.
absl::StatusOr<Sample> Stack(const std::vector<Sample>& samples, size_t begin, int64_t n) {
  Sample out;
  for (const auto& [name, first] : samples[begin]) {
    if (first.shape().empty() || first.shape()[0] != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("input \"", name, "\" has no batch of its own, another input has one of ", n));
    }
    std::vector<const Tensor*> parts;
    for (int64_t k = 0; k < n; ++k) parts.push_back(&samples[std::min(begin + k, samples.size() - 1)].at(name));
    out[name] = Stacked(parts);
  }
  return out;
}

// Groups of as many examples as the signature's batch is fixed at.
absl::StatusOr<SampleSet> InBatches(SampleSet samples, const std::vector<TensorSpec>& inputs) {
  int64_t batch = 1;
  for (const TensorSpec& input : inputs) {
    const Shape& shape = samples.samples[0].at(input.name).shape();
    if (!shape.empty() && shape[0] == 1 && input.shape[0] > 1) batch = input.shape[0];
  }
  if (batch == 1) return samples;
  SampleSet out{.warnings = std::move(samples.warnings)};
  for (size_t begin = 0; begin < samples.samples.size(); begin += batch) {
    ASSIGN_OR_RETURN(Sample stacked, Stack(samples.samples, begin, batch));
    out.samples.push_back(std::move(stacked));
    const size_t last = std::min<size_t>(begin + batch, samples.samples.size()) - 1;
    out.names.push_back(last == begin ? samples.names[begin]
                                      : absl::StrCat(samples.names[begin], " to ", samples.names[last]));
  }
  return out;
}

// Whether the samples are examples that can be put one below the other: all of one type and shape.
bool AreAlike(const std::vector<Sample>& samples, const std::vector<TensorSpec>& inputs) {
  return std::all_of(samples.begin(), samples.end(), [&](const Sample& sample) {
    return std::all_of(inputs.begin(), inputs.end(), [&](const TensorSpec& input) {
      const auto one = sample.find(input.name), first = samples[0].find(input.name);
      return one != sample.end() && first != samples[0].end() && one->second.dtype() == first->second.dtype() &&
             one->second.shape() == first->second.shape() && !input.shape.empty();
    });
  });
}

// The records that are taken, with their names.
struct Drawn {
  uint64_t number;
  std::string record, name;
  bool operator<(const Drawn& other) const {
    return number != other.number ? number < other.number : record < other.record;
  }
};

// Each record draws a number from its content and the seed, and the smallest win; or from its place.
absl::StatusOr<std::vector<Drawn>> Draw(const RepresentativeDataset& dataset, bool in_sequence) {
  ASSIGN_OR_RETURN(const std::vector<std::string> files, data::MatchFiles(dataset.examples));
  std::vector<Drawn> heap;
  uint64_t place = 0;
  for (const std::string& file : files) {
    int64_t k = -1;
    RETURN_IF_ERROR(data::ForEachRecord({file}, [&](absl::string_view record) {
      ++k;
      uint64_t number = place++;
      if (!in_sequence) {
        const Sha256Digest digest = Sha256::Hash(record);
        std::memcpy(&number, digest.data(), sizeof(number));
        number = SplitMix64(number ^ SplitMix64(dataset.seed));
      }
      const bool full = static_cast<int>(heap.size()) >= dataset.sample_size;
      if (full && number >= heap.front().number) return absl::OkStatus();
      if (full) {
        std::pop_heap(heap.begin(), heap.end());
        heap.pop_back();
      }
      heap.push_back({number, std::string(record), absl::StrCat("record ", k, " of ", io::Basename(file))});
      std::push_heap(heap.begin(), heap.end());
      return absl::OkStatus();
    }));
  }
  std::sort_heap(heap.begin(), heap.end());
  return heap;
}

// A feature that may be missing is no error for a transform graph, one that always is has another name in these data.
absl::Status CheckRawFeatures(const std::vector<Drawn>& records, const TFTransformOutput& transform,
                              const std::string& where, std::vector<std::string>* warnings) {
  data::ExampleBatch batch;
  for (const Drawn& drawn : records) RETURN_IF_ERROR(Annotate(batch.Append(drawn.record), drawn.name));
  std::vector<std::string> names, wanted;
  for (const data::Column& column : batch.columns()) names.push_back(column.name());
  for (const auto& [name, feature] : transform.raw_feature_spec().fixed) wanted.push_back(name);
  for (const auto& [name, feature] : transform.raw_feature_spec().var) wanted.push_back(name);
  std::vector<std::string> missing;
  for (const std::string& name : wanted) {
    if (std::find(names.begin(), names.end(), name) == names.end()) missing.push_back(name);
  }
  if (!missing.empty() && missing.size() == wanted.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no example in ", where, " has any of the features that the transform graph takes: ",
        absl::StrJoin(wanted, ", "), "; they have ", absl::StrJoin(names, ", "), ": are these the raw examples?"));
  }
  for (const std::string& name : missing) {
    const std::string near = NearestNames(name, names);
    warnings->push_back(absl::StrCat("no example has feature \"", name, "\", which the transform graph takes",
                                     near.empty() ? "" : absl::StrCat("; nearest features: ", near)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SampleSet> ReadSamples(const RepresentativeDataset& dataset, const std::vector<TensorSpec>& inputs,
                                      const ReadSamplesOptions& options) {
  SampleSet out;
  if (!dataset.samples.empty()) {
    out.samples = dataset.samples;
    for (size_t i = 0; i < out.samples.size(); ++i) out.names.push_back(absl::StrCat("sample ", i));
    if (AreAlike(out.samples, inputs)) return InBatches(std::move(out), inputs);
    return out;
  }
  ASSIGN_OR_RETURN(const std::vector<Drawn> records, Draw(dataset, options.in_sequence));
  if (records.empty()) return absl::InvalidArgumentError(absl::StrCat("there are no examples in ", dataset.examples));
  std::optional<TFTransformOutput> transform;
  if (!dataset.transform_graph.empty()) {
    ASSIGN_OR_RETURN(transform, TFTransformOutput::Load(dataset.transform_graph));
    RETURN_IF_ERROR(CheckRawFeatures(records, *transform, dataset.examples, &out.warnings));
  }
  std::vector<TensorSpec> sized;
  for (const TensorSpec& input : inputs) sized.push_back(WithInputShape(input, options.input_shapes));
  for (const Drawn& drawn : records) {
    absl::StatusOr<Sample> sample = SampleOf(drawn.record, sized, transform ? &*transform : nullptr);
    if (!sample.ok()) return Annotate(sample.status(), absl::StrCat(drawn.name, " (", dataset.examples, ")"));
    out.samples.push_back(*std::move(sample));
    out.names.push_back(drawn.name);
  }
  return InBatches(std::move(out), inputs);
}

absl::StatusOr<Sample> RandomSample(const std::vector<TensorSpec>& inputs, int rows, const InputShapes& input_shapes) {
  Sample sample;
  uint64_t counter = 0;
  for (const TensorSpec& input : inputs) {
    Tensor tensor(input.dtype, ConcreteShape(WithInputShape(input, input_shapes).shape, rows));
    Tensor values(DataType::kDouble, tensor.shape());
    const bool is_float = input.dtype == DataType::kFloat || input.dtype == DataType::kDouble;
    for (double& v : values.values<double>()) {
      const uint64_t random = SplitMix64(counter++);
      v = is_float ? static_cast<double>(random >> 11) / (uint64_t{1} << 52) - 1 : static_cast<double>(random % 2);
    }
    if (!data::ConvertNumbers(values, input.dtype, /*scale=*/0, /*zero_point=*/0, tensor.bytes()).ok()) {
      return absl::UnimplementedError(absl::StrCat("input \"", input.name, "\" is ", DataTypeName(input.dtype),
                                                   "; there are no made-up values of this type"));
    }
    sample[input.name] = std::move(tensor);
  }
  return sample;
}

}  // namespace tfxm::rewriting
