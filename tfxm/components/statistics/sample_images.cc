// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/statistics/sample_images.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "tfxm/components/example_gen/image_source.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/model_analysis/disagreement/image_feature.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr int kMostExamples = 64, kMostImages = 12, kMostFeatures = 4;
constexpr size_t kMostBytes = 512 << 10, kMostBytesInAll = 2 << 20;
constexpr int64_t kMostPixels = 40'000'000;

std::optional<report::SampleImage> ImageOf(const data::Column& column, const tensorflow::metadata::v0::Schema* schema) {
  report::SampleImage image{.feature = column.name()};
  if (column.type() == data::ValueType::kBytes && column.num_values(0) == 1) {
    const absl::string_view bytes = column.bytes(0, 0);
    const auto info = ReadImageInfo(bytes);
    if (info.ok()) {
      // A small file can be of a picture that takes gigabytes to draw.
      if (bytes.size() > kMostBytes || int64_t{info->width} * info->height > kMostPixels) return std::nullopt;
      image.encoded = std::string(bytes);
      return image;
    }
  }
  std::optional<model_analysis::PixelImage> pixels = model_analysis::ToImage(column, schema);
  if (!pixels || pixels->pixels.size() > kMostBytes) return std::nullopt;
  image.width = pixels->width, image.height = pixels->height, image.channels = pixels->channels;
  image.pixels = std::move(pixels->pixels);
  return image;
}

}  // namespace

absl::StatusOr<std::vector<report::SampleImage>> SampleImages(const std::vector<std::string>& files,
                                                              const tensorflow::metadata::v0::Schema* schema) {
  std::vector<report::SampleImage> images;
  std::map<std::string, int> by_feature;
  size_t bytes = 0;
  int example = 0;
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const auto reader, data::TFRecordReader::Open(file));
    absl::string_view record;
    for (; example < kMostExamples; ++example) {
      ASSIGN_OR_RETURN(const bool more, reader->Next(&record));
      if (!more) break;
      data::ExampleBatch batch;
      // Not every payload is a tf.Example.
      if (!batch.Append(record).ok()) continue;
      for (const data::Column& column : batch.columns()) {
        if (!column.present(0)) continue;
        const auto known = by_feature.find(column.name());
        if (known == by_feature.end() ? by_feature.size() >= kMostFeatures : known->second >= kMostImages) continue;
        std::optional<report::SampleImage> image = ImageOf(column, schema);
        if (!image || bytes + image->encoded.size() + image->pixels.size() > kMostBytesInAll) continue;
        bytes += image->encoded.size() + image->pixels.size();
        image->example = example;
        ++by_feature[column.name()];
        images.push_back(*std::move(image));
      }
    }
    if (example >= kMostExamples) break;
  }
  std::stable_sort(images.begin(), images.end(), [](const auto& a, const auto& b) { return a.feature < b.feature; });
  return images;
}

}  // namespace tfxm
