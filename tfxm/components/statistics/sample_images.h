// SPDX-License-Identifier: Apache-2.0

// A few of the images that examples hold, for the page of statistics, which have none.
//
//   ASSIGN_OR_RETURN(dataset.images, SampleImages(files, &schema));
#ifndef TFXM_COMPONENTS_STATISTICS_SAMPLE_IMAGES_H_
#define TFXM_COMPONENTS_STATISTICS_SAMPLE_IMAGES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/report/statistics/statistics_page.h"

namespace tfxm {

// Of the first 64 records of TFRecords of tf.Examples: up to 12 images of each of up to 4 features, in all up to 2 MB;
// none above 512 kB or 40 megapixels. PNG and JPEG files in a bytes feature of one value, and what image_feature.h takes for
// pixels (of the schema's shape; may be null). A file that cannot be read is an error; no image is none.
absl::StatusOr<std::vector<report::SampleImage>> SampleImages(const std::vector<std::string>& files,
                                                              const tensorflow::metadata::v0::Schema* schema = nullptr);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_STATISTICS_SAMPLE_IMAGES_H_
