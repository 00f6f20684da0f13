// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/registry.h"

#include "gtest/gtest.h"

namespace tfxm {
namespace {

struct Shape {
  virtual ~Shape() = default;
  virtual int corners() const = 0;
};
struct Square : Shape {
  int corners() const override { return 4; }
};
using ShapeRegistry = Registry<Shape>;
TFXM_REGISTER(ShapeRegistry, "Square", [] { return std::make_unique<Square>(); });

TEST(RegistryTest, CreatesByName) {
  const auto square = ShapeRegistry::Get().Create("Square");
  ASSERT_TRUE(square.ok());
  EXPECT_EQ((*square)->corners(), 4);
}

TEST(RegistryTest, AnUnknownNameIsAnsweredWithTheNearest) {
  const auto missing = ShapeRegistry::Get().Create("square_");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(missing.status().message(), "nothing is registered as \"square_\"; did you mean \"Square\"");
}

TEST(NearestNamesTest, NothingNearIsEmpty) { EXPECT_EQ(NearestNames("zzzzzz", {"AUC", "Precision"}), ""); }

}  // namespace
}  // namespace tfxm
