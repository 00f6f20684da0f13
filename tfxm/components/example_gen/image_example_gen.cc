// SPDX-License-Identifier: Apache-2.0

// ImageExampleGen: PNG and JPEG files, whose folders are their classes, or which a CSV file labels -> the Examples
// artifact, split by hash.
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/components/example_gen/base_example_gen.h"
#include "tfxm/components/example_gen/image_source.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/tables/tables.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr char kName[] = "tfxm.components.example_gen.image_example_gen.executor.Executor";
constexpr char kLabelsFile[] = "labels_file", kInputBase[] = "input_base";

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
      const auto [known, is_new] = labels.emplace(full, label->bytes(0, 0));
      if (!is_new && known->second != label->bytes(0, 0)) {
        return absl::InvalidArgumentError(absl::StrCat(block->Origin(i), ": ", path->bytes(0, 0), " is \"",
                                                       label->bytes(0, 0), "\" here and \"", known->second,
                                                       "\" before"));
      }
    }
  }
}

class ImageDriver : public FileBasedDriver {
 public:
  absl::StatusOr<std::vector<std::string>> InputFilesOf(const Properties& exec_properties) override {
    ASSIGN_OR_RETURN(std::vector<std::string> files, FileBasedDriver::InputFilesOf(exec_properties));
    if (const std::string file = StringPropertyOr(exec_properties, kLabelsFile, ""); !file.empty())
      files.push_back(file);
    return files;
  }
};

class ImageExampleGen : public BaseExampleGen {
 protected:
  std::string Wanted() const override { return "folders of PNG and JPEG files, each called as its class"; }

  // The numbers of the labels are those of all splits together.
  absl::StatusOr<std::unique_ptr<data::ExampleSource>> Open(const std::vector<std::string>& files,
                                                            const Properties& exec_properties) override {
    const std::string labels_file = StringPropertyOr(exec_properties, kLabelsFile, "");
    std::map<std::string, std::string> labels;
    std::set<std::string> classes;
    if (!labels_file.empty()) {
      ASSIGN_OR_RETURN(labels, ReadLabels(labels_file, StringPropertyOr(exec_properties, kInputBase, "")));
      for (const auto& [path, label] : labels) classes.insert(label);
    } else {
      ASSIGN_OR_RETURN(const std::vector<std::string> all, FileBasedDriver().InputFilesOf(exec_properties));
      for (const std::string& path : all) classes.insert(ClassOf(path));
    }
    std::vector<ImageFile> images;
    for (const std::string& path : files) {
      if (labels_file.empty()) {
        images.push_back({path, ClassOf(path)});
      } else if (const auto label = labels.find(io::AbsolutePath(path)); label != labels.end()) {
        images.push_back({path, label->second});
      } else if (!io::IsSameFile(path, labels_file)) {
        return absl::InvalidArgumentError(absl::StrCat(path, " has no label in ", labels_file));
      }
    }
    return OpenImages(std::move(images), {classes.begin(), classes.end()});
  }

 private:
  static std::string ClassOf(const std::string& path) { return io::Basename(io::Dirname(path)); }
};

TFXM_REGISTER(ExecutorRegistry, kName, [] { return std::make_unique<ImageExampleGen>(); });
TFXM_REGISTER(DriverRegistry, kName, [] { return std::make_unique<ImageDriver>(); });

}  // namespace
}  // namespace tfxm
