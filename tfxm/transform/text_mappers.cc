// SPDX-License-Identifier: Apache-2.0

// Mappers of words.
#include "absl/strings/str_cat.h"
#include "tfxm/ops/ops.h"
#include "tfxm/transform/internal/mapping.h"
#include "tfxm/transform/mappers.h"

namespace tfxm::transform {
namespace {

using internal::Invalid;
using internal::NameOr;

ops::Tensor Range(const ops::Tensor& size) {
  ops::Graph& graph = *size.graph();
  return ops::Op("Range", {ops::Constant(graph, int64_t{0}), size, ops::Constant(graph, int64_t{1})});
}
ops::Tensor Size(const ops::Tensor& x) { return ops::Op("Size", {x}, {{"out_type", DataType::kInt64}}); }
ops::Tensor Column(const ops::Tensor& matrix, int column) {
  return ops::Squeeze(ops::Slice(matrix, {0, column}, {-1, 1}), {1});
}

// Values row by row: the row of each, ascending, and how many there are in each row.
struct Rows {
  ops::Tensor values, row, lengths;

  Rows(const ops::Tensor& of, const ops::Tensor& rows, const ops::Tensor& num_rows)
      : values(of), row(rows), lengths(ops::Op("UnsortedSegmentSum", {ops::OnesLike(rows), rows, num_rows})) {}
  explicit Rows(const ops::SparseTensor& sparse)
      : Rows(sparse.values, Column(sparse.indices, 0), ops::Squeeze(ops::Slice(sparse.dense_shape, {0}, {1}))) {}

  // The place of each value in its row.
  ops::Tensor Places() const {
    const ops::Tensor starts =
        ops::Op("Cumsum", {lengths, ops::Constant(*row.graph(), int32_t{0})}, {{"exclusive", true}});
    return Range(Size(row)) - ops::Gather(starts, row);
  }
  ops::SparseTensor ToSparse() const {
    const ops::Tensor longest = ops::ReduceMax(
        ops::Concat({lengths, ops::Constant(*row.graph(), std::vector<int64_t>{0})}, 0), {0}, /*keep_dims=*/true);
    return {ops::Stack({row, Places()}, 1), values,
            ops::Concat({ops::Op("Shape", {lengths}, {{"out_type", DataType::kInt64}}), longest}, 0)};
  }
};

ops::Tensor AsText(const ops::Tensor& x) { return x.dtype() == DataType::kString ? x : ops::AsString(x); }

ops::Tensor RowsOf(const ops::SparseTensor& sparse) { return ops::Squeeze(ops::Slice(sparse.dense_shape, {0}, {1})); }

FeatureTensor Unique(const ops::SparseTensor& sparse) {
  const Rows rows(sparse);
  const ops::Tensor keys = ops::StringJoin({ops::AsString(rows.row), AsText(rows.values)}, ":");
  const ops::Node unique = ops::Op("Unique", {keys}, {{"out_idx", DataType::kInt64}});
  const ops::Tensor first = ops::Op("UnsortedSegmentMin", {Range(Size(keys)), unique[1], Size(unique[0])});
  return Rows(ops::Gather(rows.values, first), ops::Gather(rows.row, first), RowsOf(sparse)).ToSparse();
}

// An error for a tensor that is not sparse.
bool IsSparse(const FeatureTensor& x, absl::string_view function) {
  if (x.is_sparse()) return true;
  Invalid(x, absl::InvalidArgumentError(absl::StrCat(
                 "tft::", function, " takes a sparse tensor, as ops::StringSplit makes it; \"", x.values().name(),
                 "\" is ", x.is_ragged() ? "ragged: use ops::RaggedToSparse" : "dense")));
  return false;
}
FeatureTensor Nothing(const FeatureTensor& x) { return ops::Tensor(x.values().graph(), -1, 0); }

}  // namespace

FeatureTensor ngrams(const FeatureTensor& tokens, std::pair<int, int> ngram_range, absl::string_view separator,
                     absl::string_view name) {
  if (!tokens.values().valid()) return tokens;
  if (!IsSparse(tokens, "ngrams")) return Nothing(tokens);
  const auto [low, high] = ngram_range;
  if (low < 1 || high < low) {
    return Invalid(tokens, absl::InvalidArgumentError(absl::StrCat("tft::ngrams: the ngram_range (", low, ", ", high,
                                                                   ") must be positive and ascending")));
  }
  ops::Graph& graph = *tokens.values().graph();
  const ops::NameScope scope(graph, NameOr(name, "ngrams"));
  const Rows rows(tokens.sparse());
  const ops::Tensor left = ops::Gather(rows.lengths, rows.row) - rows.Places();  // From here to the row's end.
  const ops::Tensor count = Size(rows.values), position = Range(count);
  const ops::Tensor last = ops::Maximum(count - 1.0, ops::Constant(graph, int64_t{0}));
  std::vector<ops::Tensor> grams, are_there;
  ops::Tensor text = rows.values;
  for (int n = 1; n <= high; ++n) {
    if (n > 1) {
      const ops::Tensor next = ops::Gather(rows.values, ops::Minimum(position + (n - 1.0), last));
      text = ops::StringJoin({text, next}, separator);
    }
    if (n < low) continue;
    grams.push_back(text);
    are_there.push_back(ops::GreaterEqual(left, static_cast<double>(n)));
  }
  const ops::Tensor kept = ops::Op("Where", {ops::Stack(are_there, 1)});
  const ops::Tensor values = ops::Op("GatherNd", {ops::Stack(grams, 1), kept});
  return Rows(values, ops::Gather(rows.row, Column(kept, 0)), RowsOf(tokens.sparse())).ToSparse();
}

FeatureTensor bag_of_words(const FeatureTensor& tokens, std::pair<int, int> ngram_range, absl::string_view separator,
                           absl::string_view name) {
  if (!tokens.values().valid()) return tokens;
  const ops::NameScope scope(*tokens.values().graph(), NameOr(name, "bag_of_words"));
  const FeatureTensor all = ngrams(tokens, ngram_range, separator);
  return all.is_sparse() ? Unique(all.sparse()) : all;
}

FeatureTensor deduplicate_tensor_per_row(const FeatureTensor& x, absl::string_view name) {
  if (!x.values().valid()) return x;
  if (!IsSparse(x, "deduplicate_tensor_per_row")) return Nothing(x);
  const ops::NameScope scope(*x.values().graph(), NameOr(name, "deduplicate_per_row"));
  return Unique(x.sparse());
}

ops::Tensor word_count(const FeatureTensor& tokens, absl::string_view name) {
  if (!tokens.values().valid()) return tokens;
  if (!IsSparse(tokens, "word_count")) return Nothing(tokens);
  const ops::NameScope scope(*tokens.values().graph(), NameOr(name, "word_count"));
  return ops::Op("EnsureShape", {Rows(tokens.sparse()).lengths}, {{"shape", Shape{-1}}});
}

Tfidf tfidf(const FeatureTensor& x, int64_t vocab_size, bool smooth, absl::string_view name) {
  if (!x.values().valid()) return {x, x};
  if (!IsSparse(x, "tfidf")) return {Nothing(x), Nothing(x)};
  if (vocab_size < 1) {
    const FeatureTensor nothing = Invalid(
        x, absl::InvalidArgumentError(absl::StrCat("tft::tfidf: vocab_size is ", vocab_size, ", must be >= 1")));
    return {nothing, nothing};
  }
  ops::Graph& graph = *x.values().graph();
  const ops::NameScope scope(graph, NameOr(name, "tfidf"));
  const ops::Tensor size = ops::Constant(graph, vocab_size), rows = Column(x.sparse().indices, 0);
  const ops::Tensor num_rows = RowsOf(x.sparse());
  // A number for each pair of an example and a word, in their order.
  const ops::Tensor pairs = rows * size + ops::FloorMod(x.values(), size);
  const ops::Tensor sorted = ops::Neg(ops::Tensor(ops::Op("TopKV2", {ops::Neg(pairs), ops::SizeOf(pairs)})));
  const ops::Node unique = ops::Op("UniqueWithCounts", {sorted}, {{"out_idx", DataType::kInt64}});
  const ops::Tensor row = ops::FloorDiv(unique[0], size), word = ops::FloorMod(unique[0], size);
  const ops::Tensor lengths = ops::Op("UnsortedSegmentSum", {ops::OnesLike(rows), rows, num_rows});
  const ops::Tensor frequency = ops::Cast(
      ops::Div(ops::Cast(unique[2], DataType::kDouble), ops::Cast(ops::Gather(lengths, row), DataType::kDouble)),
      DataType::kFloat);
  const ops::Tensor of_batch = ops::Op("UnsortedSegmentSum", {ops::OnesLike(word), word, size});
  const ops::Tensor documents = sum(ops::Reshape(of_batch, {1, vocab_size}), /*reduce_instance_dims=*/false);
  const ops::Tensor examples = sum(FeatureTensor(ops::Slice(x.sparse().dense_shape, {0}, {1})));
  const double more = smooth ? 1 : 0;
  const ops::Tensor idf =
      ops::Log(ops::Div(ops::Cast(examples, DataType::kFloat) + more, ops::Cast(documents, DataType::kFloat) + more)) +
      1.0;
  return {Rows(word, row, num_rows).ToSparse(), Rows(frequency * ops::Gather(idf, word), row, num_rows).ToSparse()};
}

}  // namespace tfxm::transform
