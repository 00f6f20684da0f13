// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/statistics_file.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/unknown_field_set.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/statistics/schema/feature_path.h"
#include "tfxm/statistics/schema/text_proto.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::FeatureNameStatistics;

// Other messages parse, too, as long as only field 1 is set: tf.Examples as datasets with a strange name.
bool LooksLikeStatistics(const DatasetFeatureStatisticsList& list) {
  if (!list.unknown_fields().empty() || list.datasets().empty()) return false;
  return std::all_of(list.datasets().begin(), list.datasets().end(), [](const DatasetFeatureStatistics& dataset) {
    if (!dataset.unknown_fields().empty()) return false;
    return dataset.name().empty() || dataset.num_examples() > 0 || dataset.features_size() > 0;
  });
}

// What is plainly something else is not parsed: protobuf would complain of strings that are none. A dataset has more than
// field 1, which is its name; that of a tf.Example would be all its features.
bool MayBeStatistics(absl::string_view bytes) {
  google::protobuf::UnknownFieldSet fields, dataset;
  if (!fields.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  for (int i = 0; i < fields.field_count(); ++i) {
    const google::protobuf::UnknownField& field = fields.field(i);
    if (field.number() != 1 || field.type() != google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) return false;
    if (!dataset.ParseFromString(field.length_delimited())) return false;
    bool only_a_name = dataset.field_count() > 0;
    for (int k = 0; k < dataset.field_count(); ++k) only_a_name = only_a_name && dataset.field(k).number() == 1;
    if (only_a_name) return false;
  }
  return true;
}

bool ParseBinary(absl::string_view bytes, DatasetFeatureStatisticsList* list) {
  return MayBeStatistics(bytes) && list->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
         LooksLikeStatistics(*list);
}

// The lists in the records of a TFRecord file; none if it is not one, or has other records.
std::vector<DatasetFeatureStatisticsList> ReadRecords(const std::string& path, bool first_only) {
  std::vector<DatasetFeatureStatisticsList> lists;
  auto reader = data::TFRecordReader::Open(path);
  if (!reader.ok()) return {};
  absl::string_view record;
  while (true) {
    const absl::StatusOr<bool> more = (*reader)->Next(&record);
    if (!more.ok()) return {};
    if (!*more || (first_only && !lists.empty())) return lists;
    DatasetFeatureStatisticsList& list = lists.emplace_back();
    if (!ParseBinary(record, &list)) return {};
    // A tf.Example without features would be a dataset without anything.
    if (list.datasets(0).num_examples() == 0 && list.datasets(0).features().empty()) return {};
  }
}

// A file with data may be large: what it begins with decides.
constexpr size_t kMostBytes = size_t{1} << 31;

absl::StatusOr<std::vector<DatasetFeatureStatisticsList>> ReadLists(const std::string& path) {
  if (auto lists = ReadRecords(path, /*first_only=*/false); !lists.empty()) return lists;
  ASSIGN_OR_RETURN(const std::string bytes, io::ReadFile(path));
  DatasetFeatureStatisticsList list;
  if (bytes.size() < kMostBytes && ParseBinary(bytes, &list)) return std::vector{std::move(list)};
  const absl::Status as_text = io::ParseTextProto(bytes, &list);
  if (as_text.ok() && LooksLikeStatistics(list)) return std::vector{std::move(list)};
  // An empty file is the statistics of nothing; so it is read as binary.
  if (bytes.empty()) return std::vector{DatasetFeatureStatisticsList()};
  return absl::InvalidArgumentError(
      absl::StrCat(path,
                   " is not a file of statistics: neither a DatasetFeatureStatisticsList (binary or text) nor "
                   "TFRecords of them"));
}

absl::Status MergeDataset(const DatasetFeatureStatistics& from, DatasetFeatureStatistics* to) {
  if (from.num_examples() != to->num_examples()) {
    return absl::InvalidArgumentError(absl::StrCat("dataset \"", to->name(), "\" is of ", to->num_examples(),
                                                   " examples in one part and of ", from.num_examples(),
                                                   " in another; parts of statistics are of the same examples"));
  }
  std::set<FeaturePath> paths;
  for (const FeatureNameStatistics& feature : to->features()) paths.insert(PathOf(feature));
  for (const FeatureNameStatistics& feature : from.features()) {
    if (!paths.insert(PathOf(feature)).second) {
      return absl::InvalidArgumentError(absl::StrCat("feature ", SerializePath(PathOf(feature)), " of dataset \"",
                                                     to->name(), "\" is in two parts of the statistics"));
    }
    *to->add_features() = feature;
  }
  to->mutable_cross_features()->MergeFrom(from.cross_features());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DatasetFeatureStatisticsList> MergeStatistics(const std::vector<DatasetFeatureStatisticsList>& parts) {
  DatasetFeatureStatisticsList merged;
  std::map<std::string, int> by_name;
  for (const DatasetFeatureStatisticsList& part : parts) {
    for (const DatasetFeatureStatistics& dataset : part.datasets()) {
      const auto [it, is_new] = by_name.emplace(dataset.name(), merged.datasets_size());
      if (is_new) {
        *merged.add_datasets() = dataset;
      } else {
        RETURN_IF_ERROR(MergeDataset(dataset, merged.mutable_datasets(it->second)));
      }
    }
  }
  return merged;
}

absl::StatusOr<DatasetFeatureStatisticsList> ReadStatistics(const std::vector<std::string>& files) {
  std::vector<DatasetFeatureStatisticsList> parts;
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(std::vector<DatasetFeatureStatisticsList> lists, ReadLists(file));
    for (DatasetFeatureStatisticsList& list : lists) parts.push_back(std::move(list));
  }
  if (parts.size() == 1) return std::move(parts[0]);
  return MergeStatistics(parts);
}

absl::Status WriteStatistics(absl::string_view path, const DatasetFeatureStatisticsList& statistics) {
  if (absl::EndsWith(path, ".pbtxt")) return io::WriteFile(path, PrintAsPython(statistics));
  if (!absl::EndsWith(path, ".tfrecord") && !absl::EndsWith(path, ".tfrecord.gz")) {
    return io::WriteBinaryProto(path, statistics);
  }
  ASSIGN_OR_RETURN(const auto writer, data::TFRecordWriter::Create(path));
  RETURN_IF_ERROR(writer->Write(io::SerializeDeterministically(statistics)));
  return writer->Close();
}

bool IsStatisticsFile(const std::string& path) {
  if (!ReadRecords(path, /*first_only=*/true).empty()) return true;
  const auto reader = data::TFRecordReader::Open(path);
  absl::string_view record;
  if (reader.ok() && (*reader)->Next(&record).ok()) return false;  // TFRecords of something else.
  return ReadLists(path).ok();
}

}  // namespace tfxm::statistics
