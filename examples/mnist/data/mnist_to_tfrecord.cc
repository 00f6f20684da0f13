// SPDX-License-Identifier: Apache-2.0

// Turns the IDX files of MNIST into TFRecords of tf.Examples, as TFX's sample of it is made: `image_floats`, 784 pixels
// from -0.5 to 0.5, and `image_class`, the digit.
//
//   mnist_to_tfrecord IDX_DIR OUTPUT.tfrecord [IMAGES]
//
// Takes train-* and, if they are there, t10k-*: all images go into one file, the pipeline makes its own split. IMAGES:
// only that many of each.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

uint32_t BigEndian(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

absl::Status Convert(const std::string& idx_dir, const std::string& prefix, size_t max_images,
                     data::TFRecordWriter* writer) {
  constexpr size_t kPixels = 28 * 28, kImagesHeader = 16, kLabelsHeader = 8;
  ASSIGN_OR_RETURN(const std::string images, io::ReadFile(io::JoinPath(idx_dir, prefix + "-images-idx3-ubyte")));
  ASSIGN_OR_RETURN(const std::string labels, io::ReadFile(io::JoinPath(idx_dir, prefix + "-labels-idx1-ubyte")));
  if (images.size() < kImagesHeader || labels.size() < kLabelsHeader || BigEndian(images, 0) != 0x803 ||
      BigEndian(labels, 0) != 0x801 || images.size() != kImagesHeader + BigEndian(images, 4) * kPixels ||
      labels.size() != kLabelsHeader + BigEndian(images, 4)) {
    return absl::DataLossError(absl::StrCat(idx_dir, ": ", prefix, " is not a pair of MNIST's IDX files"));
  }
  tensorflow::Example example;
  auto& features = *example.mutable_features()->mutable_feature();
  for (size_t i = 0; i < std::min<size_t>(BigEndian(images, 4), max_images); ++i) {
    auto& pixels = *features["image_floats"].mutable_float_list()->mutable_value();
    pixels.Clear();
    for (size_t p = 0; p < kPixels; ++p) {
      pixels.Add(static_cast<float>(static_cast<uint8_t>(images[kImagesHeader + i * kPixels + p]) / 255.0 - 0.5));
    }
    auto& label = *features["image_class"].mutable_int64_list()->mutable_value();
    label.Clear();
    label.Add(static_cast<uint8_t>(labels[kLabelsHeader + i]));
    RETURN_IF_ERROR(writer->Write(io::SerializeDeterministically(example)));
  }
  return absl::OkStatus();
}

absl::Status Main(const std::string& idx_dir, const std::string& output, size_t max_images) {
  ASSIGN_OR_RETURN(const auto writer, data::TFRecordWriter::Create(output));
  RETURN_IF_ERROR(Convert(idx_dir, "train", max_images, writer.get()));
  if (io::Exists(io::JoinPath(idx_dir, "t10k-images-idx3-ubyte"))) {
    RETURN_IF_ERROR(Convert(idx_dir, "t10k", max_images, writer.get()));
  }
  return writer->Close();
}

}  // namespace
}  // namespace tfxm

int main(int argc, char** argv) {
  size_t max_images = SIZE_MAX;
  if (argc < 3 || argc > 4 || (argc == 4 && !absl::SimpleAtoi(argv[3], &max_images))) {
    std::fprintf(stderr, "usage: mnist_to_tfrecord IDX_DIR OUTPUT.tfrecord [IMAGES]\n");
    return 2;
  }
  const absl::Status status = tfxm::Main(argv[1], argv[2], max_images);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
