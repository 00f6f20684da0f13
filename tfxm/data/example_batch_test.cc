// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/example_batch.h"

#include <random>

#include "gtest/gtest.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/util/io.h"

namespace tfxm::data {
namespace {

using tensorflow::Example;

Example Parse(const std::string& text) {
  Example example;
  EXPECT_TRUE(io::ParseTextProto(text, &example).ok());
  return example;
}

std::string IntFeature(const std::string& name, const std::string& values) {
  return "features { feature { key: \"" + name + "\" value { int64_list { value: " + values + " } } } }";
}

TEST(ExampleBatchTest, ValuesOfEachExampleByFeature) {
  ExampleBatch batch;
  ASSERT_TRUE(batch
                  .Append(Parse(R"pb(features {
                                       feature {
                                         key: "i"
                                         value { int64_list { value: [ 1, -2, 9223372036854775807 ] } }
                                       }
                                       feature {
                                         key: "f"
                                         value { float_list { value: [ 0.5 ] } }
                                       }
                                       feature {
                                         key: "b"
                                         value { bytes_list { value: [ "x", "", "yz" ] } }
                                       }
                                     })pb")
                              .SerializeAsString())
                  .ok());
  ASSERT_TRUE(batch.Append(Parse(IntFeature("i", "7")).SerializeAsString()).ok());
  ASSERT_EQ(batch.num_examples(), 2);
  const Column& i = *batch.Find("i");
  EXPECT_EQ(i.type(), ValueType::kInt);
  EXPECT_EQ(std::vector<int64_t>(i.ints(0).begin(), i.ints(0).end()), (std::vector<int64_t>{1, -2, INT64_MAX}));
  EXPECT_EQ(i.ints(1)[0], 7);
  const Column& b = *batch.Find("b");
  EXPECT_EQ(b.num_values(0), 3);
  EXPECT_EQ(b.bytes(0, 2), "yz");
  EXPECT_FALSE(b.present(1));
  EXPECT_EQ(b.num_values(1), 0);
  EXPECT_EQ(batch.Find("f")->floats(0)[0], 0.5f);
  EXPECT_EQ(batch.Find("none"), nullptr);
}

TEST(ExampleBatchTest, MissingAndEmptyAreDifferent) {
  ExampleBatch batch;
  ASSERT_TRUE(batch
                  .Append(Parse(R"pb(features {
                                       feature {
                                         key: "empty"
                                         value { int64_list {} }
                                       }
                                       feature {
                                         key: "unset"
                                         value {}
                                       }
                                     })pb")
                              .SerializeAsString())
                  .ok());
  EXPECT_TRUE(batch.Find("empty")->present(0));
  EXPECT_EQ(batch.Find("empty")->num_values(0), 0);
  EXPECT_FALSE(batch.Find("unset")->present(0));
  EXPECT_EQ(batch.Find("unset")->type(), ValueType::kUnknown);
}

TEST(ExampleBatchTest, UnpackedValuesAreReadToo) {
  // Feature { int64_list { value: 5 } float… } written with one tag per value, as old writers do.
  const std::string list("\x08\x05\x08\x06", 4);
  const std::string feature = std::string("\x1a\x04", 2) + list;
  const std::string entry = std::string("\x0a\x01i\x12\x06", 5) + feature;
  const std::string features = std::string("\x0a\x0b", 2) + entry;
  ExampleBatch batch;
  ASSERT_TRUE(batch.Append(std::string("\x0a\x0d", 2) + features).ok());
  EXPECT_EQ(batch.Find("i")->num_values(0), 2);
  EXPECT_EQ(batch.Find("i")->ints(0)[1], 6);
}

TEST(ExampleBatchTest, AFeatureGivenTwiceCountsOnceTheLast) {
  ExampleBatch batch;
  ASSERT_TRUE(batch.Append(Parse(IntFeature("i", "3")).SerializeAsString()).ok());
  ASSERT_TRUE(batch
                  .Append(Parse(IntFeature("i", "[1, 2]")).SerializeAsString() +
                          Parse(IntFeature("i", "8")).SerializeAsString())
                  .ok());
  EXPECT_EQ(batch.Find("i")->num_values(1), 1);
  EXPECT_EQ(batch.Find("i")->ints(1)[0], 8);
  EXPECT_EQ(batch.Find("i")->ints(0)[0], 3);
}

TEST(ExampleBatchTest, ATypeConflictNamesTheFeatureAndBothTypes) {
  ExampleBatch batch;
  ASSERT_TRUE(batch.Append(Parse(IntFeature("fare", "3")).SerializeAsString()).ok());
  const absl::Status status = batch.Append(Parse(R"pb(features {
                                                        feature {
                                                          key: "fare"
                                                          value { float_list { value: 1 } }
                                                        }
                                                      })pb")
                                               .SerializeAsString());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(status.message().find("feature \"fare\" is FLOAT here but INT in earlier examples") != std::string::npos)
      << status;
}

TEST(ExampleBatchTest, OtherBytesAreNoExample) {
  for (const char* bytes : {"hello world", "\x0a\xff", "\x0a\x02\x0a\x09", "\x12\x00x"}) {
    ExampleBatch batch;
    EXPECT_EQ(batch.Append(bytes).code(), absl::StatusCode::kInvalidArgument) << bytes;
  }
  ExampleBatch batch;
  EXPECT_TRUE(batch.Append("").ok()) << "an Example without features";
}

TEST(ExampleBatchTest, ClearKeepsNoExample) {
  ExampleBatch batch(/*keep_records=*/true);
  const std::string record = Parse(IntFeature("i", "[1, 2]")).SerializeAsString();
  ASSERT_TRUE(batch.Append(record).ok());
  EXPECT_EQ(batch.record(0), record);
  batch.Clear();
  EXPECT_EQ(batch.num_examples(), 0);
  ASSERT_TRUE(batch.Append("").ok());
  EXPECT_FALSE(batch.Find("i")->present(0));
  EXPECT_EQ(batch.Find("i")->num_values(0), 0);
}

// The decoder against protobuf's own parser, on random examples.
TEST(ExampleBatchTest, AgreesWithProtobuf) {
  std::mt19937 rng(3);
  std::vector<Example> examples(200);
  ExampleBatch batch;
  for (Example& example : examples) {
    auto& features = *example.mutable_features()->mutable_feature();
    for (int f = 0; f < 6; ++f) {
      if (rng() % 3 == 0) continue;
      auto& feature = features[std::string(1, static_cast<char>('a' + f))];
      const int n = static_cast<int>(rng() % 5);
      if (f % 3 == 0) feature.mutable_int64_list();
      if (f % 3 == 1) feature.mutable_float_list();
      if (f % 3 == 2) feature.mutable_bytes_list();
      for (int k = 0; k < n; ++k) {
        if (f % 3 == 0) feature.mutable_int64_list()->add_value(static_cast<int64_t>(rng()) << (rng() % 32));
        if (f % 3 == 1) feature.mutable_float_list()->add_value(static_cast<float>(rng()) / 1000);
        if (f % 3 == 2) feature.mutable_bytes_list()->add_value(std::string(rng() % 200, 'q'));
      }
    }
    ASSERT_TRUE(batch.Append(example.SerializeAsString()).ok());
  }
  for (const Column& column : batch.columns()) {
    for (int i = 0; i < batch.num_examples(); ++i) {
      const auto& features = examples[i].features().feature();
      const auto it = features.find(column.name());
      ASSERT_EQ(column.present(i), it != features.end());
      if (it == features.end()) continue;
      const auto& f = it->second;
      ASSERT_EQ(column.num_values(i),
                f.int64_list().value_size() + f.float_list().value_size() + f.bytes_list().value_size());
      for (int k = 0; k < column.num_values(i); ++k) {
        if (column.type() == ValueType::kInt) {
          EXPECT_EQ(column.ints(i)[k], f.int64_list().value(k));
        } else if (column.type() == ValueType::kFloat) {
          EXPECT_EQ(column.floats(i)[k], f.float_list().value(k));
        } else {
          EXPECT_EQ(column.bytes(i, k), f.bytes_list().value(k));
        }
      }
    }
  }
}

// Hostile input: whatever the bytes, the decoder answers and stays in bounds (the sanitizer build checks the latter).
// It asserts nothing but that: `make asan` sees what is read or written where it must not, fuzz/ goes on from here.
TEST(ExampleBatchTest, RandomDamageNeverCrashes) {
  std::mt19937 rng(5);
  const std::string good = Parse(R"pb(features {
                                        feature {
                                          key: "i"
                                          value { int64_list { value: [ 1, 200, 70000 ] } }
                                        }
                                        feature {
                                          key: "b"
                                          value { bytes_list { value: [ "abc", "de" ] } }
                                        }
                                      })pb")
                               .SerializeAsString();
  for (int trial = 0; trial < 20000; ++trial) {
    std::string damaged = good;
    for (unsigned n = 1 + rng() % 3; n > 0; --n) damaged[rng() % damaged.size()] = static_cast<char>(rng());
    damaged.resize(rng() % (damaged.size() + 1));
    ExampleBatch batch;
    if (batch.Append(damaged).ok()) {
      for (const Column& column : batch.columns()) {
        for (int k = 0; column.type() == ValueType::kBytes && k < column.num_values(0); ++k) column.bytes(0, k);
      }
    }
  }
}

constexpr char kSequences[] = R"pb(
  context {
    feature {
      key: "user"
      value { int64_list { value: 7 } }
    }
  }
  feature_lists {
    feature_list {
      key: "tokens"
      value {
        feature { bytes_list { value: [ "a", "b" ] } }
        feature {}
        feature { bytes_list {} }
        feature { bytes_list { value: "c" } }
      }
    }
    feature_list {
      key: "none"
      value {}
    }
  })pb";

std::string Sequences(const std::string& text) {
  tensorflow::SequenceExample example;
  EXPECT_TRUE(io::ParseTextProto(text, &example).ok());
  return example.SerializeAsString();
}

TEST(ExampleBatchTest, StepsOfSequenceExamples) {
  ExampleBatch batch(/*keep_records=*/false, /*sequence_examples=*/true);
  ASSERT_TRUE(batch.Append(Parse(IntFeature("user", "1")).SerializeAsString()).ok());
  ASSERT_TRUE(batch.Append(Sequences(kSequences)).ok());
  ASSERT_TRUE(batch.Append(Sequences(kSequences)).ok());
  ASSERT_TRUE(batch.Append(Parse(IntFeature("user", "2")).SerializeAsString()).ok());
  EXPECT_EQ(batch.Find("user")->ints(1)[0], 7);
  EXPECT_EQ(batch.Find("tokens"), nullptr);
  const Column& tokens = *batch.Find("##SEQUENCE##/tokens");
  EXPECT_TRUE(tokens.is_sequence());
  EXPECT_EQ(tokens.type(), ValueType::kBytes);
  for (const int none : {0, 3}) {
    EXPECT_FALSE(tokens.present(none));
    EXPECT_EQ(tokens.num_steps(none), 0);
    EXPECT_EQ(tokens.num_values(none), 0);
  }
  for (const int i : {1, 2}) {
    EXPECT_TRUE(tokens.present(i));
    ASSERT_EQ(tokens.num_steps(i), 4);
    ASSERT_EQ(tokens.num_values(i), 3);
    EXPECT_EQ(tokens.bytes(i, 2), "c");
    std::vector<int> sizes;
    for (size_t step = tokens.first_step(i); step < tokens.first_step(i) + 4; ++step) {
      sizes.push_back(tokens.step_present(step) ? tokens.step_size(step) : -1);
    }
    EXPECT_EQ(sizes, (std::vector<int>{2, -1, 0, 1}));
  }
  const Column& none = *batch.Find("##SEQUENCE##/none");
  EXPECT_TRUE(none.present(1));
  EXPECT_EQ(none.num_steps(1), 0);
  EXPECT_FALSE(none.present(0));
  EXPECT_FALSE(batch.Find("user")->is_sequence());
}

TEST(ExampleBatchTest, AListThatIsGivenTwiceCountsOnce) {
  ExampleBatch batch(/*keep_records=*/false, /*sequence_examples=*/true);
  const std::string before = Sequences(kSequences);
  ASSERT_TRUE(batch.Append(before).ok());
  ASSERT_TRUE(batch
                  .Append(Sequences(kSequences) + Sequences(
                                                      R"pb(feature_lists {
                                                             feature_list {
                                                               key: "tokens"
                                                               value { feature { bytes_list { value: "z" } } }
                                                             }
                                                           })pb"))
                  .ok());
  const Column& tokens = *batch.Find("##SEQUENCE##/tokens");
  EXPECT_EQ(tokens.num_steps(0), 4);
  ASSERT_EQ(tokens.num_steps(1), 1);
  ASSERT_EQ(tokens.num_values(1), 1);
  EXPECT_EQ(tokens.bytes(1, 0), "z");
  EXPECT_EQ(tokens.step_size(tokens.first_step(1)), 1);
}

TEST(ExampleBatchTest, SequenceExamplesThatCannotBeRead) {
  ExampleBatch examples;
  const absl::Status status = examples.Append(Sequences(kSequences));
  EXPECT_NE(status.message().find("tf.SequenceExample"), std::string::npos) << status;
  ExampleBatch batch(/*keep_records=*/false, /*sequence_examples=*/true);
  EXPECT_FALSE(batch.Append(Parse(IntFeature("##SEQUENCE##", "1")).SerializeAsString()).ok());
  batch.Clear();
  const absl::Status types = batch.Append(Sequences(R"pb(feature_lists {
                                                           feature_list {
                                                             key: "x"
                                                             value {
                                                               feature { int64_list { value: 1 } }
                                                               feature { float_list { value: 1 } }
                                                             }
                                                           }
                                                         })pb"));
  EXPECT_NE(types.message().find("\"##SEQUENCE##/x\" is FLOAT here but INT"), std::string::npos) << types;
}

}  // namespace
}  // namespace tfxm::data
