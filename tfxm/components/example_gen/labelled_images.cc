// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/example_gen/labelled_images.h"

#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/tables/tables.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

// The classes of a CSV file with the columns "file", a path below input_base, and "label".
absl::StatusOr<std::map<std::string, std::string>> ReadLabels(const std::string& file, const std::string& input_base) {
  ASSIGN_OR_RETURN(
      const std::unique_ptr<data::ExampleSource> source,
      tables::OpenCsv({file}, {.types = {{"file", data::ValueType::kBytes}, {"label", data::ValueType::kBytes}}}));
  std::map<std::string, std::string> labels;
  while (true) {
    ASSIGN_OR_RETURN(const std::unique_ptr<data::ExampleBlock> block, source->Next());
    if (block == nullptr) return labels;
    for (int i = 0; i < block->size(); ++i) {
      std::string record;
      data::ExampleBatch row;
      RETURN_IF_ERROR(Annotate(block->Encode(i, &record), block->Origin(i)));
      RETURN_IF_ERROR(Annotate(row.Append(record), block->Origin(i)));
      const data::Column *const path = row.Find("file"), *const label = row.Find("label");
      if (path == nullptr || label == nullptr) {
        return absl::InvalidArgumentError(
            absl::StrCat(file, ": a file of labels has the columns file (a path below input_base) and label"));
      }
      if (path->num_values(0) == 0 || label->num_values(0) == 0) {
        return absl::InvalidArgumentError(absl::StrCat(block->Origin(i), ": without a file or a label"));
      }
      const std::string full = io::AbsolutePath(io::JoinPath(input_base, path->bytes(0, 0)));
      // By its name: a link in the folder is its owner's, wherever it leads.
      if (!absl::StartsWith(full, absl::StrCat(io::AbsolutePath(input_base), "/"))) {
        return absl::InvalidArgumentError(
            absl::StrCat(block->Origin(i), ": ", path->bytes(0, 0), " is not a path below ", input_base));
      }
      const auto [known, is_new] = labels.emplace(full, label->bytes(0, 0));
      if (!is_new && known->second != label->bytes(0, 0)) {
        return absl::InvalidArgumentError(absl::StrCat(block->Origin(i), ": ", path->bytes(0, 0), " is \"",
                                                       label->bytes(0, 0), "\" here and \"", known->second,
                                                       "\" before"));
      }
    }
  }
}

std::string ClassOf(const std::string& path) { return io::Basename(io::Dirname(path)); }

}  // namespace

absl::StatusOr<LabelledImages> LabelImages(const std::vector<std::string>& files, const std::vector<std::string>& all,
                                           const std::string& input_base, const std::string& labels_file) {
  std::map<std::string, std::string> labels;
  std::set<std::string> classes;
  if (!labels_file.empty()) {
    ASSIGN_OR_RETURN(labels, ReadLabels(labels_file, input_base));
    for (const auto& [path, label] : labels) classes.insert(label);
  } else {
    for (const std::string& path : all) classes.insert(ClassOf(path));
  }
  LabelledImages images;
  images.classes.assign(classes.begin(), classes.end());
  if (files.empty()) {
    for (const auto& [path, label] : labels) images.files.push_back({path, label});
  }
  for (const std::string& path : files) {
    if (labels_file.empty()) {
      images.files.push_back({path, ClassOf(path)});
    } else if (const auto label = labels.find(io::AbsolutePath(path)); label != labels.end()) {
      images.files.push_back({path, label->second});
    } else if (!io::IsSameFile(path, labels_file)) {
      return absl::InvalidArgumentError(absl::StrCat(path, " has no label in ", labels_file));
    }
  }
  return images;
}

}  // namespace tfxm
