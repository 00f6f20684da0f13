// SPDX-License-Identifier: Apache-2.0

#include <atomic>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tensorflow/core/framework/tensor.h"
#include "tfxm/compute/pass.h"
#include "tfxm/data/example_encoder.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
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
  const int threads = options.num_threads > 0 ? options.num_threads : compute::NumThreads();
  const int num_shards = static_cast<int>(input_files.size());
  // One thread for an operation, whose sums would else depend on the machine; the files are what runs in parallel.
  ASSIGN_OR_RETURN(const internal::Plan plan, internal::MakePlan(*rep_, /*num_threads=*/1));
  RETURN_IF_ERROR(io::MakeDirs(output_dir));
  std::atomic<int64_t> examples = 0;

  const auto transform_shard = [&](int shard) -> absl::Status {
    const std::string path = io::JoinPath(output_dir, data::ShardName("transformed_examples", shard, num_shards));
    ASSIGN_OR_RETURN(const auto writer, data::TFRecordWriter::Create(path));
    std::vector<data::ExampleColumn> columns(plan.sources.size());
    std::vector<internal::ValuesStorage> storage(plan.sources.size());
    for (size_t c = 0; c < columns.size(); ++c) columns[c].name = plan.sources[c].name;
    std::string serialized;
    int64_t records = 0;
    const auto transform_batch = [&](const data::ExampleBatch& batch) -> absl::Status {
      for (const int feature : plan.used)
        RETURN_IF_ERROR(internal::CheckFeature(batch, rep_->features[feature], records));
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
      for (int i = 0; i < batch.num_examples(); ++i) {
        data::EncodeExample(columns, i, &serialized);
        RETURN_IF_ERROR(writer->Write(serialized));
        if (options.on_example) RETURN_IF_ERROR(options.on_example(shard, serialized));
      }
      records += batch.num_examples();
      if (options.progress) options.progress(examples += batch.num_examples());
      return absl::OkStatus();
    };
    absl::Status status = data::ForEachBatch(input_files[shard], options.batch_size, transform_batch);
    if (!status.ok()) {
      return absl::StrContains(status.message(), input_files[shard]) ? status : Annotate(status, input_files[shard]);
    }
    return writer->Close();
  };
  return compute::ParallelFor(num_shards, transform_shard, threads);
}

}  // namespace tfxm::transform
