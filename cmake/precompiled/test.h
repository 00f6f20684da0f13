// SPDX-License-Identifier: Apache-2.0

// For tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protobuf.h"
