// SPDX-License-Identifier: Apache-2.0

// A traced function called as if it were one in C++: its graph is copied, and each of its analyzers becomes one of
// analyzers.h, whose result takes the place of the placeholder.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tensorflow/core/common_runtime/graph_constructor.h"
#include "tensorflow/core/framework/graph.pb.h"
#include "tensorflow/core/graph/graph.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/transform/internal/transform_graph_rep.h"
#include "tfxm/transform/traced_function.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::transform {
namespace internal {
namespace {

// "x" and "x:0" are the same tensor.
std::string Canonical(const std::string& tensor) {
  return absl::StrContains(tensor, ':') ? tensor : absl::StrCat(tensor, ":0");
}

// Graph::Import, which leaves nodes without outputs out, with all nodes: those that fill tables have none.
absl::StatusOr<std::vector<ops::Tensor>> ImportAll(const tensorflow::GraphDef& graph_def,
                                                   const std::map<std::string, ops::Tensor>& fed,
                                                   const std::vector<std::string>& outputs, ops::Graph* graph) {
  tensorflow::ImportGraphDefOptions options;
  options.prefix = graph->rep()->UniqueName("preprocessing_fn");
  tensorflow::GraphDef kept = graph_def;
  kept.clear_node();
  for (const tensorflow::NodeDef& node : graph_def.node()) {
    if (fed.count(Canonical(node.name())) == 0) *kept.add_node() = node;
  }
  const auto id = [](const std::string& name) {
    const auto colon = name.rfind(':');
    return tensorflow::SafeTensorId(name.substr(0, colon), std::stoi(name.substr(colon + 1)));
  };
  for (const auto& [name, tensor] : fed) {
    options.input_map[id(name)] = tensorflow::SafeTensorId(ops::internal::TfNode(tensor)->name(), tensor.index());
  }
  for (const std::string& name : outputs) options.return_tensors.push_back(id(name));
  tensorflow::ImportGraphDefResults results;
  RETURN_IF_ERROR(
      tensorflow::ImportGraphDef(options, kept, &ops::internal::TfGraph(*graph), &graph->rep()->refiner, &results));
  std::vector<ops::Tensor> tensors;
  for (const auto& [node, index] : results.return_tensors) {
    tensors.push_back(ops::internal::FromTf(*graph, node, index));
  }
  return tensors;
}

class Replay {
 public:
  explicit Replay(const TracedFunction& traced) : traced_(traced) {}

  absl::StatusOr<TensorMap> Call(const TensorMap& inputs) {
    RETURN_IF_ERROR(ImportGraph(inputs));
    for (size_t i = 0; i < traced_.analyzers.size(); ++i) {
      RETURN_IF_ERROR(Annotate(AddAnalyzer(static_cast<int>(i)),
                               absl::StrCat(traced_.analyzers[i].kind, " \"", traced_.analyzers[i].name, "\"")));
    }
    for (const TracedDomain& domain : traced_.domains) {
      Trace::Current()->domains.push_back({Get(domain.tensor), Get(domain.min), Get(domain.max)});
    }
    Trace::Current()->sparse_outputs = traced_.sparse_outputs;
    TensorMap outputs;
    for (const auto& [name, tensors] : traced_.outputs) {
      if (traced_.ragged_outputs.count(name) > 0) {
        ops::RaggedTensor ragged{.values = Get(tensors[0]), .row_splits = {}};
        for (size_t i = 1; i < tensors.size(); ++i) ragged.row_splits.push_back(Get(tensors[i]));
        outputs[name] = ragged;
      } else if (tensors.size() == 1) {
        outputs[name] = Get(tensors[0]);
      } else {
        outputs[name] = ops::SparseTensor{Get(tensors[0]), Get(tensors[1]), Get(tensors[2])};
      }
    }
    return outputs;
  }

 private:
  ops::Tensor Get(const std::string& name) const { return tensors_.at(Canonical(name)); }

  absl::Status ImportGraph(const TensorMap& inputs) {
    tensorflow::GraphDef graph_def;
    if (!graph_def.ParseFromString(traced_.graph_def)) {
      return absl::DataLossError("the traced graph is not a GraphDef");
    }
    ops::Graph* graph = nullptr;
    std::map<std::string, ops::Tensor> fed;
    for (const auto& [name, tensors] : traced_.inputs) {
      if (!inputs.contains(name)) {
        return absl::InvalidArgumentError(
            absl::StrCat("the traced function takes \"", name, "\", which the schema does not have"));
      }
      const std::vector<ops::Tensor> components = Components(inputs[name]);
      if (components.size() != tensors.size()) {
        return absl::InvalidArgumentError(absl::StrCat("feature \"", name, "\" is traced as ", tensors.size(),
                                                       " tensors, but the schema makes it ", components.size()));
      }
      for (size_t i = 0; i < tensors.size(); ++i) fed[Canonical(tensors[i])] = components[i];
      graph = components[0].graph();
    }
    if (graph == nullptr) return absl::InvalidArgumentError("the schema has no features");
    std::vector<std::string> names;
    const auto need = [&](const std::string& name) {
      if (fed.count(Canonical(name)) > 0) {
        tensors_[Canonical(name)] = fed[Canonical(name)];
      } else if (tensors_.emplace(Canonical(name), ops::Tensor()).second) {
        names.push_back(Canonical(name));
      }
    };
    for (const auto& [name, tensors] : traced_.outputs) std::for_each(tensors.begin(), tensors.end(), need);
    for (const TracedAnalyzer& analyzer : traced_.analyzers) {
      if (analyzer.inputs.empty()) return absl::InvalidArgumentError(absl::StrCat(analyzer.kind, " without an input"));
      std::for_each(analyzer.inputs.begin(), analyzer.inputs.end(), need);
      std::for_each(analyzer.outputs.begin(), analyzer.outputs.end(), need);
    }
    for (const TracedDomain& domain : traced_.domains) {
      need(domain.tensor);
      need(domain.min);
      need(domain.max);
    }
    ASSIGN_OR_RETURN(const std::vector<ops::Tensor> imported, ImportAll(graph_def, fed, names, graph));
    for (size_t i = 0; i < names.size(); ++i) tensors_[names[i]] = imported[i];
    return absl::OkStatus();
  }

  // The results of the analyzer; empty if there is none of that kind.
  std::vector<ops::Tensor> Results(const TracedAnalyzer& a, int index) const {
    const FeatureTensor x = Get(a.inputs[0]);
    const auto input = [&](size_t i) { return i < a.inputs.size() ? Get(a.inputs[i]) : ops::Tensor(x.graph(), -1, 0); };
    const auto per_key = [](const PerKey& all) {
      std::vector<ops::Tensor> results = {all.keys};
      results.insert(results.end(), all.results.begin(), all.results.end());
      return results;
    };
    const FeatureTensor key = input(a.inputs.size() - 1), weights = a.weighted ? input(1) : ops::Tensor();
    if (a.kind == "min_and_max") {
      if (a.per_key) return per_key(min_and_max_per_key(x, key, a.reduce_instance_dims, a.name));
      const MinAndMax both = min_and_max(x, a.reduce_instance_dims, a.name);
      return {both.min, both.max};
    }
    if (a.kind == "mean_and_var") {
      if (a.per_key) return per_key(mean_and_var_per_key(x, key, a.reduce_instance_dims, a.name));
      const MeanAndVar both = mean_and_var(x, a.reduce_instance_dims, a.name);
      return {both.mean, both.var};
    }
    if (a.kind == "sum") return {sum(x, a.reduce_instance_dims, a.name)};
    if (a.kind == "size") return {size(x, a.reduce_instance_dims, a.name)};
    if (a.kind == "count_per_key") return per_key(count_per_key(x, a.name));
    if (a.kind == "quantiles") {
      if (a.per_key) return per_key(quantiles_per_key(x, key, a.num_buckets, weights, a.name));
      return {quantiles(x, a.num_buckets, weights, a.reduce_instance_dims, a.name)};
    }
    if (a.kind == "covariance") return {covariance(x, Get(a.outputs[0]).dtype(), a.name)};
    if (a.kind == "pca") return {pca(x, a.output_dim, Get(a.outputs[0]).dtype(), a.name)};
    if (a.kind == "tukey_parameters") {
      const TukeyLocationAndScale all = tukey_parameters(x, a.reduce_instance_dims, a.name);
      return {all.location, all.scale, all.left, all.right};
    }
    if (a.kind != "vocabulary") return {};
    VocabularyOptions options = a.vocabulary;
    if (options.vocab_filename.empty()) options.vocab_filename = absl::StrCat("vocab_", a.name, "_", index);
    VocabularyWeights ordered_by;
    size_t next = 1;
    if (a.weighted) ordered_by.weights = input(next++);
    if (a.labeled) {
      ordered_by.labels = input(next++);
      ordered_by.example_labels = input(next++);
      if (a.weighted) ordered_by.example_weights = input(next);
    }
    const VocabularyFile file = vocabulary_file(x, options, ordered_by, a.name);
    if (file.values.valid()) return {file.path, file.size, file.values};
    return {file.path, file.size};
  }

  absl::Status AddAnalyzer(int index) {
    const TracedAnalyzer& a = traced_.analyzers[index];
    ops::Graph& graph = *Get(a.inputs[0]).graph();
    if (a.outputs.empty()) return absl::InvalidArgumentError("it has no placeholders");
    const std::vector<ops::Tensor> results = Results(a, index);
    if (results.empty()) return absl::UnimplementedError("this engine has no such analyzer");
    RETURN_IF_ERROR(graph.status());
    if (results.size() != a.outputs.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("it has ", results.size(), " results, the trace ", a.outputs.size(), " placeholders for them"));
    }
    for (size_t i = 0; i < results.size(); ++i) {
      ops::Tensor& placeholder = tensors_[Canonical(a.outputs[i])];
      if (placeholder.dtype() != results[i].dtype()) {
        return absl::InvalidArgumentError(absl::StrCat("result ", i, " is ", DataTypeName(results[i].dtype()),
                                                       ", its placeholder ", DataTypeName(placeholder.dtype())));
      }
      ReplaceTensor(placeholder, results[i]);
      placeholder = results[i];
    }
    return absl::OkStatus();
  }

  const TracedFunction& traced_;
  std::map<std::string, ops::Tensor> tensors_;  // By their names in the trace.
};

}  // namespace
}  // namespace internal

absl::StatusOr<std::unique_ptr<TransformGraph>> TransformGraph::Analyze(const TracedFunction& traced,
                                                                        const tensorflow::metadata::v0::Schema& schema,
                                                                        const std::vector<std::string>& files,
                                                                        const AnalyzeOptions& options) {
  internal::Replay replay(traced);
  const auto preprocessing_fn = [&](const TensorMap& inputs) { return replay.Call(inputs); };
  ASSIGN_OR_RETURN(std::unique_ptr<TransformGraph> result, Analyze(preprocessing_fn, schema, files, options));
  result->rep_->assets = traced.assets;
  return result;
}

}  // namespace tfxm::transform
