// SPDX-License-Identifier: Apache-2.0

// For libraries that work on messages.
#include "base.h"
#include "google/protobuf/struct.pb.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
