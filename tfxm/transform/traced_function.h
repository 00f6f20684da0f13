// SPDX-License-Identifier: Apache-2.0

// A preprocessing_fn as data: what a language other than C++ leaves behind after it has called one with symbolic
// tensors. TransformGraph::Analyze takes it in place of a function.
//
//   ASSIGN_OR_RETURN(const TracedFunction traced, ReadTracedFunction(dir));
//   ASSIGN_OR_RETURN(auto graph, TransformGraph::Analyze(traced, schema, files, options));
//
// The folder has graph.pb, a tensorflow.GraphDef, and trace.json:
//
// ```text
//   {"inputs":  {"fare": ["inputs/fare:0"], "tips": [indices, values, dense_shape]},
//    "outputs": {"fare_xf": ["scale/add:0"], "lines": [values, row_splits, row_splits]},
//    "ragged": ["lines"], "sparse": {"clicks": [100, 8]},
//    "analyzers": [{"kind": "mean_and_var", "name": "scale_to_z_score", "inputs": ["inputs/fare:0"],
//                   "outputs": ["scale/mean:0", "scale/var:0"], "reduce_instance_dims": true}],
//    "domains": [{"tensor": "buckets/Reshape:0", "min": "buckets/min:0", "max": "buckets/max:0"}],
//    "assets":  {"key": "file name"}}
// ```
//
// An analyzer's outputs are placeholders in the graph. Kinds: min_and_max, mean_and_var (both also "per_key"), sum,
// size, count_per_key, quantiles ("num_buckets", "weighted", "per_key"), vocabulary ("weighted", "labeled",
// VocabularyOptions' members, and "has_key_fn" if AnalyzeOptions::traced_keys is to be asked), covariance and pca ("output_dim"), whose type is that of the output, tukey_parameters. The
// inputs are in the order of internal/trace.h. "ragged" are the outputs that are ragged, "sparse" those that are written
// with their places, and their sizes without the batch (-1: not known). A domain is what the schema of the transformed data says of an output
// that is this tensor: its limits are scalars.
#ifndef TFXM_TRANSFORM_TRACED_FUNCTION_H_
#define TFXM_TRANSFORM_TRACED_FUNCTION_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/transform/analyzers.h"

namespace tfxm::transform {

struct TracedAnalyzer {
  std::string kind, name;
  std::vector<std::string> inputs, outputs;
  bool reduce_instance_dims = true;
  bool weighted = false, labeled = false, per_key = false;
  int num_buckets = 0, output_dim = 0;
  VocabularyOptions vocabulary;
};

struct TracedDomain {
  std::string tensor, min, max;
};

struct TracedFunction {
  std::string graph_def;  // Serialized.
  std::map<std::string, std::vector<std::string>> inputs,
      outputs;  // Tensors by feature, as ops::SparseTensor and ops::RaggedTensor have them.
  std::set<std::string> ragged_outputs;
  std::map<std::string, Shape> sparse_outputs;
  std::vector<TracedAnalyzer> analyzers;
  std::vector<TracedDomain> domains;
  std::map<std::string, std::string> assets;  // File names by key.
};

// NOT_FOUND / INVALID_ARGUMENT name the file and what is wrong in it.
absl::StatusOr<TracedFunction> ReadTracedFunction(absl::string_view dir);

}  // namespace tfxm::transform

#endif  // TFXM_TRANSFORM_TRACED_FUNCTION_H_
