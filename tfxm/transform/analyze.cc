// SPDX-License-Identifier: Apache-2.0

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tensorflow/core/graph/graph.h"
#include "tfxm/compute/accumulator.h"
#include "tfxm/compute/example_count.h"
#include "tfxm/compute/pass.h"
#include "tfxm/compute/shards_in_order.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/ops/internal/session_access.h"
#include "tfxm/transform/internal/analyzer_cache.h"
#include "tfxm/transform/internal/layout.h"
#include "tfxm/transform/internal/phase.h"
#include "tfxm/transform/internal/transform_graph_rep.h"
#include "tfxm/transform/internal/vocabulary_accumulator.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::transform {

namespace internal {
namespace {

std::string VocabularyFileName(const AnalyzerNode& analyzer) {
  std::string name = analyzer.vocabulary.vocab_filename.empty() ? absl::StrCat("vocab_", io::Dirname(analyzer.name))
                                                                : analyzer.vocabulary.vocab_filename;
  for (char& c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '-' && c != '.') c = '_';
  }
  return name;
}

// A table cannot be filled from an empty file: TensorFlow Transform puts this in its place, and so no value is found.
constexpr char kEmptyVocabulary[] = "49d0cd50-04bb-48c0-bc6f-5b575dce351a";

// The key_fn of a function in another language is asked for all keys at once.
absl::StatusOr<VocabularyOptions> WithKeys(VocabularyOptions vocabulary, const VocabularyAccumulator& accumulator,
                                           const AnalyzeOptions& options) {
  if (vocabulary.traced_key_fn < 0) return vocabulary;
  if (!options.traced_keys) return absl::FailedPreconditionError("its key_fn cannot be called here");
  ASSIGN_OR_RETURN(const std::vector<VocabularyEntry> entries,
                   accumulator.Entries({.frequency_threshold = vocabulary.coverage_frequency_threshold}));
  std::vector<std::string> values;
  for (const VocabularyEntry& entry : entries) values.push_back(entry.token);
  ASSIGN_OR_RETURN(const std::vector<std::string> keys, options.traced_keys(vocabulary.traced_key_fn, values));
  if (keys.size() != values.size()) {
    return absl::InternalError(absl::StrCat("its key_fn gave ", keys.size(), " keys for ", values.size(), " values"));
  }
  std::map<std::string, std::string, std::less<>> of_value;
  for (size_t i = 0; i < values.size(); ++i) of_value[values[i]] = keys[i];
  vocabulary.key_fn = [of_value = std::move(of_value)](absl::string_view value) {
    return of_value.find(value)->second;
  };
  return vocabulary;
}

// A file of the lines, or of records. Returns its path, their number and, of records, the values.
absl::StatusOr<std::vector<tfxm::Tensor>> WriteVocabulary(const AnalyzerNode& analyzer,
                                                          const VocabularyAccumulator& accumulator,
                                                          const AnalyzeOptions& options) {
  if (options.assets_dir.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("tft::vocabulary \"", analyzer.name, "\" needs AnalyzeOptions::assets_dir to write its file to"));
  }
  ASSIGN_OR_RETURN(const VocabularyOptions vocabulary, WithKeys(analyzer.vocabulary, accumulator, options));
  ASSIGN_OR_RETURN(std::vector<VocabularyEntry> entries, accumulator.Entries(vocabulary));
  tfxm::Tensor size(DataType::kInt64, {});
  size.values<int64_t>()[0] = static_cast<int64_t>(entries.size());
  if (entries.empty()) entries = {{analyzer.dtype == DataType::kString ? kEmptyVocabulary : "-1", 1, "1"}};
  if (accumulator.num_skipped() > 0 && options.warning) {
    options.warning(absl::StrCat("the vocabulary \"", VocabularyFileName(analyzer), "\" leaves out ",
                                 accumulator.num_skipped(), " strings that are empty or have a line break"));
  }
  const auto line = [&](const VocabularyEntry& entry) {
    return analyzer.vocabulary.store_frequency ? absl::StrCat(entry.frequency, " ", entry.token) : entry.token;
  };
  tfxm::Tensor path(DataType::kString, {});
  path.strings()[0] = io::AbsolutePath(io::JoinPath(options.assets_dir, VocabularyFileName(analyzer)));
  if (analyzer.vocabulary.file_format == kTFRecordGzip) {
    path.strings()[0] += ".tfrecord.gz";
    ASSIGN_OR_RETURN(const auto writer, data::TFRecordWriter::Create(path.strings()[0]));
    for (const VocabularyEntry& entry : entries) RETURN_IF_ERROR(writer->Write(line(entry)));
    RETURN_IF_ERROR(writer->Close());
  } else {
    std::string content;
    for (const VocabularyEntry& entry : entries) absl::StrAppend(&content, line(entry), "\n");
    RETURN_IF_ERROR(io::WriteFile(path.strings()[0], content));
    return std::vector<tfxm::Tensor>{path, size};
  }
  tfxm::Tensor values(DataType::kString, {static_cast<int64_t>(entries.size())});
  for (size_t i = 0; i < entries.size(); ++i) values.strings()[i] = std::move(entries[i].token);
  return std::vector<tfxm::Tensor>{path, size, values};
}

// So many keys are told of.
constexpr size_t kManyKeys = 100'000;

// The analyzers' results take the place of their placeholders.
absl::Status PutResults(const AnalyzerNode& analyzer, const Accumulator& accumulator, const AnalyzeOptions& options,
                        TransformGraph::Rep& rep) {
  std::vector<tfxm::Tensor> results;
  if (analyzer.kind == AnalyzerKind::kVocabulary) {
    ASSIGN_OR_RETURN(results,
                     WriteVocabulary(analyzer, static_cast<const VocabularyAccumulator&>(accumulator), options));
    rep.vocabularies.push_back(results[0].strings()[0]);
  } else {
    results = accumulator.Result();
  }
  if (analyzer.per_key && results[0].strings().size() > kManyKeys && options.warning) {
    options.warning(absl::StrCat(
        "\"", analyzer.name, "\" has values of ", results[0].strings().size(),
        " keys: they are constants of the transform graph, and of every model that contains it. Make one key of those that "
        "are rare, or fewer of all: hash_strings, as strings"));
  }
  for (size_t o = 0; o < results.size(); ++o) {
    const ops::Tensor constant =
        ops::Constant(rep.graph, results[o], absl::StrCat(analyzer.outputs[o].name(), "/value"));
    RETURN_IF_ERROR(rep.graph.status());
    ReplaceTensor(analyzer.outputs[o], constant);
    for (auto& [name, output] : rep.outputs) {
      if (output.is_dense() && output.node() == analyzer.outputs[o].node()) output = constant;
    }
  }
  return absl::OkStatus();
}

// compute::Accumulate, but for what the cache knows.
absl::StatusOr<PhaseAccumulator> Accumulate(const Phase& phase, const std::vector<RawFeature>& features,
                                            const std::vector<std::string>& files, const AnalyzerCache& cache,
                                            const compute::PassOptions& options, int* from_cache) {
  const auto make = [&] { return PhaseAccumulator(phase, features); };
  std::vector<std::optional<PhaseAccumulator>> of_files(files.size());
  PhaseAccumulator total = make();
  size_t merged = 0;
  // In the order of the files, whether they are known or not: what is not exact is the same then, too.
  const auto merge_until = [&](size_t end) {
    for (; merged < end; ++merged) {
      if (!of_files[merged].has_value() && !cache.Read(merged, &of_files[merged].emplace(make()))) {
        return absl::DataLossError(absl::StrCat("the analyzer cache of ", files[merged], " went away"));
      }
      RETURN_IF_ERROR(Annotate(cache.Write(merged, *of_files[merged]), files[merged]));
      RETURN_IF_ERROR(Annotate(total.Merge(*std::exchange(of_files[merged], std::nullopt)), files[merged]));
    }
    return absl::OkStatus();
  };

  std::vector<std::string> unknown;
  std::vector<size_t> places;  // In files, of the unknown ones.
  for (size_t i = 0; i < files.size(); ++i) {
    if (cache.Read(i, &of_files[i].emplace(make()))) {
      if (unknown.empty()) RETURN_IF_ERROR(merge_until(i + 1));
    } else {
      unknown.push_back(files[i]);
      places.push_back(i);
    }
    of_files[i].reset();  // Read again in its turn, so that they are not in memory all at once.
  }
  *from_cache = static_cast<int>(files.size() - unknown.size());

  std::vector<compute::InOrder<PhaseAccumulator>> parts(unknown.size());
  std::atomic<int64_t> examples = 0;
  RETURN_IF_ERROR(compute::ForEachBlock(
      unknown, options,
      [&](const compute::RecordBlock& block) -> absl::StatusOr<compute::InTurn> {
        const auto part = std::make_shared<PhaseAccumulator>(make());
        RETURN_IF_ERROR(compute::ForEachBatch(unknown[block.file], block, options,
                                              [&](const data::ExampleBatch& batch) -> absl::Status {
                                                if (options.progress) {
                                                  options.progress(examples += batch.num_examples());
                                                }
                                                return part->Add(batch);
                                              }));
        return [&parts, &unknown, part, file = block.file, shard = block.shard] {
          return Annotate(parts[file].Add(std::move(*part), shard), unknown[file]);
        };
      },
      [&](int file) -> absl::Status {
        const size_t place = places[file];
        RETURN_IF_ERROR(parts[file].MergeInto(&of_files[place].emplace(make())));
        return merge_until(place + 1);
      }));
  RETURN_IF_ERROR(merge_until(files.size()));
  return total;
}

// By the threads of this process, or as options.make_pass does.
absl::StatusOr<PhaseAccumulator> MakePass(const Phase& phase, const std::vector<RawFeature>& features,
                                          const std::vector<std::string>& files, int number, const AnalyzerCache& cache,
                                          const compute::PassOptions& pass_options, const AnalyzeOptions& options) {
  if (options.make_pass) {
    PhasePass pass(phase, features, pass_options);
    RETURN_IF_ERROR(options.make_pass(number, &pass));
    return pass.Total();
  }
  int from_cache = 0;
  ASSIGN_OR_RETURN(PhaseAccumulator total, Accumulate(phase, features, files, cache, pass_options, &from_cache));
  if (options.cache_use) options.cache_use(number, from_cache, static_cast<int>(files.size()));
  return total;
}

absl::Status ComputeAnalyzers(Trace& trace, TransformGraph::Rep& rep, const std::vector<std::string>& files,
                              const AnalyzeOptions& options) {
  if (trace.analyzers.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(AnalyzerCache cache, AnalyzerCache::Open(options, files));
  std::set<size_t> pending;
  for (size_t i = 0; i < trace.analyzers.size(); ++i) pending.insert(i);
  for (int pass = 1; !pending.empty(); ++pass) {
    std::set<int> unknown;
    for (const size_t i : pending) {
      for (const ops::Tensor& output : trace.analyzers[i].outputs) unknown.insert(output.node());
    }
    std::vector<size_t> ready;
    std::vector<const AnalyzerNode*> analyzers;
    for (const size_t i : pending) {
      const std::set<int> ancestors = Ancestors(trace.analyzers[i].inputs);
      if (std::any_of(unknown.begin(), unknown.end(), [&](int node) { return ancestors.count(node) > 0; })) continue;
      ready.push_back(i);
      analyzers.push_back(&trace.analyzers[i]);
    }
    RETURN_IF_ERROR(cache.BeginPass(analyzers, rep.features));
    // One thread for an operation, whose sums would else depend on the machine; the files are what runs in parallel.
    ASSIGN_OR_RETURN(const Phase phase, MakePhase(analyzers, rep.features, rep.graph, /*num_threads=*/1));
    compute::PassOptions pass_options{.num_threads = options.num_threads,
                                      .batch_size = options.batch_size,
                                      .sequence_examples = rep.sequence_examples};
    if (options.progress) pass_options.progress = [&](int64_t examples) { options.progress(examples, pass); };
    ASSIGN_OR_RETURN(const PhaseAccumulator total,
                     MakePass(phase, rep.features, files, pass, cache, pass_options, options));
    for (size_t k = 0; k < ready.size(); ++k) {
      RETURN_IF_ERROR(Annotate(PutResults(trace.analyzers[ready[k]], total.accumulator(k), options, rep),
                               trace.analyzers[ready[k]].name));
      pending.erase(ready[k]);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOutput(const std::string& name, const FeatureTensor& output) {
  const auto fail = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("output \"", name, "\" ", what));
  };
  const DataType dtype = output.values().dtype();
  if (dtype != DataType::kFloat && dtype != DataType::kInt64 && dtype != DataType::kString) {
    return fail(
        absl::StrCat("is ", DataTypeName(dtype), "; tf.Examples hold float32, int64 and string: use ops::Cast"));
  }
  if (output.is_sparse()) return absl::OkStatus();
  const ops::Tensor values = output.values();
  const Shape shape = values.shape();
  if (!values.has_rank() || shape.empty()) {
    return fail(absl::StrCat(values.has_rank() ? "is a scalar" : "has no known rank",
                             "; its first dimension must be the batch"));
  }
  for (size_t i = 1; i < shape.size(); ++i) {
    if (shape[i] < 0) {
      return fail(absl::StrCat("has ", output.is_ragged() ? "values of " : "", "the shape ", ShapeString(shape),
                               "; all dimensions but the ", output.is_ragged() ? "first" : "batch",
                               " must be known: use ops::Reshape"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOutputs(const TransformGraph::Rep& rep, const Trace& trace) {
  if (rep.outputs.empty()) return absl::InvalidArgumentError("it returns no features");
  std::vector<ops::Tensor> used;
  for (const auto& [name, output] : rep.outputs) {
    if (name.empty()) return absl::InvalidArgumentError("an output has an empty name");
    for (const ops::Tensor& component : Components(output)) {
      if (!component.valid() || component.graph() != &rep.graph) {
        return absl::InvalidArgumentError(absl::StrCat(
            "output \"", name, "\" is ", component.valid() ? "a tensor of another graph" : "an unassigned tensor"));
      }
      used.push_back(component);
    }
  }
  for (const AnalyzerNode& analyzer : trace.analyzers)
    used.insert(used.end(), analyzer.inputs.begin(), analyzer.inputs.end());
  // First: what follows from a stand-in has shapes that would only confuse.
  const std::set<int> ancestors = Ancestors(used);
  for (const RawFeature& feature : rep.features) {
    if (feature.is_dense() || ancestors.count(feature.tensor.node()) == 0) continue;
    return absl::InvalidArgumentError(
        feature.kind == internal::RawFeature::Kind::kRagged
            ? absl::StrCat(
                  "feature \"", feature.name,
                  "\" is used as a dense tensor, but the schema says that it is ragged; use ops::RaggedToDense "
                  "or its ragged()")
            : absl::StrCat("feature \"", feature.name, "\" is used as a dense tensor, but ",
                           feature.index_columns.empty() ? "has no shape in the schema, so it is sparse"
                                                         : "the schema says that it is sparse",
                           "; use tft::fill_in_missing or its sparse(), or give it a shape"));
  }
  for (const auto& [name, output] : rep.outputs) RETURN_IF_ERROR(CheckOutput(name, output));
  return absl::OkStatus();
}

// Whether the output is all of the raw feature.
bool IsOf(const RawFeature& feature, const FeatureTensor& output) {
  const std::vector<ops::Tensor> raw = feature.placeholders(), components = Components(output);
  return std::equal(raw.begin(), raw.end(), components.begin(), components.end(),
                    [](const ops::Tensor& a, const ops::Tensor& b) { return a.node() == b.node(); });
}

// TensorFlow does not fetch what is fed: an output that has parts of a raw feature (a sparse one's indices, beside new
// values) gets copies of these. An output that is all of a raw feature is not fetched at all.
void MakeFetchable(TransformGraph::Rep& rep) {
  std::set<int> fed;
  for (const RawFeature& feature : rep.features) {
    for (const ops::Tensor& placeholder : feature.placeholders()) fed.insert(placeholder.node());
  }
  for (auto& [name, output] : rep.outputs) {
    if (output.is_dense()) continue;
    const auto copy = [&](const ops::Tensor& tensor) {
      return fed.count(tensor.node()) > 0 ? ops::Identity(tensor) : tensor;
    };
    bool is_raw = false;
    for (const RawFeature& feature : rep.features) {
      is_raw |= feature.kind == RawFeature::Kind::kVarLen && IsOf(feature, output);
    }
    if (is_raw) continue;
    if (output.is_ragged()) {
      ops::RaggedTensor ragged = output.ragged();
      ragged.values = copy(ragged.values);
      for (ops::Tensor& row_splits : ragged.row_splits) row_splits = copy(row_splits);
      output = ragged;
      continue;
    }
    const ops::SparseTensor sparse = output.sparse();
    output = ops::SparseTensor{copy(sparse.indices), copy(sparse.values), copy(sparse.dense_shape)};
  }
}

// The feature that has an output's values.
std::string ValueKey(const FeatureSpec& spec, const std::string& name) {
  if (const auto it = spec.sparse.find(name); it != spec.sparse.end()) return it->second.value_key;
  if (const auto it = spec.ragged.find(name); it != spec.ragged.end()) return it->second.value_key;
  return name;
}

// What the schema says of the outputs that have a domain.
absl::Status AddDomains(const std::vector<Domain>& domains, TransformGraph::Rep& rep) {
  std::vector<std::pair<std::string, const Domain*>> of_outputs;
  std::vector<ops::Tensor> fetches;
  for (const auto& [name, output] : rep.outputs) {
    for (const Domain& domain : domains) {
      if (domain.values.node() != output.values().node() || domain.values.index() != output.values().index()) continue;
      of_outputs.emplace_back(name, &domain);
      fetches.push_back(ops::Cast(ops::Identity(domain.min), DataType::kInt64));
      fetches.push_back(ops::Cast(ops::Identity(domain.max), DataType::kInt64));
      break;
    }
  }
  if (fetches.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(rep.graph.status());
  ASSIGN_OR_RETURN(const Program program, MakeProgram(rep.graph, rep.features, fetches, /*num_threads=*/1));
  if (!program.features.empty()) {
    return absl::InvalidArgumentError("the domain of an output depends on the examples");
  }
  std::vector<tensorflow::Tensor> fetched;
  RETURN_IF_ERROR(program.function->rep()->Run({}, &fetched));
  for (size_t i = 0; i < of_outputs.size(); ++i) {
    for (auto& feature : *rep.transformed_schema.mutable_feature()) {
      if (feature.name() != ValueKey(rep.transformed_spec, of_outputs[i].first)) continue;
      feature.mutable_int_domain()->set_min(fetched[2 * i].scalar<int64_t>()());
      feature.mutable_int_domain()->set_max(fetched[2 * i + 1].scalar<int64_t>()());
      feature.mutable_int_domain()->set_is_categorical(true);
    }
  }
  return absl::OkStatus();
}

// The dimensions of a sparse output, without the batch; -1 for one that is not known before it runs.
Shape SparseSize(const std::string& name, const ops::SparseTensor& sparse, const TransformGraph::Rep& rep,
                 const Trace& trace) {
  if (const auto it = trace.sparse_outputs.find(name); it != trace.sparse_outputs.end()) return it->second;
  for (const RawFeature& feature : rep.features) {
    if (feature.kind != RawFeature::Kind::kSparse) continue;
    if (feature.tensor.sparse().dense_shape.node() == sparse.dense_shape.node()) return feature.shape;
  }
  const Shape indices = sparse.indices.shape(), dense_shape = sparse.dense_shape.shape();
  const int64_t rank = std::max(indices.size() == 2 ? indices[1] : -1, dense_shape.empty() ? -1 : dense_shape[0]);
  return Shape(std::max<int64_t>(rank - 1, 1), -1);
}

// As tensorflow_transform's schema_inference, with its names of features.
FeatureSpec OutputSpec(const TransformGraph::Rep& rep, const Trace& trace) {
  FeatureSpec spec;
  for (const auto& [name, output] : rep.outputs) {
    const DataType dtype = output.values().dtype();
    if (output.is_sparse()) {
      const Shape size = SparseSize(name, output.sparse(), rep, trace);
      if (size.size() == 1 && trace.sparse_outputs.count(name) == 0) {
        spec.var[name] = {.dtype = dtype};
        continue;
      }
      SparseFeature& sparse = spec.sparse[name];
      sparse = {.value_key = name + kSparseValues, .dtype = dtype, .size = size, .already_sorted = true};
      for (size_t i = 0; i < size.size(); ++i) sparse.index_keys.push_back(absl::StrCat(name, kSparseIndices, i));
      continue;
    }
    if (output.is_ragged()) {
      RaggedFeature& ragged = spec.ragged[name];
      ragged = {.value_key = name + kRaggedValues, .dtype = dtype};
      for (size_t i = 1; i < output.ragged().row_splits.size(); ++i) {
        ragged.partitions.push_back({.row_length = absl::StrCat(name, kRowLengths, i)});
      }
      const Shape values = output.values().shape();
      for (size_t i = 1; i < values.size(); ++i) ragged.partitions.push_back({.uniform_row_length = values[i]});
      continue;
    }
    Shape shape = output.shape();
    shape.erase(shape.begin());
    spec.fixed[name] = {.shape = shape, .dtype = dtype};
  }
  return spec;
}

}  // namespace
}  // namespace internal

StateKind AnalysisPass::kind() { return internal::PhaseAccumulator::kStateKind; }

TransformGraph::TransformGraph() : rep_(std::make_unique<Rep>()) {}
TransformGraph::~TransformGraph() = default;
const tensorflow::metadata::v0::Schema& TransformGraph::raw_schema() const { return rep_->raw_schema; }
const tensorflow::metadata::v0::Schema& TransformGraph::transformed_schema() const { return rep_->transformed_schema; }

absl::StatusOr<std::unique_ptr<TransformGraph>> TransformGraph::Analyze(
    const std::function<PreprocessingFn>& preprocessing_fn, const tensorflow::metadata::v0::Schema& schema,
    const std::vector<std::string>& files, const AnalyzeOptions& options) {
  std::unique_ptr<TransformGraph> result(new TransformGraph);
  Rep& rep = *result->rep_;
  rep.raw_schema = schema;
  rep.sequence_examples = DescribesSequenceExamples(schema);
  ASSIGN_OR_RETURN(const FeatureSpec spec, SchemaAsFeatureSpec(schema));
  rep.features = internal::MakeRawFeatures(spec, &rep.graph);
  TensorMap inputs;
  for (const internal::RawFeature& feature : rep.features) inputs[feature.name] = feature.tensor;
  internal::Trace trace{.graph = &rep.graph};
  {
    const internal::TraceScope scope(&trace);
    absl::StatusOr<TensorMap> outputs = preprocessing_fn(inputs);
    // What went wrong in the graph came first.
    RETURN_IF_ERROR(Annotate(rep.graph.status(), "preprocessing_fn"));
    if (!outputs.ok()) return Annotate(outputs.status(), "preprocessing_fn");
    rep.outputs.insert(outputs->begin(), outputs->end());
  }
  RETURN_IF_ERROR(Annotate(internal::CheckOutputs(rep, trace), "preprocessing_fn"));
  RETURN_IF_ERROR(internal::ComputeAnalyzers(trace, rep, files, options));
  rep.transformed_spec = internal::OutputSpec(rep, trace);
  internal::MakeFetchable(rep);
  rep.transformed_schema = FeatureSpecAsSchema(rep.transformed_spec);
  RETURN_IF_ERROR(internal::AddDomains(trace.domains, rep));
  return result;
}

}  // namespace tfxm::transform
