// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/module_file.h"

#include <stdlib.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

class ModuleFileTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = *io::MakeTempDir(testing::TempDir(), "module");
    setenv("TFXM_CACHE", dir_.c_str(), 1);
  }
  std::string Write(const std::string& name, const std::string& content) {
    const std::string path = io::JoinPath(dir_, name);
    EXPECT_TRUE(io::MakeDirs(io::Dirname(path)).ok());
    EXPECT_TRUE(io::WriteFile(path, content).ok());
    return path;
  }
  std::string dir_;
};

TEST_F(ModuleFileTest, AFunctionIsFoundByNameAndType) {
  const std::string path =
      Write("m.cc", "#include \"absl/status/status.h\"\nabsl::Status twice(int* x) { *x *= 2; return {}; }\n");
  const auto module = ModuleFile::Load(path);
  ASSERT_TRUE(module.ok()) << module.status();
  const auto twice = module->Function<absl::Status(int*)>("twice");
  ASSERT_TRUE(twice.ok()) << twice.status();
  int x = 21;
  EXPECT_TRUE((*twice)(&x).ok());
  EXPECT_EQ(x, 42);
  EXPECT_TRUE(module->HasFunction<absl::Status(int*)>("twice"));

  const auto missing = module->Function<absl::Status(int*)>("run_fn");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(missing.status().message().find("has no function run_fn(int*)") != std::string::npos) << missing.status();
  const auto wrong = module->Function<absl::Status(const char*)>("twice");
  EXPECT_TRUE(wrong.status().message().find("has twice(int*) but twice(char const*) is expected") != std::string::npos)
      << wrong.status();
}

TEST_F(ModuleFileTest, ACompileErrorHasFileAndLine) {
  const std::string path = Write("broken.cc", "int f() {\n  return nothing;\n}\n");
  const auto module = ModuleFile::Load(path);
  EXPECT_EQ(module.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(module.status().message().find("broken.cc:2:10: error:") != std::string::npos) << module.status();
}

TEST_F(ModuleFileTest, CompiledOnceUntilItOrWhatItIncludesChanges) {
  const std::string header = Write("base.h", "inline int base() { return 1; }\n");
  const std::string path = Write("m.cc", "#include \"base.h\"\nint f() { return base(); }\n");
  const std::string first = *CompileModule(path);
  EXPECT_EQ(*CompileModule(path), first);
  setenv("CXX", "no-such-compiler", 1);
  EXPECT_EQ(CompileModule(path).status().code(), absl::StatusCode::kFailedPrecondition)
      << "another compiler, another key";
  unsetenv("CXX");
  const std::string before = FindModuleSources(path)->Fingerprint();
  EXPECT_EQ(FindModuleSources(path)->Fingerprint(), before);
  Write("base.h", "inline int base() { return 2; }\n");
  EXPECT_NE(FindModuleSources(path)->Fingerprint(), before);
  EXPECT_NE(*CompileModule(path), first);
}

// Of two processes that compiled it at once, one was killed: the other's library is there, and so is what it left.
TEST_F(ModuleFileTest, WhatAKilledCompilationLeavesGoesWithTheNextUse) {
  const std::string path = Write("m.cc", "int f() { return 1; }\n");
  const std::string library = *CompileModule(path);
  const std::string left = io::JoinPath(io::Dirname(library), ".compiling-1.1.tmp");
  ASSERT_TRUE(io::MakeDirs(left).ok());
  ASSERT_TRUE(io::WriteFile(io::JoinPath(left, "cc1.s"), "").ok());
  EXPECT_EQ(*CompileModule(path), library);
  EXPECT_FALSE(io::Exists(left));
}

TEST_F(ModuleFileTest, HeadersAreFoundHoweverTheyAreIncluded) {
  const std::string dir = Write("with space/steps.h", "inline int steps() { return 1; }\n");
  setenv("CPATH", io::Dirname(dir).c_str(), 1);
  Write("my#base.h", "");
  const std::string path =
      Write("m.cc", "#define HEADER \"my#base.h\"\n#include HEADER\n#include <steps.h>\n#include <string>\n");
  const auto sources = FindModuleSources(path);
  ASSERT_TRUE(sources.ok()) << sources.status();
  std::vector<std::string> own;
  for (const auto& [file, hash] : sources->files) own.push_back(io::Basename(file));
  EXPECT_EQ(own, (std::vector<std::string>{"m.cc", "my#base.h", "steps.h"})) << "<string> is the system's";
  // A file that takes the place of one of them: include paths are searched in order.
  Write("first/steps.h", "inline int steps() { return 2; }\n");
  setenv("CPATH", (io::JoinPath(dir_, "first") + ":" + io::Dirname(dir)).c_str(), 1);
  EXPECT_NE(FindModuleSources(path)->Fingerprint(), sources->Fingerprint());
  unsetenv("CPATH");
}

TEST_F(ModuleFileTest, WithoutACompilerWhatIsRememberedHolds) {
  const std::string path = Write("m.cc", "int f() { return 1; }\n");
  const std::string library = *CompileModule(path);
  const std::string real_path = std::getenv("PATH");
  setenv("PATH", dir_.c_str(), 1);
  const auto without = CompileModule(path);
  Write("m.cc", "int f() { return 2; }\n");
  const auto changed = CompileModule(path);
  setenv("PATH", real_path.c_str(), 1);
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_EQ(*without, library);
  EXPECT_EQ(changed.status().code(), absl::StatusCode::kFailedPrecondition) << changed.status();
}

// What a person reads of the usual mistakes: the place, what is wrong, what to write.
TEST_F(ModuleFileTest, CommonMistakesAreToldInThreeLines) {
  const std::string head =
      "#include \"tfxm/nn/fn_args.h\"\n#include \"tfxm/nn/nn.h\"\n#include \"tfxm/transform/tft.h\"\n"
      "using namespace tfxm;\nnamespace layers = nn::layers;\n";
  const struct {
    const char* code;
    std::vector<const char*> said;
  } kCases[] = {
      {"void f(nn::Sequential& m) { m.Add(layers::Dense(64, {.activaton = \"relu\"})); }",
       {"m.cc:6:", "DenseOptions has no option \"activaton\"; did you mean \"activation\"?", "its options: "}},
      {"absl::Status f(nn::Model& m, nn::Dataset& d) { return m.Fit(d, {.learning_rate = 3}).status(); }",
       {"FitOptions has no option \"learning_rate\"", "steps_per_epoch"}},
      {"nn::Function f() { return {.inputs = {{.name = \"x\", .dtype = \"int64\", .shape = {-1}}}}; }",
       {"dtype is a DataType and no text: .dtype = DataType::kInt64"}},
      {"absl::Status f() { RETURN_IF_ERROR(absl::OkStatus()); ASSIGN_OR_RETURN(auto x, absl::StatusOr<int>(1)); return "
       "{}; }",
       {"RETURN_IF_ERROR is in a header that is not included: #include \"tfxm/util/status_macros.h\""}},
      {"void run_fn(const FnArgs& fn_args) {}",
       {"run_fn has another return type than is expected: absl::Status run_fn(const FnArgs& fn_args)"}},
      {"tft::TensorMap preprocessing_fn(const tft::TensorMap& inputs) { return inputs; }",
       {"preprocessing_fn has another return type than is expected: absl::StatusOr<tft::TensorMap>"}},
  };
  for (const auto& c : kCases) {
    const absl::Status status = CompileModule(Write("m.cc", head + c.code + "\n")).status();
    const std::string message(status.message());
    for (const char* said : c.said) EXPECT_NE(message.find(said), std::string::npos) << said << "\n" << message;
    EXPECT_EQ(message.find("brace-enclosed"), std::string::npos) << message;
    EXPECT_LT(std::count(message.begin(), message.end(), '\n'), 10) << message;
  }
}

TEST_F(ModuleFileTest, AMissingFileIsNamed) {
  EXPECT_EQ(ModuleFile::Load("/no/such/module.cc").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ModuleFileTest, AnUndefinedSymbolIsReportedNotFatal) {
  const std::string path = Write("m.cc", "int missing(int);\nint f() { return missing(1); }\n");
  const std::string error(ModuleFile::Load(path).status().message());
  for (const char* part : {"m.cc", "undefined symbol", "missing"}) {
    EXPECT_NE(error.find(part), std::string::npos) << error;
  }
}

}  // namespace
}  // namespace tfxm
