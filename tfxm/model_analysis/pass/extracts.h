// SPDX-License-Identifier: Apache-2.0

// What TFMA calls extracts: for some examples, the labels, predictions and example weights of every model, beside the
// features they were made from. The input of slicing and of the metrics.
#ifndef TFXM_MODEL_ANALYSIS_PASS_EXTRACTS_H_
#define TFXM_MODEL_ANALYSIS_PASS_EXTRACTS_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/tensor.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::model_analysis {

// A list of numbers or of strings for each example, back to back.
struct Values {
  std::vector<double> numbers;
  std::vector<std::string> strings;
  bool is_string = false;
  bool is_float32 = false;  // The numbers are float32 values: NumPy compares those with a threshold in float32.
  bool is_integer = false;
  // Size of the innermost dimension if the list of an example is a matrix (a model's output); 0: a plain list.
  int last_dimension = 0;
  std::vector<int32_t> ends;
  // Why a model's output has nothing for an example, which only matters to who asks for it: its lists are empty then.
  std::string unusable;

  int begin(int row) const { return row == 0 ? 0 : ends[row - 1]; }
  int size(int row) const { return ends[row] - begin(row); }
  std::span<const double> row(int row) const { return std::span(numbers).subspan(begin(row), size(row)); }
  // Empties it; memory is kept.
  void Clear();
  void MakeUnusable(absl::string_view why, int num_examples);

  // The values of a feature; missing ones are empty lists. With null, all are.
  void FromColumn(const data::Column* column, int num_examples);
  // A tensor of shape [num_examples, ...].
  void FromTensor(const Tensor& tensor);
  // The values of another column, row by row, in the order `rows`.
  void Append(const Values& other, int row);
  // util/coding/state.h
  void Save(StateWriter* writer) const;
  void Load(StateReader* reader);
};

// By output name; a single unnamed output has the name "".
using NamedValues = std::vector<std::pair<std::string, Values>>;
// Null if there is no such output, or an unusable one.
const Values* FindValues(const NamedValues& values, absl::string_view name);

struct ModelExtracts {
  NamedValues labels, predictions, example_weights;

  void Save(StateWriter* writer) const { writer->Write(labels, predictions, example_weights); }
  void Load(StateReader* reader) { reader->Read(&labels, &predictions, &example_weights); }
};

struct Extracts {
  int num_examples = 0;
  // Not owned. Null where an "example" is the group of examples of one query.
  const data::ExampleBatch* features = nullptr;
  std::vector<ModelExtracts> models;  // In the order of EvalConfig.model_specs.
  NamedValues feature_values;         // The features that some metric asks for (ComputationPlan::AddFeature).
  // A hash of each example's bytes; only filled when examples are sampled.
  std::vector<uint64_t> hashes;
  // Where the first example came from, for messages.
  std::string file;
  int64_t first_record = 0;

  // "record 17 of FILE"
  std::string Describe(int row) const;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_PASS_EXTRACTS_H_
