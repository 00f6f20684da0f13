// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/wheel_module.h"

#include <stdlib.h>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/util/io.h"
#include "tfxm/util/subprocess.h"

namespace tfxm {
namespace {

using ::testing::HasSubstr;

class WheelModuleTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = *io::MakeTempDir(testing::TempDir(), "wheels");
    setenv("TFXM_CACHE", io::JoinPath(dir_, "cache").c_str(), 1);
    unsetenv("TFXM_PYTHON");
  }
  void TearDown() override {
    unsetenv("TFXM_CACHE");
    unsetenv("TFXM_PYTHON");
    io::RemoveAll(dir_).IgnoreError();
  }

  // A wheel that `code`, which has `w`, a zipfile.ZipFile, writes; its path.
  std::string Wheel(const std::string& code) {
    const std::string path = io::JoinPath(dir_, "user_code.whl"), script = io::JoinPath(dir_, "make.py");
    EXPECT_TRUE(
        io::WriteFile(script, absl::StrCat("import stat, sys, warnings, zipfile\nwarnings.simplefilter('ignore')\n"
                                           "Info = zipfile.ZipInfo\n"
                                           "with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as w:\n"
                                           "  w.writestr('utils.py', 'x = 1')\n",
                                           code))
            .ok());
    const auto made = RunSubprocess({"python3", script, path});
    EXPECT_TRUE(made.ok() && made->exit_code == 0) << made->output;
    return path;
  }
  std::string WhyNot(const std::string& code) {
    const auto module = UnpackModule("utils@" + Wheel(code));
    EXPECT_EQ(module.status().code(), absl::StatusCode::kInvalidArgument) << code;
    // The folder of what is kept is as empty as before.
    EXPECT_TRUE(io::ListDir(io::JoinPath(dir_, "cache/wheels"))->empty()) << code;
    return std::string(module.status().message());
  }
  std::string dir_;
};

TEST_F(WheelModuleTest, IsUnpackedOnceWithTheModulesBesideIt) {
  const std::string wheel = Wheel("  w.writestr('base.py', 'y = 2')\n  w.writestr('pack/deep.py', '')\n");
  const auto module = UnpackModule("utils@" + wheel);
  ASSERT_TRUE(module.ok()) << module.status();
  EXPECT_EQ(*io::ReadFile(*module), "x = 1");
  EXPECT_EQ(*io::ReadFile(io::JoinPath(io::Dirname(*module), "base.py")), "y = 2");
  setenv("TFXM_PYTHON", "/no/such/python", 1);  // It is there already.
  EXPECT_EQ(*UnpackModule("utils@file://" + wheel), *module);
  EXPECT_TRUE(UnpackModule("pack.deep@" + wheel).ok());
  EXPECT_THAT(UnpackModule("other@" + wheel).status().message(), HasSubstr("user_code.whl has no module other"));
}

TEST_F(WheelModuleTest, NothingIsWrittenOutsideOfItsFolder) {
  const std::string wheel = Wheel(
      "for n, name in enumerate(['../evil.py', 'a/../../evil.py', '/evil.py', 'a//evil.py', '..', 'a\\\\..\\\\evil.py', 'C:evil.py']):\n"
      "  with zipfile.ZipFile(sys.argv[1] + str(n), 'w') as w: w.writestr(Info(name), 'evil')\n");
  for (int n = 0; n < 7; ++n) {
    const auto module = UnpackModule(absl::StrCat("utils@", wheel, n));
    EXPECT_EQ(module.status().code(), absl::StatusCode::kInvalidArgument) << n;
    EXPECT_THAT(module.status().message(), HasSubstr("is not a path in the wheel's folder")) << n;
  }
  EXPECT_TRUE(io::ListDir(io::JoinPath(dir_, "cache/wheels"))->empty());
  EXPECT_EQ(io::ListDir(io::JoinPath(dir_, "cache"))->size(), 1);
}

TEST_F(WheelModuleTest, LinksDevicesAndDoublesAreRefused) {
  EXPECT_THAT(WhyNot("  i = Info('link'); i.external_attr = (stat.S_IFLNK | 0o777) << 16; w.writestr(i, '/etc')\n"),
              HasSubstr("'link' is not a file"));
  EXPECT_THAT(WhyNot("  i = Info('dev'); i.external_attr = (stat.S_IFCHR | 0o777) << 16; w.writestr(i, '')\n"),
              HasSubstr("'dev' is not a file"));
  EXPECT_THAT(WhyNot("  w.writestr('utils.py', 'x = 2')\n"), HasSubstr("'utils.py' is there twice"));
  EXPECT_THAT(WhyNot("  w.writestr('utils.py/x.py', '')\n"), HasSubstr("cannot be unpacked"));
}

TEST_F(WheelModuleTest, ABombIsRefused) {
  EXPECT_THAT(WhyNot("  w.writestr('big.py', bytes(65 << 20))\n"), HasSubstr("unpacks to more than 64 MiB"));
  EXPECT_THAT(WhyNot("  for i in range(10_000): w.writestr(Info(str(i)), '')\n"), HasSubstr("it has 10001 files"));
}

TEST_F(WheelModuleTest, WhatIsNotAWheelIsSaid) {
  const std::string broken = io::JoinPath(dir_, "broken.whl");
  ASSERT_TRUE(io::WriteFile(broken, "PK\3\4 not a wheel").ok());
  EXPECT_THAT(UnpackModule("utils@" + broken).status().message(), HasSubstr("broken.whl: it cannot be unpacked"));
  EXPECT_EQ(UnpackModule("utils@/none.whl").status().code(), absl::StatusCode::kNotFound);
  for (const char* const path : {"my.utils", "@x.whl", "../utils@x.whl", "utils@", ".utils@x.whl"}) {
    EXPECT_THAT(UnpackModule(path).status().message(), HasSubstr("expected MODULE@FILE.whl")) << path;
  }
  setenv("TFXM_PYTHON", "/no/such/python", 1);
  const auto module = UnpackModule("utils@" + Wheel(""));
  EXPECT_EQ(module.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(module.status().message(), HasSubstr("there is no Python (/no/such/python)"));
}

}  // namespace
}  // namespace tfxm
