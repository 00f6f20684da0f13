#include "tfxm/util/flags.h"

#include "gtest/gtest.h"

namespace tfxm {
namespace {

struct Parsed {
  std::string output;
  int samples = 100;
  bool quiet = false;
  std::vector<std::string> models;
  Flags flags{"test [flags]", "A test."};
  Parsed() {
    flags.Add("output", &output, "DIR", "where to").Required();
    flags.Add("samples", &samples, "N", "how many");
    flags.Add("quiet", &quiet, "say nothing");
    flags.Add("model", &models, "NAME=PATH", "a model");
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
  EXPECT_EQ(Parsed().flags.Parse({"--output=x", "--samples=many"}).message(), "--samples=many: expected a number (N)");
  EXPECT_EQ(Parsed().flags.Parse({}).message(), "--output=DIR is missing: where to");
  EXPECT_EQ(Parsed().flags.Parse({"--output"}).message(), "--output needs a value: --output=DIR");
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
