// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/coding/state.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace tfxm {
namespace {

enum class Color : uint8_t { kRed = 1, kBlue = 7 };

struct Everything {
  static constexpr StateKind kStateKind = {"everything", 3};
  bool flag = false;
  int8_t small = 0;
  int64_t negative = 0;
  uint64_t large = 0;
  __int128 wide = 0;
  float third = 0;
  double pi = 0;
  Color color = Color::kRed;
  std::string text;
  std::optional<std::string> none, some;
  std::array<int, 3> three{};
  std::vector<std::pair<std::string, double>> pairs;
  std::map<std::string, std::vector<int64_t>> by_name;
  std::set<int64_t> numbers;

  void Save(StateWriter* writer) const {
    writer->Write(flag, small, negative, large, wide, third, pi, color, text, none, some, three, pairs, by_name,
                  numbers);
  }
  void Load(StateReader* reader) {
    reader->Read(&flag, &small, &negative, &large, &wide, &third, &pi, &color, &text, &none, &some, &three, &pairs,
                 &by_name, &numbers);
  }
  friend bool operator==(const Everything&, const Everything&) = default;
};

Everything Filled() {
  return {.flag = true,
          .small = -128,
          .negative = INT64_MIN,
          .large = UINT64_MAX,
          .wide = -(static_cast<__int128>(1) << 100),
          .third = 1.0f / 3,
          .pi = 3.141592653589793,
          .color = Color::kBlue,
          .text = std::string("a\0b", 3),
          .some = "",
          .three = {1, -2, 300},
          .pairs = {{"x", 1e300}, {"", -0.0}},
          .by_name = {{"a", {}}, {"b", {1, 2}}},
          .numbers = {-5, 0, 70000}};
}

TEST(StateTest, WhatIsSavedIsLoaded) {
  for (const Everything& state : {Everything(), Filled()}) {
    const auto bytes = SaveState(state);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    Everything loaded;
    ASSERT_TRUE(LoadState(*bytes, &loaded).ok());
    EXPECT_EQ(loaded, state);
  }
}

TEST(StateTest, EveryTruncationAndEveryFlippedBitIsAnError) {
  const std::string bytes = *SaveState(Filled());
  for (size_t n = 0; n < bytes.size(); ++n) {
    Everything state;
    EXPECT_FALSE(LoadState(bytes.substr(0, n), &state).ok()) << n;
  }
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    Everything state;
    EXPECT_EQ(LoadState(flipped, &state).code(), absl::StatusCode::kDataLoss) << bit;
  }
  Everything state;
  EXPECT_FALSE(LoadState(absl::StrCat(bytes, "x"), &state).ok());
}

TEST(StateTest, AnotherKindOrVersionIsNamed) {
  const std::string bytes = *SaveState(Filled());
  EXPECT_EQ(OpenState({"nothing", 3}, bytes).status().message(),
            "a saved state is of \"everything\" version 3, expected \"nothing\" version 3; make it with this version "
            "of the program");
  EXPECT_EQ(OpenState({"everything", 4}, bytes).status().code(), absl::StatusCode::kFailedPrecondition);
}

// With a checksum that is right, the values themselves are checked.
TEST(StateTest, ANumberOfElementsThatTheBytesCannotHoldIsAnError) {
  for (const absl::string_view values : {absl::string_view("\xff\xff\xff\xff\x0f"), absl::string_view("\x05\x01"),
                                         absl::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
                                         absl::string_view("\x80\x00", 2), absl::string_view("\x80")}) {
    StateReader reader(values);
    std::vector<std::string> strings;
    reader.Read(&strings);
    EXPECT_FALSE(reader.ok());
    EXPECT_LE(strings.size(), 1);
  }
}

TEST(StateTest, AVectorThatWasMadeWithItsSizeKeepsIt) {
  StateWriter writer;
  writer.Write(std::vector<int>{1, 2, 3});
  std::vector<int> two(2), three(3);
  StateReader reader(writer.bytes());
  reader.ReadSameSize(&two);
  EXPECT_FALSE(reader.Finish().ok());
  StateReader again(writer.bytes());
  again.ReadSameSize(&three);
  EXPECT_TRUE(again.Finish().ok());
  EXPECT_EQ(three, (std::vector<int>{1, 2, 3}));
}

TEST(StateTest, KeysMustBeInOrderAndNumbersInTheRangeOfTheirType) {
  StateWriter writer;
  writer.Write(std::vector<std::string>{"b", "a"}, 300, int64_t{-1});
  StateReader reader(writer.bytes());
  std::set<std::string> names;
  reader.Read(&names);
  EXPECT_FALSE(reader.ok());
  StateReader again(writer.bytes());
  std::vector<std::string> any;
  uint8_t byte;
  again.Read(&any);
  EXPECT_TRUE(again.ok());
  again.Read(&byte);
  EXPECT_FALSE(again.ok());
  StateWriter negative;
  negative.Write(int64_t{-1});
  StateReader counts(negative.bytes());
  int64_t count;
  counts.ReadCounts(&count);
  EXPECT_FALSE(counts.ok());
  EXPECT_EQ(count, 0);
}

}  // namespace
}  // namespace tfxm
