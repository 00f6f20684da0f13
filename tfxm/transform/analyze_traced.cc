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
#include "tfxm/util/io.h"
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
    TensorMap outputs;
    for (const auto& [name, tensors] : traced_.outputs) {
      if (tensors.size() == 1) {
        outputs[name] = Get(tensors[0]);
      } else {
        outputs[name] = ops::SparseTensor{Get(tensors[0]), Get(tensors[1]), Get(tensors[2])};
      }
    }
    return outputs;
  }

  // The name that a vocabulary's file has got, by the tensor that it is in the trace.
  const std::map<std::string, std::string>& vocabulary_files() const { return vocabulary_files_; }

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
        return absl::InvalidArgumentError(absl::StrCat("feature \"", name, "\" is traced as a ",
                                                       tensors.size() == 1 ? "dense" : "sparse",
                                                       " tensor, but is not one"));
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
      need(analyzer.input);
      std::for_each(analyzer.outputs.begin(), analyzer.outputs.end(), need);
    }
    ASSIGN_OR_RETURN(const std::vector<ops::Tensor> imported, ImportAll(graph_def, fed, names, graph));
    for (size_t i = 0; i < names.size(); ++i) tensors_[names[i]] = imported[i];
    return absl::OkStatus();
  }

  absl::Status AddAnalyzer(int index) {
    const TracedAnalyzer& a = traced_.analyzers[index];
    const FeatureTensor input = Get(a.input);
    ops::Graph& graph = *input.graph();
    std::vector<ops::Tensor> results;
    if (a.kind == "min_and_max") {
      const MinAndMax both = min_and_max(input, a.reduce_instance_dims, a.name);
      results = {both.min, both.max};
    } else if (a.kind == "mean_and_var") {
      const MeanAndVar both = mean_and_var(input, a.reduce_instance_dims, a.name);
      results = {both.mean, both.var};
    } else if (a.kind == "sum") {
      results = {sum(input, a.reduce_instance_dims, a.name)};
    } else if (a.kind == "size") {
      results = {size(input, a.reduce_instance_dims, a.name)};
    } else if (a.kind == "quantiles") {
      results = {quantiles(input, a.num_buckets, a.name)};
    } else if (a.kind == "vocabulary") {
      VocabularyOptions options = a.vocabulary;
      if (options.vocab_filename.empty()) options.vocab_filename = absl::StrCat("vocab_", a.name, "_", index);
      results = {vocabulary(input, options, a.name)};
      vocabulary_files_[Canonical(a.outputs.at(0))] = options.vocab_filename;
    } else {
      return absl::UnimplementedError("this engine has no such analyzer");
    }
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
  std::map<std::string, std::string> vocabulary_files_;
};

absl::StatusOr<int64_t> CountLines(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string content, io::ReadFile(path));
  return std::count(content.begin(), content.end(), '\n');
}

// What the schema says of the outputs that have a domain.
absl::Status AddDomains(const TracedFunction& traced, const Replay& replay, const std::string& assets_dir,
                        tensorflow::metadata::v0::Schema* schema) {
  for (auto& feature : *schema->mutable_feature()) {
    const std::vector<std::string>& tensors = traced.outputs.at(feature.name());
    const std::string values = Canonical(tensors.size() == 1 ? tensors[0] : tensors[1]);
    for (const TracedDomain& domain : traced.domains) {
      if (Canonical(domain.tensor) != values) continue;
      int64_t max = domain.max;
      if (!domain.vocabulary.empty()) {
        const auto file = replay.vocabulary_files().find(Canonical(domain.vocabulary));
        if (file == replay.vocabulary_files().end()) continue;
        ASSIGN_OR_RETURN(const int64_t size, CountLines(io::JoinPath(assets_dir, file->second)));
        max += size;
      }
      feature.mutable_int_domain()->set_min(domain.min);
      feature.mutable_int_domain()->set_max(max);
      feature.mutable_int_domain()->set_is_categorical(true);
    }
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace internal

absl::StatusOr<std::unique_ptr<TransformGraph>> TransformGraph::Analyze(const TracedFunction& traced,
                                                                        const tensorflow::metadata::v0::Schema& schema,
                                                                        const std::vector<std::string>& files,
                                                                        const AnalyzeOptions& options) {
  internal::Replay replay(traced);
  const auto preprocessing_fn = [&](const TensorMap& inputs) { return replay.Call(inputs); };
  ASSIGN_OR_RETURN(std::unique_ptr<TransformGraph> result, Analyze(preprocessing_fn, schema, files, options));
  RETURN_IF_ERROR(internal::AddDomains(traced, replay, options.assets_dir, &result->rep_->transformed_schema));
  result->rep_->assets = traced.assets;
  return result;
}

}  // namespace tfxm::transform
