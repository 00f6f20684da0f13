// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/flags.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

struct Parsed {
  std::string output;
  int samples = 100;
  double ratio = 0.5;
  std::string format = "text";
  bool quiet = false;
  std::vector<std::string> models;
  Flags flags{"test [flags]", "A test."};
  Parsed() {
    flags.Add("output", &output, "DIR", "where to").Required();
    flags.Add("samples", &samples, "N", "how many").AtLeast(1);
    flags.Add("ratio", &ratio, "X", "how much").Between(0, 1);
    flags.Add("format", &format, "text|json", "how").OneOf({"text", "json"});
    flags.Add("quiet", &quiet, "say nothing");
    flags.Add("model", &models, "NAME=PATH", "a model");
    flags.TakeArguments(0, 1, "give one file: test FILE");
  }
};

TEST(FlagsTest, ValuesAfterEqualsOrAsTheNextArgument) {
  Parsed p;
  ASSERT_TRUE(
      p.flags.Parse({"--output=/x", "--samples", "7", "file", "--quiet", "--model=a=b", "--model", "c=d"}).ok());
  EXPECT_EQ(p.output, "/x");
  EXPECT_EQ(p.samples, 7);
  EXPECT_TRUE(p.quiet);
  EXPECT_EQ(p.models, (std::vector<std::string>{"a=b", "c=d"}));
  EXPECT_EQ(p.flags.positional(), std::vector<std::string>{"file"});
}

TEST(FlagsTest, ABoolCanBeUnset) {
  Parsed p;
  p.quiet = true;
  ASSERT_TRUE(p.flags.Parse({"--output=x", "--noquiet"}).ok());
  EXPECT_FALSE(p.quiet);
}

TEST(FlagsTest, MistakesAreNamed) {
  EXPECT_EQ(Parsed().flags.Parse({"--outptu=x"}).message(), "unknown flag --outptu; did you mean \"--output\"?");
  EXPECT_EQ(Parsed().flags.Parse({"--output=x", "--samples=many"}).message(),
            "--samples=many: expected a whole number from 1 to 2147483647");
  EXPECT_EQ(Parsed().flags.Parse({}).message(), "--output=DIR is missing: where to");
  EXPECT_EQ(Parsed().flags.Parse({"--output"}).message(), "--output needs a value: --output=DIR");
}

TEST(FlagsTest, NumbersHaveARange) {
  for (const char* text : {"0", "-1", "2147483648", "99999999999999999999", "1.5", "", "1e3"}) {
    const absl::Status status = Parsed().flags.Parse({"--output=x", absl::StrCat("--samples=", text)});
    EXPECT_EQ(status.message(), absl::StrCat("--samples=", text, ": expected a whole number from 1 to 2147483647"));
    EXPECT_EQ(ExitStatusOf(status), kExitUsage);
  }
  for (const char* text : {"nan", "inf", "-inf", "1.1", "-0.1", "1e999"}) {
    EXPECT_EQ(Parsed().flags.Parse({"--output=x", absl::StrCat("--ratio=", text)}).message(),
              absl::StrCat("--ratio=", text, ": expected a number from 0 to 1"));
  }
  EXPECT_TRUE(Parsed().flags.Parse({"--output=x", "--ratio=1", "--samples=1"}).ok());
}

TEST(FlagsTest, AnOptionalNumberIsUnsetUnlessGiven) {
  std::optional<double> limit;
  Flags flags("test", "A test.");
  flags.Add("limit", &limit, "X", "a limit").AtLeast(0);
  ASSERT_TRUE(flags.Parse({}).ok());
  EXPECT_FALSE(limit.has_value());
  Flags again("test", "A test.");
  again.Add("limit", &limit, "X", "a limit").AtLeast(0);
  ASSERT_TRUE(again.Parse({"--limit=0"}).ok());
  EXPECT_EQ(limit, 0);
}

TEST(FlagsTest, TextsThereAreNoOthersOf) {
  EXPECT_EQ(Parsed().flags.Parse({"--output=x", "--format=xml"}).message(), "--format=xml: expected text, json");
}

TEST(FlagsTest, NothingIsTakenSilently) {
  EXPECT_EQ(Parsed().flags.Parse({"--output=x", "--output=y"}).message(),
            "--output is given twice, the second time as \"y\"");
  EXPECT_FALSE(Parsed().flags.Parse({"--output=x", "--quiet", "--noquiet"}).ok());
  EXPECT_EQ(Parsed().flags.Parse({"--output="}).message(), "--output= is empty: where to");
  EXPECT_EQ(Parsed().flags.Parse({"--output=x", "a", "b"}).message(),
            "\"b\" is one argument too many; give one file: test FILE");
}

TEST(FlagsTest, WhatIsReadIsNotWritten) {
  const TempDir dir;
  const std::string file = dir / "file", other = dir / "other";
  ASSERT_EQ(io::WriteFile(file, "x"), absl::OkStatus());
  const auto parse = [&](std::vector<std::string> arguments) {
    std::string schema, update, label, output, html;
    std::vector<std::string> models;
    Flags flags("test", "A test.");
    flags.Add("schema", &schema, "FILE", "");
    flags.Add("update", &update, "FILE", "");
    flags.Add("label", &label, "COLUMN", "");
    flags.Add("model", &models, "NAME=PATH", "");
    flags.Add("output", &output, "FILE", "").Writes("update");
    flags.Add("html", &html, "FILE", "").Writes();
    flags.TakeArguments(0, 1, "");
    return std::string(flags.Parse(arguments).message());
  };
  const std::string output = "--output=" + file;
  EXPECT_EQ(parse({output, "--schema=" + dir.path() + "/./file"}),
            absl::StrCat(output, " is what is read (--schema=", dir.path(), "/./file); give the name of another file"));
  EXPECT_TRUE(absl::StrContains(parse({"--model=a=" + file, output}), "(--model=a="));
  EXPECT_TRUE(absl::StrContains(parse({output, file}), "is what is read ("));
  EXPECT_EQ(parse({output, "--schema=" + other, "--label=" + file, "--html=" + other}), "");
  EXPECT_EQ(parse({output, "--update=" + file}), "") << "in place";
  EXPECT_EQ(parse({"--output=" + other, "--html=" + other}),
            absl::StrCat("--output and --html write one file, ", other, "; give two names"));
}

TEST(FlagsTest, APatternThatTheShellHasExpandedIsNoticed) {
  Flags flags("test", "A test.");
  std::string data;
  flags.Add("data", &data, "GLOB", "data");
  EXPECT_EQ(flags.Parse({"--data", "a.tfrecord", "b.tfrecord"}).message(),
            "\"b.tfrecord\" is not a flag; flags are --name=value. If a pattern was meant, put it in quotes: "
            "--data='DIR/*'");
}

TEST(FlagsTest, UnknownFlagsArePassedOnAsTheyAre) {
  Parsed p;
  std::vector<std::string> passed;
  p.flags.PassUnknownOn(&passed);
  ASSERT_TRUE(p.flags.Parse({"--output=x", "--data_root=", "--threshold", "0.9", "--nocache", "--", "--help"}).ok());
  EXPECT_EQ(passed, (std::vector<std::string>{"--data_root=", "--threshold", "0.9", "--nocache"}));
  EXPECT_EQ(p.flags.positional(), std::vector<std::string>{"--help"});
}

TEST(FlagsTest, HelpShowsEveryFlagAndItsDefault) {
  Parsed p;
  ASSERT_TRUE(p.flags.Parse({"--help"}).ok());
  EXPECT_TRUE(p.flags.help_requested());
  const std::string help = p.flags.Help();
  for (const char* part : {"--output=DIR  (required)", "--samples=N", "how many (default: 100)", "--quiet"}) {
    EXPECT_TRUE(help.find(part) != std::string::npos) << part << " in\n" << help;
  }
}

TEST(FlagsTest, UnknownFlagsCanBeCollected) {
  Parsed p;
  std::vector<std::pair<std::string, std::string>> others;
  p.flags.CollectUnknown(&others);
  ASSERT_TRUE(p.flags.Parse({"--output=x", "--accuracy_threshold=0.9"}).ok());
  ASSERT_EQ(others.size(), 1u);
  EXPECT_EQ(others[0], (std::pair<std::string, std::string>("accuracy_threshold", "0.9")));
}

}  // namespace
}  // namespace tfxm
