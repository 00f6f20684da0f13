// SPDX-License-Identifier: Apache-2.0

// What a preprocessing_fn asks for while it builds its graph: analyzers, whose results are placeholders until they are
// known.
#ifndef TFXM_TRANSFORM_INTERNAL_TRACE_H_
#define TFXM_TRANSFORM_INTERNAL_TRACE_H_

#include <map>
#include <string>
#include <vector>

#include "tfxm/transform/analyzers.h"

namespace tfxm::transform::internal {

enum class AnalyzerKind {
  kMinAndMax,
  kSum,
  kSize,
  kMeanAndVar,
  kQuantiles,
  kVocabulary,
  kCovariance,
  kPca,
  kTukeyParameters
};
inline constexpr AnalyzerKind kLastAnalyzerKind = AnalyzerKind::kTukeyParameters;  // For tests of all.

struct AnalyzerNode {
  AnalyzerKind kind;
  std::string name;
  // What is analyzed; then the weights, if there are any; of a vocabulary with labels the label of every value, the
  // label of every example and, with weights, the weight of every example; last the keys, if it is one per key.
  std::vector<ops::Tensor> inputs;
  // Of what is analyzed, and the shape of one example's result ({}: over all dimensions).
  DataType dtype = DataType::kInvalid;
  bool elementwise = false;
  Shape shape;
  bool weighted = false;  // Quantiles and vocabularies.
  bool labeled = false;   // Vocabularies.
  bool per_key = false;
  int num_buckets = 0;                         // Of quantiles.
  int output_dim = 0;                          // Of pca.
  DataType output_dtype = DataType::kInvalid;  // Of covariance and pca.
  VocabularyOptions vocabulary;
  std::vector<ops::Tensor> outputs;  // Placeholders.

  const ops::Tensor& input() const { return inputs.front(); }
  int64_t num_elements() const { return NumElements(shape); }
};

// What the schema says of an output with these values: integers from min to max, scalars that depend on constants and
// analyzers only.
struct Domain {
  ops::Tensor values, min, max;
};

struct Trace {
  ops::Graph* graph = nullptr;
  std::vector<AnalyzerNode> analyzers;
  std::vector<Domain> domains;
  // Outputs that are written with their places, also of rank 2, and their sizes (-1: not known).
  std::map<std::string, Shape> sparse_outputs;

  // The one of this thread, or null outside of a preprocessing_fn.
  static Trace* Current();
};

// Makes a trace this thread's current one while it lives.
class TraceScope {
 public:
  explicit TraceScope(Trace* trace);
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  Trace* const previous_;
};

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_TRACE_H_
