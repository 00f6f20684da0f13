// SPDX-License-Identifier: Apache-2.0

// What a preprocessing_fn asks for while it builds its graph: analyzers, whose results are placeholders until they are
// known.
#ifndef TFXM_TRANSFORM_INTERNAL_TRACE_H_
#define TFXM_TRANSFORM_INTERNAL_TRACE_H_

#include <string>
#include <vector>

#include "tfxm/transform/analyzers.h"

namespace tfxm::transform::internal {

enum class AnalyzerKind { kMinAndMax, kSum, kSize, kMeanAndVar, kQuantiles, kVocabulary };
inline constexpr AnalyzerKind kLastAnalyzerKind = AnalyzerKind::kVocabulary;  // For tests of all.

struct AnalyzerNode {
  AnalyzerKind kind;
  std::string name;
  ops::Tensor input;
  // Of the input, and the shape of one example's result ({}: over all dimensions).
  DataType dtype = DataType::kInvalid;
  bool elementwise = false;
  Shape shape;
  int num_buckets = 0;
  VocabularyOptions vocabulary;
  std::vector<ops::Tensor> outputs;  // Placeholders.

  int64_t num_elements() const { return NumElements(shape); }
};

struct Trace {
  ops::Graph* graph = nullptr;
  std::vector<AnalyzerNode> analyzers;

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
