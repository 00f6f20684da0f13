// SPDX-License-Identifier: Apache-2.0

// Which class each picture of a folder is: that of its folder, or what a CSV file says.
//
//   ASSIGN_OR_RETURN(LabelledImages images, LabelImages(files, files, "flowers", /*labels_file=*/""));
//   std::unique_ptr<data::ExampleSource> source = OpenImages(images.files, images.classes);  // image_source.h
#ifndef TFXM_COMPONENTS_EXAMPLE_GEN_LABELLED_IMAGES_H_
#define TFXM_COMPONENTS_EXAMPLE_GEN_LABELLED_IMAGES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/components/example_gen/image_source.h"

namespace tfxm {

struct LabelledImages {
  std::vector<ImageFile> files;
  std::vector<std::string> classes;  // Sorted; a class's number is its place.
};

// Labels `files`. Without a labels_file a picture's class is the name of its folder, and the classes are those of `all`
// files, of which `files` are some. A labels_file is a CSV file with the columns "file", a path below input_base, and
// "label"; it need not be left out of `files`, and if there are no `files`, those that it labels are taken.
// INVALID_ARGUMENT names a file without a label, or with two.
absl::StatusOr<LabelledImages> LabelImages(const std::vector<std::string>& files, const std::vector<std::string>& all,
                                           const std::string& input_base, const std::string& labels_file);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_EXAMPLE_GEN_LABELLED_IMAGES_H_
