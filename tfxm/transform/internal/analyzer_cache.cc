// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/internal/analyzer_cache.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tensorflow/core/framework/function.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/graph/graph.h"
#include "tfxm/compute/pass.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/transform/internal/transform_graph_rep.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::transform::internal {
namespace {

// Strings that a graph has many of are no names of files.
constexpr int64_t kMaxFileNames = 1024;
constexpr size_t kMaxFileName = 4096;

// A constant that names files, as vocabularies do, is what they contain, wherever they are. Unset if it is no such one.
absl::StatusOr<std::optional<std::string>> FileContents(const tensorflow::NodeDef& def) {
  const auto value = def.attr().find("value");
  if (def.op() != "Const" || value == def.attr().end()) return std::nullopt;
  tensorflow::Tensor tensor;
  if (value->second.tensor().dtype() != tensorflow::DT_STRING || !tensor.FromProto(value->second.tensor()) ||
      tensor.NumElements() > kMaxFileNames) {
    return std::nullopt;
  }
  StateWriter contents;
  bool has_files = false;
  const auto strings = tensor.flat<tensorflow::tstring>();
  for (int64_t i = 0; i < tensor.NumElements(); ++i) {
    const std::string text(strings(i));
    const bool is_path = !text.empty() && text.size() < kMaxFileName && !absl::StrContains(text, '\0');
    const bool is_file = is_path && io::Exists(text) && !io::IsDirectory(text);
    has_files |= is_file;
    std::string part = text;
    if (is_file) {
      ASSIGN_OR_RETURN(part, FingerprintPath(text));
    }
    contents.Write(is_file, part);
  }
  if (!has_files) return std::nullopt;
  return contents.bytes();
}

// The part of the graph that `inputs` follow from, whatever its nodes are called.
class GraphDescription {
 public:
  explicit GraphDescription(const std::vector<RawFeature>& features) : features_(features) {}

  absl::Status Add(ops::Graph& graph, const std::vector<ops::Tensor>& inputs) {
    tensorflow::GraphDef called;
    for (const int id : Ancestors(inputs)) ordinals_.emplace(id, static_cast<int>(ordinals_.size()));
    for (const auto& [id, ordinal] : ordinals_) {
      RETURN_IF_ERROR(AddNode(*ops::internal::TfGraph(graph).FindNodeId(id), &called));
    }
    const auto functions = ops::internal::TfGraph(graph).flib_def().ReachableDefinitions(called).ToProto();
    std::vector<std::string> definitions;
    for (const auto& function : functions.function()) definitions.push_back(io::SerializeDeterministically(function));
    std::sort(definitions.begin(), definitions.end());
    description_.Write(definitions);
    for (const ops::Tensor& input : inputs) description_.Write(ordinals_.at(input.node()), input.index());
    return absl::OkStatus();
  }
  const std::string& bytes() const { return description_.bytes(); }

 private:
  absl::Status AddNode(const tensorflow::Node& node, tensorflow::GraphDef* called) {
    for (const RawFeature& feature : features_) {
      const std::vector<ops::Tensor> placeholders = feature.placeholders();
      for (size_t i = 0; i < placeholders.size(); ++i) {
        if (placeholders[i].node() != node.id()) continue;
        description_.Write(feature.name, feature.columns(), feature.dtype, static_cast<int>(feature.kind),
                           feature.shape, i);
        for (const RaggedFeature::Partition& partition : feature.partitions) {
          description_.Write(partition.row_length, partition.uniform_row_length);
        }
        if (feature.default_value.has_value()) {
          const std::span<const char> bytes = std::as_const(*feature.default_value).bytes();
          description_.Write(std::string(bytes.begin(), bytes.end()), feature.default_value->strings());
        }
        return absl::OkStatus();
      }
    }
    tensorflow::NodeDef def = node.def();
    def.clear_name();
    def.clear_input();
    def.clear_experimental_debug_info();
    ASSIGN_OR_RETURN(const std::optional<std::string> contents, FileContents(def));
    description_.Write(contents.has_value() ? *contents : io::SerializeDeterministically(def));
    std::vector<std::tuple<int, int, int>> edges;
    for (const tensorflow::Edge* edge : node.in_edges()) {
      const auto from = ordinals_.find(edge->src()->id());
      if (from != ordinals_.end()) edges.emplace_back(edge->dst_input(), from->second, edge->src_output());
    }
    std::sort(edges.begin(), edges.end());
    for (const auto& [input, from, output] : edges) description_.Write(input, from, output);
    *called->add_node() = node.def();
    return absl::OkStatus();
  }

  const std::vector<RawFeature>& features_;
  std::map<int, int> ordinals_;  // By the node's id.
  StateWriter description_;
};

}  // namespace

absl::StatusOr<AnalyzerCache> AnalyzerCache::Open(const AnalyzeOptions& options,
                                                  const std::vector<std::string>& files) {
  AnalyzerCache cache;
  cache.options_ = options.analyzer_cache;
  cache.warning_ = options.warning;
  cache.batch_size_ = options.batch_size;
  cache.hashes_.resize(files.size());
  if (cache.options_.input_dir.empty() && cache.options_.output_dir.empty()) return cache;
  RETURN_IF_ERROR(compute::ParallelFor(
      static_cast<int>(files.size()),
      [&](int i) -> absl::Status {
        ASSIGN_OR_RETURN(cache.hashes_[i], FingerprintPath(files[i]));
        return absl::OkStatus();
      },
      options.num_threads));
  return cache;
}

absl::Status AnalyzerCache::BeginPass(const std::vector<const AnalyzerNode*>& analyzers,
                                      const std::vector<RawFeature>& features) {
  if (options_.input_dir.empty() && options_.output_dir.empty()) return absl::OkStatus();
  StateWriter made_with;
  made_with.Write(options_.code, batch_size_);
  std::vector<ops::Tensor> inputs;
  for (const AnalyzerNode* analyzer : analyzers) {
    // What is only looked at when all is known (top_k and the like) does not count.
    made_with.Write(analyzer->kind, analyzer->dtype, analyzer->elementwise, analyzer->shape, analyzer->weighted,
                    analyzer->labeled, analyzer->per_key, analyzer->num_buckets, analyzer->output_dim,
                    analyzer->output_dtype, analyzer->vocabulary.file_format, analyzer->inputs.size());
    inputs.insert(inputs.end(), analyzer->inputs.begin(), analyzer->inputs.end());
  }
  GraphDescription graph(features);
  RETURN_IF_ERROR(graph.Add(*inputs.front().graph(), inputs));
  Sha256 key;
  key.UpdatePart(made_with.bytes());
  key.UpdatePart(graph.bytes());
  key_ = key.HexDigest();
  return absl::OkStatus();
}

std::string AnalyzerCache::Path(const std::string& dir, size_t file) const {
  return io::JoinPath(dir, key_, hashes_[file]);
}

bool AnalyzerCache::ReadInto(const std::string& path,
                             const std::function<absl::Status(absl::string_view bytes)>& load) const {
  if (!io::Exists(path)) return false;
  const absl::StatusOr<std::string> bytes = io::ReadFile(path);
  const absl::Status status = bytes.ok() ? load(*bytes) : bytes.status();
  if (!status.ok() && warning_) {
    warning_(absl::StrCat("analyzer cache: ", path, " is not used: ", status.message(), "; its data are analyzed"));
  }
  return status.ok();
}

absl::Status AnalyzerCache::WriteBytes(size_t file, const absl::StatusOr<std::string>& bytes) const {
  if (!bytes.ok()) {
    if (warning_) warning_(absl::StrCat("analyzer cache: a file is left out: ", bytes.status().message()));
    return absl::OkStatus();
  }
  const std::string path = Path(options_.output_dir, file);
  RETURN_IF_ERROR(io::MakeDirs(io::Dirname(path)));
  return io::WriteFile(path, *bytes);
}

}  // namespace tfxm::transform::internal
