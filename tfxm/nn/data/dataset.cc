// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/data/dataset.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/compute/pass.h"
#include "tfxm/nn/internal/composite_feature.h"
#include "tfxm/nn/internal/row_store.h"
#include "tfxm/nn/internal/rows/example_stream.h"
#include "tfxm/nn/random.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {

// Where the examples come from. Shared by copies of a dataset, so that they are decoded once.
struct Dataset::Source {
  std::vector<std::string> files;
  std::vector<FeatureSpec> specs;
  std::mutex mutex;
  bool tried_to_cache = false;
  bool cached = false;
  std::vector<RowStore> stores;  // One per file, if cached.
  std::vector<FeatureSpec> left_out;
  std::atomic<uint64_t> next_pass = 0;
};

namespace {

// Rows in the order of training. The row is (store, index), valid until the next call.
class RowOrder {
 public:
  struct Row {
    const RowStore* store = nullptr;
    int64_t index = 0;
    Place place;
  };
  virtual ~RowOrder() = default;
  virtual absl::StatusOr<bool> Next(Row* row) = 0;
};

class CachedOrder : public RowOrder {
 public:
  CachedOrder(const std::vector<RowStore>& stores, bool shuffle, uint64_t seed, int64_t epochs)
      : stores_(stores), shuffle_(shuffle), seed_(seed), epochs_(epochs) {
    for (size_t s = 0; s < stores.size(); ++s) {
      for (int64_t i = 0; i < stores[s].num_rows(); ++i)
        all_.push_back({static_cast<uint32_t>(s), static_cast<uint32_t>(i)});
    }
    next_ = all_.size();
  }
  absl::StatusOr<bool> Next(Row* row) override {
    if (next_ == all_.size()) {
      if (all_.empty() || epoch_ == epochs_) return false;
      if (shuffle_) {
        order_ = all_;
        Random random(DeriveSeed(seed_, epoch_));
        for (size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random.Below(i)]);
      }
      ++epoch_;
      next_ = 0;
    }
    const auto [store, index] = (shuffle_ ? order_ : all_)[next_++];
    *row = {&stores_[store], index, {store, index}};
    return true;
  }

 private:
  const std::vector<RowStore>& stores_;
  const bool shuffle_;
  const uint64_t seed_;
  const int64_t epochs_;
  std::vector<std::pair<uint32_t, uint32_t>> all_, order_;
  size_t next_ = 0;
  int64_t epoch_ = 0;
};

// Through a buffer, as tf.data's shuffle: each row is a random one of those in the buffer.
class StreamedOrder : public RowOrder {
 public:
  StreamedOrder(const std::vector<std::string>& files, const std::vector<FeatureSpec>& specs, int64_t buffer_size,
                uint64_t seed, int64_t epochs)
      : files_(files),
        buffer_(specs),
        buffer_size_(std::max<int64_t>(buffer_size, 1)),
        random_(seed),
        epochs_(epochs) {}

  absl::StatusOr<bool> Next(Row* row) override {
    // The slot that was given out last is free again.
    if (free_ >= 0) {
      ASSIGN_OR_RETURN(const bool more, Fill(free_));
      if (!more) {
        slots_.erase(std::find(slots_.begin(), slots_.end(), free_));
      }
      free_ = -1;
    }
    while (!ended_ && static_cast<int64_t>(slots_.size()) < buffer_size_) {
      const int64_t slot = static_cast<int64_t>(slots_.size());
      ASSIGN_OR_RETURN(const bool more, Fill(slot));
      if (!more) break;
      slots_.push_back(slot);
    }
    if (slots_.empty()) return false;
    free_ = slots_[random_.Below(slots_.size())];
    *row = {&buffer_, free_, places_[free_]};
    return true;
  }

 private:
  absl::StatusOr<bool> Fill(int64_t slot) {
    while (!ended_) {
      if (stream_ == nullptr) {
        stream_ = std::make_unique<ExampleStream>(files_);
        rows_of_epoch_ = 0;
      }
      ASSIGN_OR_RETURN(const bool more, stream_->Next());
      if (more) {
        ++rows_of_epoch_;
        RETURN_IF_ERROR(Annotate(buffer_.Set(slot, stream_->batch(), stream_->index()), stream_->Where()));
        if (slot == static_cast<int64_t>(places_.size())) places_.emplace_back();
        places_[slot] = stream_->place();
        return true;
      }
      stream_.reset();
      ended_ = rows_of_epoch_ == 0 || ++epoch_ == epochs_;
    }
    return false;
  }

  const std::vector<std::string>& files_;
  RowStore buffer_;
  const int64_t buffer_size_;
  Random random_;
  const int64_t epochs_;
  std::unique_ptr<ExampleStream> stream_;
  std::vector<int64_t> slots_;
  std::vector<Place> places_;  // By slot.
  int64_t free_ = -1;
  int64_t epoch_ = 0;
  int64_t rows_of_epoch_ = 0;
  bool ended_ = false;
};

class BatchIterator : public Dataset::Iterator {
 public:
  // `files` is kept alive, as is what `order` goes through.
  BatchIterator(std::shared_ptr<const std::vector<std::string>> files, std::unique_ptr<RowOrder> order,
                const DatasetOptions& options, std::vector<Dataset::MapFunction> maps, int64_t take, uint64_t pass)
      : files_(std::move(files)),
        order_(std::move(order)),
        options_(options),
        maps_(std::move(maps)),
        take_(take),
        first_index_(static_cast<int64_t>(pass << 32)) {}

  absl::StatusOr<bool> Next(Batch* batch) override {
    if (take_ >= 0 && index_ >= take_) return false;
    RowOrder::Row row;
    ASSIGN_OR_RETURN(bool more, order_->Next(&row));
    if (!more) return false;
    const std::vector<FeatureSpec>& specs = row.store->specs();
    BatchBuilder builder(specs, options_.batch_size);
    places_.clear();
    while (more) {
      builder.Add(*row.store, row.index);
      places_.push_back(row.place);
      if (builder.num_rows() == options_.batch_size) break;
      ASSIGN_OR_RETURN(more, order_->Next(&row));
    }
    const int64_t n = builder.num_rows();
    if (n < options_.batch_size && options_.drop_final_batch) return false;
    std::vector<Tensor> tensors = builder.Finish();
    *batch = Batch();
    for (size_t f = 0; f < specs.size(); ++f) {
      const std::string& name = specs[f].name;
      if (name == options_.label_key) {
        batch->labels[""] = std::move(tensors[f]);
      } else if (name == options_.weight_key) {
        // One value per example is [batch], whatever its shape in the examples is.
        batch->weight = tensors[f].num_elements() == n ? Tensor(tensors[f].dtype(), {n}) : tensors[f];
        std::ranges::copy(tensors[f].bytes(), batch->weight.bytes().begin());
      } else if (std::count(options_.label_keys.begin(), options_.label_keys.end(), name) > 0) {
        batch->labels[name] = std::move(tensors[f]);
      } else {
        batch->features[name] = std::move(tensors[f]);
      }
    }
    for (const Dataset::MapFunction& map : maps_) RETURN_IF_ERROR(map(*batch, first_index_ + index_));
    ++index_;
    return true;
  }

  std::string Where(int64_t index) const override {
    if (index >= static_cast<int64_t>(places_.size())) return Iterator::Where(index);  // A Map function has made more.
    const Place& place = places_[index];
    return files_->empty() ? absl::StrCat("example ", place.record)
                           : absl::StrCat((*files_)[place.file], ", record ", place.record);
  }

 private:
  const std::shared_ptr<const std::vector<std::string>> files_;
  const std::unique_ptr<RowOrder> order_;
  const DatasetOptions options_;
  const std::vector<Dataset::MapFunction> maps_;
  const int64_t take_;
  const int64_t first_index_;
  int64_t index_ = 0;
  std::vector<Place> places_;  // Of the last batch.
};

// Decodes all files into one store each, on all cores; false if they do not fit.
absl::StatusOr<bool> Cache(const std::vector<std::string>& files, const std::vector<FeatureSpec>& specs, int64_t limit,
                           std::vector<RowStore>* stores) {
  std::atomic<int64_t> bytes = 0;
  std::atomic<bool> too_large = false;
  stores->assign(files.size(), RowStore(specs));
  RETURN_IF_ERROR(compute::ParallelFor(static_cast<int>(files.size()), [&](int i) -> absl::Status {
    const std::vector<std::string> file = {files[i]};
    ExampleStream stream(file);
    RowStore& store = (*stores)[i];
    while (!too_large) {
      ASSIGN_OR_RETURN(const bool more, stream.Next());
      if (!more) break;
      const int64_t before = store.bytes();
      RETURN_IF_ERROR(Annotate(store.Append(stream.batch(), stream.index()), stream.Where()));
      const int64_t added = store.bytes() - before;
      if (bytes.fetch_add(added) + added > limit) too_large = true;
    }
    return absl::OkStatus();
  }));
  if (too_large) stores->clear();
  return !too_large;
}

// Whether `shape` is `known` with numbers for what is not known.
bool Completes(const Shape& known, const Shape& shape) {
  return known.size() == shape.size() &&
         std::equal(known.begin(), known.end(), shape.begin(), [](int64_t k, int64_t s) { return k < 0 || k == s; });
}

absl::Status CheckPaddedShape(const std::vector<FeatureSpec>& specs, const std::string& name,
                              const PaddedShape& shape) {
  const auto spec = std::find_if(specs.begin(), specs.end(), [&](const auto& s) { return s.name == name; });
  const bool is_composite = spec != specs.end() && IsComposite(*spec);
  if (spec != specs.end() && absl::StartsWith(spec->value_key, data::kSequencePrefix)) {
    return absl::UnimplementedError(
        absl::StrCat("padded_shapes: \"", name,
                     "\" is a feature list of tf.SequenceExamples, which only Transform reads; make it dense in the "
                     "preprocessing_fn"));
  }
  if (is_composite && shape != spec->shape) {
    return absl::InvalidArgumentError(absl::StrCat("padded_shapes: \"", name, "\" is ", ShapeString(spec->shape),
                                                   ", which ", ShapeString(shape), " does not go with"));
  }
  if (shape == Shape{-1} && !is_composite) return absl::OkStatus();
  for (const int64_t length : shape) {
    if (length > 0) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "padded_shapes: the length of \"", name, "\" is ", length, "; wanted a number of values",
        is_composite || shape.size() != 1 ? " in each dimension" : ", or -1 for the longest of each batch"));
  }
  return absl::OkStatus();
}

}  // namespace

int64_t Batch::num_examples() const {
  for (const auto* tensors : {&features, &labels}) {
    for (const auto& [name, tensor] : *tensors) return tensor.shape().empty() ? 0 : tensor.shape()[0];
  }
  return 0;
}

Dataset Dataset::FromExamples(std::vector<std::string> files, std::vector<FeatureSpec> features,
                              DatasetOptions options) {
  Dataset dataset;
  dataset.source_ = std::make_shared<Source>();
  dataset.source_->files = std::move(files);
  for (FeatureSpec& spec : features) {
    if (const auto value = options.padding_values.find(spec.name); value != options.padding_values.end())
      spec.default_value = value->second;
    if (const auto padded = options.padded_shapes.find(spec.name); padded != options.padded_shapes.end()) {
      // MakeIterator tells what does not fit.
      if (!IsComposite(spec) || Completes(spec.shape, padded->second)) {
        spec.pad = true;
        spec.shape = padded->second;
      }
    } else if (std::count(spec.shape.begin(), spec.shape.end(), -1) > 0) {
      dataset.source_->left_out.push_back(spec);
      continue;
    }
    dataset.source_->specs.push_back(std::move(spec));
  }
  dataset.options_ = std::move(options);
  return dataset;
}

absl::StatusOr<Dataset> Dataset::FromTensors(std::map<std::string, Tensor> features, DatasetOptions options) {
  if (!options.padded_shapes.empty())
    return absl::InvalidArgumentError("padded_shapes is for Examples; tensors are dense already");
  Dataset dataset;
  dataset.source_ = std::make_shared<Source>();
  Source& source = *dataset.source_;
  for (const auto& [name, tensor] : features) {
    if (tensor.shape().empty())
      return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is a scalar, not examples"));
    source.specs.push_back({name, tensor.dtype(), Shape(tensor.shape().begin() + 1, tensor.shape().end()), {}});
  }
  source.stores.emplace_back(source.specs);
  RETURN_IF_ERROR(source.stores[0].AppendTensors(features));
  source.tried_to_cache = source.cached = true;
  dataset.options_ = std::move(options);
  return dataset;
}

Dataset Dataset::Repeat(int64_t count) const {
  Dataset copy = *this;
  copy.options_.num_epochs = count < 0 || options_.num_epochs < 0 ? -1 : options_.num_epochs * count;
  return copy;
}
Dataset Dataset::Shuffle(int64_t buffer_size, std::optional<uint64_t> seed) const {
  Dataset copy = *this;
  copy.options_.shuffle = true;
  copy.options_.shuffle_buffer_size = buffer_size;
  if (seed) copy.options_.shuffle_seed = seed;
  return copy;
}
Dataset Dataset::Map(MapFunction function) const {
  Dataset copy = *this;
  copy.maps_.push_back(std::move(function));
  return copy;
}
Dataset Dataset::Take(int64_t count) const {
  Dataset copy = *this;
  copy.take_ = count;
  return copy;
}

Dataset Dataset::Unshuffled() const {
  Dataset copy = *this;
  copy.options_.shuffle = false;
  return copy;
}

std::vector<std::string> Dataset::left_out() const {
  std::vector<std::string> names;
  if (source_ != nullptr) {
    for (const FeatureSpec& spec : source_->left_out) names.push_back(spec.name);
  }
  return names;
}

std::string Dataset::WhyEmpty() const {
  if (source_ == nullptr) return "an empty Dataset";
  if (take_ == 0) return "Take(0) leaves no batches";
  int64_t rows = 0;
  for (const RowStore& store : source_->stores) rows += store.num_rows();
  if (rows > 0) {
    return absl::StrCat("there are ", rows, " examples, less than one batch of ", options_.batch_size,
                        ", and drop_final_batch drops those");
  }
  return source_->files.empty()
             ? "there are no examples"
             : absl::StrCat(
                   "there are no", options_.drop_final_batch ? " full batches of" : "", " examples in ",
                   source_->files[0],
                   source_->files.size() > 1 ? absl::StrCat(" and ", source_->files.size() - 1, " more files") : "");
}

bool Dataset::infinite() const { return options_.num_epochs < 0 && take_ < 0; }

int64_t Dataset::cardinality() const {
  if (options_.num_epochs < 0) return take_;
  if (!source_->cached || options_.batch_size < 1) return -1;
  int64_t rows = 0;
  for (const RowStore& store : source_->stores) rows += store.num_rows();
  rows *= options_.num_epochs;
  int64_t batches = (rows + (options_.drop_final_batch ? 0 : options_.batch_size - 1)) / options_.batch_size;
  return take_ < 0 ? batches : std::min(batches, take_);
}

uint64_t Dataset::NextPass() const { return source_ == nullptr ? 0 : source_->next_pass++; }

void Dataset::SkipPasses(uint64_t pass) const {
  if (source_ != nullptr && source_->next_pass <= pass) source_->next_pass = pass + 1;
}

absl::StatusOr<std::unique_ptr<Dataset::Iterator>> Dataset::MakeIterator(std::optional<uint64_t> asked_pass) const {
  if (source_ == nullptr) return absl::FailedPreconditionError("an empty Dataset");
  if (options_.batch_size < 1) {
    return absl::InvalidArgumentError(absl::StrCat("batch_size must be positive, got ", options_.batch_size));
  }
  std::vector<std::string> wanted = options_.label_keys;
  if (!options_.label_key.empty()) wanted.push_back(options_.label_key);
  if (!options_.weight_key.empty()) wanted.push_back(options_.weight_key);
  const auto is_left_out = [&](const std::string& name) {
    return std::any_of(source_->left_out.begin(), source_->left_out.end(),
                       [&](const FeatureSpec& spec) { return spec.name == name; });
  };
  for (const auto& [name, value] : options_.padding_values) {
    wanted.push_back(name);
    if (!is_left_out(name)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("padding_values has \"", name, "\", padded_shapes has no length for it"));
  }
  for (const auto& [name, shape] : options_.padded_shapes) {
    wanted.push_back(name);
    RETURN_IF_ERROR(CheckPaddedShape(source_->specs, name, shape));
  }
  for (const std::string& name : wanted) {
    const auto& specs = source_->specs;
    const auto found =
        std::find_if(specs.begin(), specs.end(), [&](const FeatureSpec& spec) { return spec.name == name; });
    if (found != specs.end() && name == options_.weight_key && found->dtype == DataType::kString) {
      return absl::InvalidArgumentError(
          absl::StrCat("the weights (weight_key) must be numbers, \"", name, "\" is ", DataTypeName(found->dtype)));
    }
    if (is_left_out(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("feature \"", name,
                       "\" has a varying number of values; give it a length with padded_shapes, or "
                       "make it dense in the preprocessing_fn"));
    }
    if (found == specs.end()) {
      std::string known;
      for (const FeatureSpec& spec : specs) absl::StrAppend(&known, known.empty() ? "" : ", ", spec.name);
      return absl::InvalidArgumentError(absl::StrCat(
          "there is no feature \"", name,
          options_.padded_shapes.count(name) + options_.padding_values.count(name) > 0 ? "\" to be padded"
                                                                                       : "\" to be the label or weight",
          "; the features are: ", known));
    }
  }
  {
    std::lock_guard<std::mutex> lock(source_->mutex);
    if (!source_->tried_to_cache) {
      source_->tried_to_cache = true;
      ASSIGN_OR_RETURN(source_->cached, Cache(source_->files, source_->specs, options_.cache_bytes, &source_->stores));
    }
  }
  const uint64_t pass = asked_pass.has_value() ? *asked_pass : NextPass();
  const uint64_t seed = DeriveSeed(DeriveSeed(options_.shuffle_seed.value_or(RandomSeed()), "shuffle"), pass);
  std::unique_ptr<RowOrder> order;
  if (source_->cached) {
    order = std::make_unique<CachedOrder>(source_->stores, options_.shuffle, seed, options_.num_epochs);
  } else {
    order = std::make_unique<StreamedOrder>(
        source_->files, source_->specs, options_.shuffle ? options_.shuffle_buffer_size : 1, seed, options_.num_epochs);
  }
  return std::unique_ptr<Iterator>(
      new BatchIterator({source_, &source_->files}, std::move(order), options_, maps_, take_, pass));
}

}  // namespace tfxm::nn
