// SPDX-License-Identifier: Apache-2.0

// A preprocessing_fn after the analysis of the data: a graph from raw to transformed features, all of whose statistics
// are constants.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<TransformGraph> graph,
//                    TransformGraph::Analyze(preprocessing_fn, schema, train_files, options));
//   RETURN_IF_ERROR(graph->Write(transform_graph_uri));
//   RETURN_IF_ERROR(graph->TransformExamples(eval_files, io::JoinPath(uri, "Split-eval")));
//
// After Analyze the object does not change; its const methods may be called by several threads.
#ifndef TFXM_TRANSFORM_TRANSFORM_GRAPH_H_
#define TFXM_TRANSFORM_TRANSFORM_GRAPH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/compute/shard.h"
#include "tfxm/transform/feature_spec.h"
#include "tfxm/transform/tft.h"
#include "tfxm/transform/traced_function.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::statistics {
class StatisticsAccumulator;
}

namespace tfxm::transform {

// What analyzing a file comes to is kept, so that the next analysis of the same contents by the same analyzers need not
// read it: TFX's analyzer cache. The results have the same bits with it and without.
struct AnalyzerCacheOptions {
  // What an earlier analysis has written. Empty: there is none.
  std::string input_dir;
  // A folder, which gets what this one has used or computed, and no more. Empty: none is written.
  std::string output_dir;
  // Any text that says which code analyzes: what was kept under another is not used.
  std::string code;
};

// One pass of an analysis, where several processes make it: each makes the states of some shards, one puts them all
// together.
class AnalysisPass {
 public:
  static StateKind kind();
  virtual ~AnalysisPass() = default;
  // What the accumulators of a shard have saved.
  virtual absl::StatusOr<std::string> Map(const compute::Shard& shard, int64_t* num_examples) const = 0;
  // Adds what Map has made, in the order of the shards. DATA_LOSS if it cannot be of this pass.
  virtual absl::Status Merge(const compute::Shard& shard, StateReader* saved) = 0;
  // What Merge has put together, and the same in another process, in place of Merge.
  virtual absl::StatusOr<std::string> Save() = 0;
  virtual absl::Status Load(StateReader* saved) = 0;
};

struct AnalyzeOptions {
  // An existing directory for vocabularies, needed if there are any; must last as long as the graph.
  std::string assets_dir;
  int num_threads = 0;    // 0: all cores.
  int batch_size = 1000;  // Examples at a time.
  // Called now and then, from any thread, with the number of examples of a pass and the number of the pass, from 1.
  std::function<void(int64_t examples, int pass)> progress;
  // Called with what was left out.
  std::function<void(absl::string_view message)> warning;
  AnalyzerCacheOptions analyzer_cache;
  // Called after every pass: how many of the files had been analyzed before.
  std::function<void(int pass, int from_cache, int files)> cache_use;
  // Makes pass `number`, from 1, in place of the threads of this process: after it `pass` has all shards, by Merge or
  // Load.
  std::function<absl::Status(int number, AnalysisPass* pass)> make_pass;
  // The keys of values by the key_fn of a traced vocabulary (VocabularyOptions::traced_key_fn), one for each.
  std::function<absl::StatusOr<std::vector<std::string>>(int analyzer, const std::vector<std::string>& values)>
      traced_keys;
};

struct TransformExamplesOptions {
  int num_threads = 0;
  int batch_size = 1000;
  std::function<void(int64_t examples)> progress;
  // What is written is added to it while it is written. Null: nothing is described.
  statistics::StatisticsAccumulator* statistics = nullptr;
  size_t block_bytes = size_t{8} << 20;  // compute::PassOptions::block_bytes; the files do not depend on it.
  // The files are those of `num_files` from first_file on, which is in the outputs' names. 0: there are no others.
  int first_file = 0, num_files = 0;
};

class TransformGraph {
 public:
  // Calls the preprocessing_fn with the schema's features, and makes as many passes over `files` as its analyzers need:
  // none, one, or more if analyzers depend on each other. Analyzers of raw features read the columns themselves; others
  // run the part of the graph that they need. If the schema has a struct "##SEQUENCE##", the files are of
  // tf.SequenceExamples. Errors name the feature, output or node, and for data the file and record.
  static absl::StatusOr<std::unique_ptr<TransformGraph>> Analyze(const std::function<PreprocessingFn>& preprocessing_fn,
                                                                 const tensorflow::metadata::v0::Schema& schema,
                                                                 const std::vector<std::string>& files,
                                                                 const AnalyzeOptions& options = {});
  // The same of a function that has been called already, in another language.
  static absl::StatusOr<std::unique_ptr<TransformGraph>> Analyze(const TracedFunction& traced,
                                                                 const tensorflow::metadata::v0::Schema& schema,
                                                                 const std::vector<std::string>& files,
                                                                 const AnalyzeOptions& options = {});
  ~TransformGraph();

  const tensorflow::metadata::v0::Schema& raw_schema() const;
  const tensorflow::metadata::v0::Schema& transformed_schema() const;

  // Writes what tft.TFTransformOutput reads: transform_fn/ (a SavedModel whose function `transform_fn` takes a
  // dictionary of raw features, and whose signature serving_default takes them one by one; the parts of a sparse
  // feature NAME are NAME/indices, NAME/values, NAME/dense_shape, those of a ragged one NAME/values, NAME/row_splits_0,
  // …), transformed_metadata/schema.pbtxt, metadata/schema.pbtxt.
  absl::Status Write(absl::string_view dir) const;

  // One pass on all cores: as many output files as inputs, output_dir/transformed_examples-SSSSS-of-NNNNN.gz, each in
  // its input's order. Features are sorted by name, so that equal examples have equal bytes. A sparse output of a rank
  // over 2 becomes the features NAME$sparse_values, NAME$sparse_indices_0, …, a ragged one NAME$ragged_values and, if
  // it has several ragged dimensions, NAME$row_lengths_1, …, as the transformed schema says. INVALID_ARGUMENT for an
  // output that has not one row per example.
  absl::Status TransformExamples(const std::vector<std::string>& input_files, absl::string_view output_dir,
                                 const TransformExamplesOptions& options = {}) const;

  struct Rep;  // internal/transform_graph_rep.h

 private:
  TransformGraph();
  std::unique_ptr<Rep> rep_;
};

}  // namespace tfxm::transform

#endif  // TFXM_TRANSFORM_TRANSFORM_GRAPH_H_
