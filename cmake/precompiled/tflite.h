// SPDX-License-Identifier: Apache-2.0

// For libraries that read and write TFLite files.
#include "base.h"
#include "tflite_generated.h"
