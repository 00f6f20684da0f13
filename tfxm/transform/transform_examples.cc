// SPDX-License-Identifier: Apache-2.0

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tensorflow/core/framework/tensor.h"
#include "tfxm/compute/pass.h"
#include "tfxm/data/example_encoder.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/statistics/statistics_accumulator.h"
#include "tfxm/transform/internal/transform_graph_rep.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::transform {
namespace internal {
namespace {

// Where an output comes from: a raw feature as it is, or what the program returns.
struct Source {
  std::string name;
  int raw = -1;
  int fetch = -1;  // The first of its components.
  RawFeature::Kind kind = RawFeature::Kind::kDense;
  int num_components = 1;
  std::vector<int> columns;  // The features that it becomes, as places in Plan::columns; the one of its values first.
};

struct Plan {
  std::vector<Source> sources;       // Sorted by name.
  std::vector<std::string> columns;  // Features of the transformed examples, sorted.
  std::set<int> used;                // Raw features.
  std::optional<Program> program;
};

// The features that an output becomes, that of its values first.
std::vector<std::string> ColumnsOf(const std::string& name, const FeatureSpec& spec) {
  std::vector<std::string> columns;
  if (const auto sparse = spec.sparse.find(name); sparse != spec.sparse.end()) {
    columns = sparse->second.index_keys;
    columns.insert(columns.begin(), sparse->second.value_key);
  } else if (const auto ragged = spec.ragged.find(name); ragged != spec.ragged.end()) {
    columns.push_back(ragged->second.value_key);
    for (const RaggedFeature::Partition& partition : ragged->second.partitions) {
      if (!partition.row_length.empty()) columns.push_back(partition.row_length);
    }
  } else {
    columns.push_back(name);
  }
  return columns;
}

absl::StatusOr<Plan> MakePlan(TransformGraph::Rep& rep, int num_threads) {
  Plan plan;
  std::vector<ops::Tensor> fetches;
  std::map<std::string, std::pair<int, int>> places;  // Of a column: its source, and which of its columns it is.
  for (const auto& [name, output] : rep.outputs) {
    const std::vector<ops::Tensor> components = Components(output);
    Source source{.name = name, .num_components = static_cast<int>(components.size())};
    if (output.is_ragged()) {
      source.kind = RawFeature::Kind::kRagged;
    } else if (output.is_sparse()) {
      source.kind = rep.transformed_spec.sparse.count(name) > 0 ? RawFeature::Kind::kSparse : RawFeature::Kind::kVarLen;
    }
    for (size_t f = 0; f < rep.features.size(); ++f) {
      const std::vector<ops::Tensor> raw = rep.features[f].placeholders();
      bool same = raw.size() == components.size() && rep.features[f].kind == source.kind &&
                  source.kind <= RawFeature::Kind::kVarLen;
      for (size_t c = 0; c < raw.size() && same; ++c) same = raw[c].node() == components[c].node();
      if (same) source.raw = static_cast<int>(f);
    }
    if (source.raw >= 0) {
      plan.used.insert(source.raw);
    } else {
      source.fetch = static_cast<int>(fetches.size());
      fetches.insert(fetches.end(), components.begin(), components.end());
    }
    for (const std::string& column : ColumnsOf(name, rep.transformed_spec)) {
      if (!places.emplace(column, std::make_pair(plan.sources.size(), source.columns.size())).second) {
        return absl::InvalidArgumentError(
            absl::StrCat("the outputs of the preprocessing_fn become two features \"", column, "\"; rename one"));
      }
      source.columns.push_back(-1);
    }
    plan.sources.push_back(std::move(source));
  }
  for (const auto& [column, place] : places) {
    plan.sources[place.first].columns[place.second] = static_cast<int>(plan.columns.size());
    plan.columns.push_back(column);
  }
  if (!fetches.empty()) {
    ASSIGN_OR_RETURN(plan.program, MakeProgram(rep.graph, rep.features, fetches, num_threads));
    plan.used.insert(plan.program->features.begin(), plan.program->features.end());
  }
  return plan;
}

absl::Status RowsError(const Source& source, int64_t rows, int64_t batch) {
  return absl::InvalidArgumentError(absl::StrCat("output \"", source.name, "\" of the preprocessing_fn has ", rows,
                                                 " rows for a batch of ", batch,
                                                 " examples; its first dimension must be the batch"));
}

absl::Status SetValues(const std::string& output, const Values& values, data::ExampleColumn* column) {
  if (const auto* floats = std::get_if<std::span<const float>>(&values)) {
    column->values = *floats;
  } else if (const auto* ints = std::get_if<std::span<const int64_t>>(&values)) {
    column->values = *ints;
  } else if (const auto* strings = std::get_if<std::span<const absl::string_view>>(&values)) {
    column->values = *strings;
  } else {
    return absl::UnimplementedError(
        absl::StrCat("output \"", output, "\" of the preprocessing_fn is float64, which a tf.Example cannot hold"));
  }
  return absl::OkStatus();
}

absl::Status SetValues(const Source& source, const tensorflow::Tensor& tensor, ValuesStorage* storage,
                       data::ExampleColumn* column) {
  Values values;
  RETURN_IF_ERROR(TensorValues(tensor, storage, &values));
  return SetValues(source.name, values, column);
}

// What an output's columns are made of.
struct Columns {
  std::vector<data::ExampleColumn>& columns;
  std::vector<ValuesStorage>& storage;  // Of each.
};

// Of each example the values up to its last one, from their rows, which must be in order.
absl::Status SetEnds(const Source& source, const tensorflow::Tensor& indices, int64_t batch_size,
                     std::vector<int64_t>* ends) {
  ends->assign(batch_size, 0);
  const auto index = indices.matrix<int64_t>();
  for (int64_t k = 0, last = 0; k < indices.dim_size(0); ++k) {
    const int64_t row = index(k, 0);
    if (row < last || row >= batch_size) {
      return absl::InvalidArgumentError(absl::StrCat(
          "output \"", source.name, "\" of the preprocessing_fn is a sparse tensor whose rows are not in order"));
    }
    last = row;
    (*ends)[row] = k + 1;
  }
  for (int64_t i = 1; i < batch_size; ++i) (*ends)[i] = std::max((*ends)[i], (*ends)[i - 1]);
  return absl::OkStatus();
}

absl::Status FromSparse(const Source& source, const std::vector<tensorflow::Tensor>& fetched, int64_t batch_size,
                        const Columns& out) {
  const tensorflow::Tensor& indices = fetched[source.fetch];
  const tensorflow::Tensor& dense_shape = fetched[source.fetch + 2];
  const int64_t rank = source.kind == RawFeature::Kind::kVarLen ? 2 : static_cast<int64_t>(source.columns.size());
  if (dense_shape.NumElements() != rank || indices.dims() != 2 || indices.dim_size(1) != rank) {
    return absl::InvalidArgumentError(
        absl::StrCat("output \"", source.name, "\" of the preprocessing_fn is a sparse tensor of ",
                     dense_shape.NumElements(), " dimensions; it was said to have ", rank));
  }
  if (dense_shape.vec<int64_t>()(0) != batch_size) return RowsError(source, dense_shape.vec<int64_t>()(0), batch_size);
  data::ExampleColumn& values = out.columns[source.columns[0]];
  RETURN_IF_ERROR(SetEnds(source, indices, batch_size, &values.ends));
  for (size_t c = 1; c < source.columns.size(); ++c) {
    std::vector<int64_t>& places = out.storage[source.columns[c]].ints;
    places.resize(indices.dim_size(0));
    for (size_t k = 0; k < places.size(); ++k) places[k] = indices.matrix<int64_t>()(k, c);
    out.columns[source.columns[c]].values = std::span<const int64_t>(places);
    out.columns[source.columns[c]].ends = values.ends;
  }
  return SetValues(source, fetched[source.fetch + 1], &out.storage[source.columns[0]], &values);
}

absl::Status FromRagged(const Source& source, const std::vector<tensorflow::Tensor>& fetched, int64_t batch_size,
                        const Columns& out) {
  const tensorflow::Tensor& values = fetched[source.fetch];
  std::vector<int64_t> ends;  // Of each example, in the dimension that has been reached.
  for (int d = 1; d < source.num_components; ++d) {
    Values splits;
    ValuesStorage wide;
    RETURN_IF_ERROR(TensorValues(fetched[source.fetch + d], &wide, &splits));
    const auto split = std::get<std::span<const int64_t>>(splits);
    if (d == 1) {
      if (static_cast<int64_t>(split.size()) != batch_size + 1) {
        return RowsError(source, static_cast<int64_t>(split.size()) - 1, batch_size);
      }
      ends.assign(split.begin() + 1, split.end());
      continue;
    }
    data::ExampleColumn& lengths = out.columns[source.columns[d - 1]];
    std::vector<int64_t>& ints = out.storage[source.columns[d - 1]].ints;
    ints.clear();
    for (size_t row = 1; row < split.size(); ++row) ints.push_back(split[row] - split[row - 1]);
    lengths.values = std::span<const int64_t>(ints);
    lengths.ends = ends;
    for (int64_t& end : ends) {
      if (end < 0 || end >= static_cast<int64_t>(split.size())) {
        return absl::InvalidArgumentError(absl::StrCat("output \"", source.name,
                                                       "\" of the preprocessing_fn is a ragged tensor whose row_splits "
                                                       "do not fit each other"));
      }
      end = split[end];
    }
  }
  const int64_t of_row = values.dim_size(0) == 0 ? 0 : values.NumElements() / values.dim_size(0);
  for (int64_t& end : ends) end *= of_row;
  data::ExampleColumn& column = out.columns[source.columns[0]];
  column.ends = std::move(ends);
  return SetValues(source, values, &out.storage[source.columns[0]], &column);
}

// Sets the columns' values from what was fetched.
absl::Status FromTensors(const Source& source, const std::vector<tensorflow::Tensor>& fetched, int64_t batch_size,
                         const Columns& out) {
  if (source.kind == RawFeature::Kind::kRagged) return FromRagged(source, fetched, batch_size, out);
  if (source.kind != RawFeature::Kind::kDense) return FromSparse(source, fetched, batch_size, out);
  const tensorflow::Tensor& tensor = fetched[source.fetch];
  if (tensor.dims() < 1 || tensor.dim_size(0) != batch_size) {
    return RowsError(source, tensor.dims() < 1 ? 1 : tensor.dim_size(0), batch_size);
  }
  data::ExampleColumn& column = out.columns[source.columns[0]];
  column.row_size = tensor.NumElements() / batch_size;
  return SetValues(source, tensor, &out.storage[source.columns[0]], &column);
}

// Sets the column's values from a raw feature.
absl::Status FromBatch(const RawFeature& feature, const data::ExampleBatch& batch, ValuesStorage* storage,
                       data::ExampleColumn* column) {
  RETURN_IF_ERROR(SetValues(column->name, FeatureValues(batch, feature, storage), column));
  if (feature.is_dense()) {
    column->row_size = feature.row_size;
    return absl::OkStatus();
  }
  const data::Column* source = batch.Find(feature.column);
  int64_t end = 0;
  column->ends.clear();
  for (int i = 0; i < batch.num_examples(); ++i) {
    end += source == nullptr ? 0 : source->num_values(i);
    column->ends.push_back(end);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace internal

absl::Status TransformGraph::TransformExamples(const std::vector<std::string>& input_files,
                                               absl::string_view output_dir,
                                               const TransformExamplesOptions& options) const {
  const int num_shards = static_cast<int>(input_files.size());
  const int num_files = options.num_files > 0 ? options.num_files : num_shards;
  // One thread for an operation, whose sums would else depend on the machine; the blocks are what runs in parallel.
  ASSIGN_OR_RETURN(const internal::Plan plan, internal::MakePlan(*rep_, /*num_threads=*/1));
  RETURN_IF_ERROR(io::MakeDirs(output_dir));
  std::atomic<int64_t> examples = 0;
  const compute::PassOptions pass{.num_threads = options.num_threads,
                                  .batch_size = options.batch_size,
                                  .sequence_examples = rep_->sequence_examples,
                                  .block_bytes = options.block_bytes};
  std::vector<std::unique_ptr<data::TFRecordWriter>> writers(num_shards);
  std::vector<std::optional<statistics::StatisticsAccumulator>> statistics(num_shards);  // Of a file.

  // What a block becomes.
  struct Transformed {
    compute::RecordBlock records;
    std::optional<statistics::StatisticsAccumulator> statistics;
  };
  const auto transform_block = [&](const compute::RecordBlock& block, Transformed* out) -> absl::Status {
    std::vector<data::ExampleColumn> columns(plan.columns.size());
    std::vector<internal::ValuesStorage> storage(plan.columns.size());
    for (size_t c = 0; c < columns.size(); ++c) columns[c].name = plan.columns[c];
    std::string serialized;
    std::optional<data::ExampleBatch> described;
    if (options.statistics != nullptr) {
      out->statistics.emplace(options.statistics->MakeEmpty());
      described.emplace(/*keep_records=*/options.statistics->needs_records());
    }
    return compute::ForEachBatch(input_files[block.file], block, pass, [&](const data::ExampleBatch& batch) {
      for (const int feature : plan.used) RETURN_IF_ERROR(internal::CheckFeature(batch, rep_->features[feature]));
      std::vector<tensorflow::Tensor> fetched;
      if (plan.program.has_value()) RETURN_IF_ERROR(plan.program->Run(batch, rep_->features, &fetched));
      for (const internal::Source& source : plan.sources) {
        if (source.raw >= 0) {
          const int c = source.columns[0];
          RETURN_IF_ERROR(internal::FromBatch(rep_->features[source.raw], batch, &storage[c], &columns[c]));
        } else {
          RETURN_IF_ERROR(internal::FromTensors(source, fetched, batch.num_examples(), {columns, storage}));
        }
      }
      if (described.has_value()) described->Clear(batch.first_record());
      for (int i = 0; i < batch.num_examples(); ++i) {
        data::EncodeExample(columns, i, &serialized);
        out->records.Append(serialized);
        if (described.has_value()) RETURN_IF_ERROR(described->Append(serialized));
      }
      if (described.has_value()) RETURN_IF_ERROR(out->statistics->Add(*described));
      if (options.progress) options.progress(examples += batch.num_examples());
      return absl::OkStatus();
    });
  };

  // Appends to the block's output file, whose blocks come in order.
  const auto write = [&](int shard, bool last, Transformed& block) -> absl::Status {
    if (writers[shard] == nullptr) {
      const std::string path =
          io::JoinPath(output_dir, data::ShardName("transformed_examples", options.first_file + shard, num_files));
      ASSIGN_OR_RETURN(writers[shard], data::TFRecordWriter::Create(path));
    }
    for (int i = 0; i < block.records.size(); ++i) RETURN_IF_ERROR(writers[shard]->Write(block.records.record(i)));
    if (!statistics[shard].has_value()) {
      statistics[shard] = std::move(block.statistics);
    } else {
      RETURN_IF_ERROR(statistics[shard]->Merge(*std::move(block.statistics)));
    }
    if (!last) return absl::OkStatus();
    RETURN_IF_ERROR(writers[shard]->Close());
    writers[shard].reset();
    return absl::OkStatus();
  };

  return compute::ForEachBlock(
      input_files, pass,
      [&](const compute::RecordBlock& block) -> absl::StatusOr<compute::InTurn> {
        const auto out = std::make_shared<Transformed>();
        RETURN_IF_ERROR(transform_block(block, out.get()));
        return [&write, out, shard = block.file, last = block.last] { return write(shard, last, *out); };
      },
      [&](int shard) {
        if (options.statistics == nullptr) return absl::OkStatus();
        return options.statistics->Merge(*std::exchange(statistics[shard], std::nullopt));
      });
}

}  // namespace tfxm::transform
