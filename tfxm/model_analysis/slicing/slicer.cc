// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/slicing/slicer.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/slicing/sql_slicer.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// A text that is different for different keys. 2 and 2.0 are the same value, as in Python; the slice is called by what
// came first.
std::string Encode(const SliceKey& key) {
  std::string text;
  for (const auto& [column, value] : key) {
    absl::StrAppend(&text, column.size(), ":", column);
    if (const int64_t* x = std::get_if<int64_t>(&value)) absl::StrAppend(&text, "i", *x, ";");
    if (const double* x = std::get_if<double>(&value)) {
      if (*x == std::floor(*x) && std::abs(*x) < 0x1p53) {
        absl::StrAppend(&text, "i", static_cast<int64_t>(*x), ";");
      } else {
        absl::StrAppend(&text, "d", std::bit_cast<uint64_t>(*x), ";");
      }
    }
    if (const std::string* x = std::get_if<std::string>(&value)) absl::StrAppend(&text, "s", x->size(), ":", *x);
  }
  return text;
}

// A NaN, which as a number equals nothing, not even itself, and so could not be a slice.
constexpr absl::string_view kNan = "nan";

bool IsUtf8(absl::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const unsigned char c = text[i];
    const int more = c < 0x80                ? 0
                     : c >= 0xc2 && c < 0xe0 ? 1
                     : c >= 0xe0 && c < 0xf0 ? 2
                     : c >= 0xf0 && c < 0xf5 ? 3
                                             : -1;
    if (more < 0 || i + more >= text.size()) return false;
    for (int j = 1; j <= more; ++j) {
      if ((text[i + j] & 0xc0) != 0x80) return false;
    }
    if (c == 0xe0 && static_cast<unsigned char>(text[i + 1]) < 0xa0) return false;
    if (c == 0xed && static_cast<unsigned char>(text[i + 1]) >= 0xa0) return false;
    if (c == 0xf0 && static_cast<unsigned char>(text[i + 1]) < 0x90) return false;
    if (c == 0xf4 && static_cast<unsigned char>(text[i + 1]) >= 0x90) return false;
    i += more + 1;
  }
  return true;
}

// Whether a value of the column, as Python would compare it, equals the wanted one.
bool HasValue(const data::Column& column, int row, const SliceValue& wanted) {
  for (int k = 0; k < column.num_values(row); ++k) {
    if (column.type() == data::ValueType::kBytes) {
      const std::string* text = std::get_if<std::string>(&wanted);
      if (text != nullptr && column.bytes(row, k) == *text) return true;
    } else {
      const double value = column.number(row, k);
      if (const int64_t* x = std::get_if<int64_t>(&wanted); x != nullptr && value == static_cast<double>(*x))
        return true;
      if (const double* x = std::get_if<double>(&wanted); x != nullptr && value == *x) return true;
      if (const std::string* x = std::get_if<std::string>(&wanted); x != nullptr && *x == kNan && std::isnan(value))
        return true;
    }
  }
  return false;
}

absl::StatusOr<SliceValue> ValueAt(const data::Column& column, int row, int k) {
  switch (column.type()) {
    case data::ValueType::kInt: return SliceValue(column.ints(row)[k]);
    case data::ValueType::kFloat: {
      const auto value = static_cast<double>(column.floats(row)[k]);
      return std::isnan(value) ? SliceValue(std::string(kNan)) : SliceValue(value);
    }
    default: {
      const absl::string_view text = column.bytes(row, k);
      if (!IsUtf8(text)) {
        return absl::InvalidArgumentError(absl::StrCat("feature \"", column.name(),
                                                       "\" is a slicing key but has a value of ", text.size(),
                                                       " bytes that are not UTF-8 text; slice by another feature"));
      }
      return SliceValue(std::string(text));
    }
  }
}

}  // namespace

Slicer::Slicer() = default;
Slicer::~Slicer() = default;
Slicer::Slicer(Slicer&&) noexcept = default;

absl::StatusOr<Slicer> Slicer::Create(const ::tensorflow_model_analysis::EvalConfig& eval_config) {
  Slicer slicer;
  std::vector<std::string> statements;
  std::vector<SliceSpec> specs;
  for (const auto& proto : eval_config.slicing_specs()) {
    // A spec with SQL has no keys, hence names the overall slice too.
    ASSIGN_OR_RETURN(SliceSpec spec, SliceSpec::FromProto(proto));
    specs.push_back(std::move(spec));
    if (!proto.slice_keys_sql().empty()) statements.push_back(proto.slice_keys_sql());
  }
  for (const auto& proto : eval_config.cross_slicing_specs()) {
    ASSIGN_OR_RETURN(CrossSliceSpec spec, CrossSliceSpec::FromProto(proto));
    specs.push_back(std::move(spec.baseline));
    for (SliceSpec& comparison : spec.comparisons) specs.push_back(std::move(comparison));
  }
  if (specs.empty()) specs.emplace_back();
  std::vector<SliceSpec> unique;
  for (SliceSpec& spec : specs) {
    if (std::find(unique.begin(), unique.end(), spec) == unique.end()) unique.push_back(std::move(spec));
  }
  for (SliceSpec& spec : unique) {
    Spec& added = slicer.specs_.emplace_back();
    for (const std::string& column : spec.columns) added.parts.emplace_back(column, std::nullopt);
    for (const auto& [column, value] : spec.features) added.parts.emplace_back(column, value);
    std::sort(added.parts.begin(), added.parts.end());
    added.seen.resize(added.parts.size());
    added.spec = std::move(spec);
  }
  slicer.num_owned_.resize(slicer.specs_.size() + 1);
  slicer.dropped_.resize(slicer.specs_.size() + 1);
  if (!statements.empty()) {
    slicer.sql_ = std::make_unique<SqlSlicer>();
    for (const std::string& statement : statements) RETURN_IF_ERROR(slicer.sql_->AddStatement(statement));
  }
  return slicer;
}

std::string Slicer::SpecName(int spec) const {
  if (spec == num_specs()) return "slice_keys_sql";
  std::string name;
  for (const auto& [column, value] : specs_[spec].parts) absl::StrAppend(&name, name.empty() ? "" : ", ", column);
  return name;
}

void Slicer::AddRow(int slice, int spec, int row) {
  // The owner is the spec that leaves the fewest features open: it is the last to be dropped.
  if (spec != owners_[slice] && spec < num_specs() &&
      (owners_[slice] == num_specs() ||
       specs_[spec].spec.columns.size() < specs_[owners_[slice]].spec.columns.size())) {
    --num_owned_[owners_[slice]];
    ++num_owned_[spec];
    owners_[slice] = spec;
  }
  std::vector<int32_t>& rows = rows_[slice];
  if (rows.empty()) {
    touched_.push_back(slice);
  } else if (rows.back() == row) {
    return;  // By another spec, or the same value twice.
  }
  rows.push_back(row);
}

void Slicer::AddRow(const SliceKey& key, int spec, int row) {
  const auto [it, added] = by_text_.try_emplace(Encode(key), static_cast<int>(keys_.size()));
  if (added) {
    keys_.push_back(key);
    rows_.emplace_back();
    owners_.push_back(spec);
    if (++num_owned_[spec] > kMaxSlicesPerSpec) dropped_[spec] = true;
  }
  AddRow(it->second, spec, row);
}

absl::Status Slicer::GenerateProduct(int spec_index, const std::vector<const data::Column*>& columns, int row) {
  const Spec& spec = specs_[spec_index];
  const int n = static_cast<int>(spec.parts.size());
  std::vector<int> counts(n, 1), position(n, 0);
  for (int i = 0; i < n; ++i) {
    const data::Column* column = columns[i];
    if (column == nullptr || !column->present(row)) return absl::OkStatus();
    if (spec.parts[i].second) {
      if (!HasValue(*column, row, *spec.parts[i].second)) return absl::OkStatus();
    } else {
      counts[i] = column->num_values(row);
      if (counts[i] == 0) return absl::OkStatus();
    }
  }
  while (true) {
    SliceKey key;
    for (int i = 0; i < n; ++i) {
      if (spec.parts[i].second) {
        key.emplace_back(spec.parts[i].first, *spec.parts[i].second);
      } else {
        ASSIGN_OR_RETURN(SliceValue value, ValueAt(*columns[i], row, position[i]));
        key.emplace_back(spec.parts[i].first, std::move(value));
      }
    }
    AddRow(key, spec_index, row);
    int i = n - 1;
    while (i >= 0 && ++position[i] == counts[i]) position[i--] = 0;
    if (i < 0) return absl::OkStatus();
  }
}

absl::Status Slicer::Slice(const data::ExampleBatch& batch) {
  for (int slice : touched_) rows_[slice].clear();
  touched_.clear();
  std::vector<std::vector<const data::Column*>> columns;
  for (Spec& spec : specs_) {
    auto& of_spec = columns.emplace_back();
    for (size_t i = 0; i < spec.parts.size(); ++i) {
      of_spec.push_back(batch.Find(spec.parts[i].first));
      if (of_spec.back() != nullptr) spec.seen[i] = true;
    }
  }
  std::vector<SliceKey> sql_keys;
  for (int row = 0; row < batch.num_examples(); ++row) {
    for (int s = 0; s < num_specs(); ++s) {
      if (dropped_[s]) continue;
      Spec& spec = specs_[s];
      const data::Column* column = spec.parts.size() == 1 ? columns[s][0] : nullptr;
      if (column != nullptr && !spec.parts[0].second && column->type() == data::ValueType::kInt) {
        for (int64_t value : column->ints(row)) {
          if (const auto it = spec.by_int.find(value); it != spec.by_int.end()) {
            AddRow(it->second, s, row);
          } else {
            AddRow(SliceKey{{spec.parts[0].first, value}}, s, row);
            spec.by_int[value] = by_text_.at(Encode({{spec.parts[0].first, value}}));
          }
        }
      } else if (column != nullptr && !spec.parts[0].second && column->type() == data::ValueType::kBytes) {
        for (int k = 0; k < column->num_values(row); ++k) {
          const absl::string_view value = column->bytes(row, k);
          if (const auto it = spec.by_bytes.find(value); it != spec.by_bytes.end()) {
            AddRow(it->second, s, row);
          } else {
            ASSIGN_OR_RETURN(SliceValue checked, ValueAt(*column, row, k));
            const SliceKey key = {{spec.parts[0].first, std::move(checked)}};
            AddRow(key, s, row);
            spec.by_bytes[std::string(value)] = by_text_.at(Encode(key));
          }
        }
      } else {
        RETURN_IF_ERROR(GenerateProduct(s, columns[s], row));
      }
    }
    if (sql_ != nullptr && !dropped_[num_specs()]) {
      sql_keys.clear();
      RETURN_IF_ERROR(sql_->Slice(batch, row, &sql_keys));
      for (const SliceKey& key : sql_keys) AddRow(key, num_specs(), row);
    }
  }
  return absl::OkStatus();
}

std::vector<std::string> Slicer::FeaturesNotSeen() const {
  std::vector<std::string> names;
  for (const Spec& spec : specs_) {
    for (size_t i = 0; i < spec.parts.size(); ++i) {
      if (!spec.seen[i]) names.push_back(spec.parts[i].first);
    }
  }
  return names;
}

}  // namespace tfxm::model_analysis
