#include "tfxm/components/module_file.h"

#include <stdlib.h>

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
  const std::string before = *ModuleFingerprint(path);
  Write("base.h", "inline int base() { return 2; }\n");
  EXPECT_NE(*ModuleFingerprint(path), before);
  EXPECT_NE(*CompileModule(path), first);
}

TEST_F(ModuleFileTest, AMissingFileIsNamed) {
  EXPECT_EQ(ModuleFile::Load("/no/such/module.cc").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ModuleFileTest, AnUndefinedSymbolIsReportedNotFatal) {
  const std::string path = Write("m.cc", "int missing(int);\nint f() { return missing(1); }\n");
  EXPECT_FALSE(ModuleFile::Load(path).ok());
}

}  // namespace
}  // namespace tfxm
