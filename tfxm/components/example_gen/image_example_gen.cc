// SPDX-License-Identifier: Apache-2.0

// ImageExampleGen: PNG and JPEG files, whose folders are their classes, or which a CSV file labels -> the Examples
// artifact, split by hash.
#include <memory>
#include <utility>

#include "tfxm/components/example_gen/base_example_gen.h"
#include "tfxm/components/example_gen/image_source.h"
#include "tfxm/components/example_gen/labelled_images.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr char kImageExecutor[] = "tfxm.components.example_gen.image_example_gen.executor.Executor";
constexpr char kLabelsFile[] = "labels_file", kInputBase[] = "input_base";

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
    ASSIGN_OR_RETURN(const std::vector<std::string> all, FileBasedDriver().InputFilesOf(exec_properties));
    ASSIGN_OR_RETURN(LabelledImages images, LabelImages(files, all, StringPropertyOr(exec_properties, kInputBase, ""),
                                                        StringPropertyOr(exec_properties, kLabelsFile, "")));
    return OpenImages(std::move(images.files), std::move(images.classes));
  }
};

TFXM_REGISTER(ExecutorRegistry, kImageExecutor, [] { return std::make_unique<ImageExampleGen>(); });
TFXM_REGISTER(DriverRegistry, kImageExecutor, [] { return std::make_unique<ImageDriver>(); });

}  // namespace
}  // namespace tfxm
