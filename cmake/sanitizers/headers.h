// SPDX-License-Identifier: Apache-2.0

// What most files include, compiled once for a sanitizer's build: half of its compile time. Nothing of this project.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../precompiled/base.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/text_format.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
