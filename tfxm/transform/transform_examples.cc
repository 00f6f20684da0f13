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
  int fetch = -1;  // The first of one, or of indices, values, dense_shape.
  bool is_sparse = false;
};

struct Plan {
  std::vector<Source> sources;  // Sorted by name.
  std::set<int> used;           // Raw features.
  std::optional<Program> program;
};

absl::StatusOr<Plan> MakePlan(TransformGraph::Rep& rep, int num_threads) {
  Plan plan;
  std::vector<ops::Tensor> fetches;
  for (const auto& [name, output] : rep.outputs) {
    Source source{.name = name, .is_sparse = output.is_sparse()};
    const std::vector<ops::Tensor> components = Components(output);
    for (size_t f = 0; f < rep.features.size(); ++f) {
      const std::vector<ops::Tensor> raw = rep.features[f].placeholders();
      bool same = raw.size() == components.size();
      for (size_t c = 0; c < raw.size() && same; ++c) same = raw[c].node() == components[c].node();
      if (same) source.raw = static_cast<int>(f);
    }
    if (source.raw >= 0) {
      plan.used.insert(source.raw);
    } else {
      source.fetch = static_cast<int>(fetches.size());
      fetches.insert(fetches.end(), components.begin(), components.end());
    }
    plan.sources.push_back(std::move(source));
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

// Sets the column's values from what was fetched.
absl::Status FromTensors(const Source& source, const std::vector<tensorflow::Tensor>& fetched, int64_t batch_size,
                         ValuesStorage* storage, data::ExampleColumn* column) {
  if (!source.is_sparse) {
    const tensorflow::Tensor& tensor = fetched[source.fetch];
    if (tensor.dims() < 1 || tensor.dim_size(0) != batch_size) {
      return RowsError(source, tensor.dims() < 1 ? 1 : tensor.dim_size(0), batch_size);
    }
    column->row_size = tensor.NumElements() / batch_size;
    return SetValues(source, tensor, storage, column);
  }
  const tensorflow::Tensor& indices = fetched[source.fetch];
  const tensorflow::Tensor& dense_shape = fetched[source.fetch + 2];
  if (dense_shape.NumElements() != 2 || dense_shape.vec<int64_t>()(0) != batch_size) {
    return RowsError(source, dense_shape.NumElements() < 1 ? 0 : dense_shape.vec<int64_t>()(0), batch_size);
  }
  column->ends.assign(batch_size, 0);
  const auto index = indices.matrix<int64_t>();
  for (int64_t k = 0, last = 0; k < indices.dim_size(0); ++k) {
    const int64_t row = index(k, 0);
    if (row < last || row >= batch_size) {
      return absl::InvalidArgumentError(absl::StrCat(
          "output \"", source.name, "\" of the preprocessing_fn is a sparse tensor whose rows are not in order"));
    }
    last = row;
    column->ends[row] = k + 1;
  }
  for (int64_t i = 1; i < batch_size; ++i) column->ends[i] = std::max(column->ends[i], column->ends[i - 1]);
  return SetValues(source, fetched[source.fetch + 1], storage, column);
}

// Sets the column's values from a raw feature.
absl::Status FromBatch(const RawFeature& feature, const data::ExampleBatch& batch, ValuesStorage* storage,
                       data::ExampleColumn* column) {
  RETURN_IF_ERROR(SetValues(column->name, FeatureValues(batch, feature, &storage->strings), column));
  if (feature.is_dense) {
    column->row_size = feature.row_size;
    return absl::OkStatus();
  }
  const data::Column* source = batch.Find(feature.name);
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
  const compute::PassOptions pass{
      .num_threads = options.num_threads, .batch_size = options.batch_size, .block_bytes = options.block_bytes};
  std::vector<std::unique_ptr<data::TFRecordWriter>> writers(num_shards);
  std::vector<std::optional<statistics::StatisticsAccumulator>> statistics(num_shards);  // Of a file.

  // What a block becomes.
  struct Transformed {
    compute::RecordBlock records;
    std::optional<statistics::StatisticsAccumulator> statistics;
  };
  const auto transform_block = [&](const compute::RecordBlock& block, Transformed* out) -> absl::Status {
    std::vector<data::ExampleColumn> columns(plan.sources.size());
    std::vector<internal::ValuesStorage> storage(plan.sources.size());
    for (size_t c = 0; c < columns.size(); ++c) columns[c].name = plan.sources[c].name;
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
      for (size_t c = 0; c < columns.size(); ++c) {
        const internal::Source& source = plan.sources[c];
        if (source.raw >= 0) {
          RETURN_IF_ERROR(internal::FromBatch(rep_->features[source.raw], batch, &storage[c], &columns[c]));
        } else {
          RETURN_IF_ERROR(internal::FromTensors(source, fetched, batch.num_examples(), &storage[c], &columns[c]));
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
