// SPDX-License-Identifier: Apache-2.0

// Module files in Python, in a Python that has something called tensorflow and nothing of it: what does not need it is
// tested here, the rest by python/tests.
#include "tfxm/components/modules/python_module.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PythonModuleTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = *io::MakeTempDir(testing::TempDir(), "python");
    InstallTensorFlow(absl::StrCat(TFXM_TENSORFLOW_VERSION, ".0"));
    setenv("PYTHONPATH", io::JoinPath(dir_, "site").c_str(), 1);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    unsetenv("TFXM_PYTHON");
  }
  void TearDown() override {
    unsetenv("TFXM_PYTHON");
    unsetenv("PYTHONPATH");
    io::RemoveAll(dir_).IgnoreError();
  }

  std::string Write(const std::string& name, const std::string& content) {
    const std::string path = io::JoinPath(dir_, name);
    EXPECT_TRUE(io::MakeDirs(io::Dirname(path)).ok());
    EXPECT_TRUE(io::WriteFile(path, content).ok());
    return path;
  }
  void InstallTensorFlow(const std::string& version) {
    EXPECT_TRUE(io::RemoveAll(io::JoinPath(dir_, "site")).ok());
    Write("site/tensorflow/__init__.py", "real = True\n");
    Write("site/tensorflow.dist-info/METADATA",
          absl::StrCat("Metadata-Version: 2.1\nName: tensorflow\nVersion: ", version, "\n"));
  }

  // Calls a module's run_fn with what CallRunFn would give it.
  absl::Status RunFn(const std::string& body) {
    call_.function = "run_fn";
    call_.module_file = Write("module.py", body);
    call_.arguments = R"({"train_files": ["a", "b"], "train_steps": 5, "eval_steps": 0, "schema_path": "",
                          "transform_graph_path": "", "serving_model_dir": "/out",
                          "custom_config": "{\"x\": 1.0, \"n\": 1}", "hyperparameters": ""})";
    call_.tmp_dir = io::JoinPath(dir_, "tmp");
    EXPECT_TRUE(io::MakeDirs(call_.tmp_dir).ok());
    return CallPython(call_).status();
  }
  std::string Message(const std::string& body) { return std::string(RunFn(body).message()); }
  std::string ReadBack(const std::string& name) { return io::ReadFile(io::JoinPath(dir_, name)).value_or("(no file)"); }

  std::string dir_;
  PythonCall call_;
};

TEST_F(PythonModuleTest, RunFnGetsTfxsFnArgs) {
  const absl::Status status = RunFn(absl::StrCat(R"(
from tfx.components.trainer.fn_args_utils import DataAccessor, FnArgs
from tfx.dsl.io import fileio

def run_fn(fn_args: FnArgs):
  assert isinstance(fn_args, FnArgs) and isinstance(fn_args.data_accessor, DataAccessor)
  with open(')",
                                                 dir_, R"(/seen', 'w') as f:
    print(fn_args.train_files, fn_args.train_steps, fn_args.eval_steps, fn_args.schema_file, fn_args.serving_model_dir,
          fn_args.custom_config, fn_args.hyperparameters, file=f)
)"));
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(ReadBack("seen"), "['a', 'b'] 5 None None /out {'x': 1.0, 'n': 1} None\n");
}

TEST_F(PythonModuleTest, AnExceptionIsShownWithTheUsersFilesAndLines) {
  Write("helper.py", "def divide(a, b):\n  return a / b\n");
  const absl::Status status = RunFn("import helper\n\ndef run_fn(fn_args):\n  helper.divide(1, 0)\n");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::string message(status.message());
  EXPECT_THAT(message, HasSubstr("module.py raised ZeroDivisionError: division by zero"));
  EXPECT_THAT(message, HasSubstr("module.py:4 in run_fn\n    helper.divide(1, 0)"));
  EXPECT_THAT(message, HasSubstr("helper.py:2 in divide\n    return a / b"));
  EXPECT_THAT(message, Not(HasSubstr("main.py")));
}

TEST_F(PythonModuleTest, AnEndThatIsNoReturnIsAMessage) {
  EXPECT_THAT(Message("import sys\ndef run_fn(fn_args):\n  sys.exit(3)\n"), HasSubstr("called sys.exit(3)"));
  EXPECT_THAT(Message("import sys\ndef run_fn(fn_args):\n  sys.exit()\n"), HasSubstr("called sys.exit(None)"));
  EXPECT_THAT(Message("import os\ndef run_fn(fn_args):\n  os._exit(0)\n"),
              HasSubstr("ended with exit status 0 before it returned: something called os._exit()"));
  const std::string crash = Message("import ctypes\ndef run_fn(fn_args):\n  ctypes.string_at(0)\n");
  EXPECT_THAT(crash, HasSubstr("was ended by signal 11 (SIGSEGV"));
  EXPECT_THAT(crash, HasSubstr("module.py\", line 3 in run_fn"));
  EXPECT_THAT(Message("import os, signal\ndef run_fn(fn_args):\n  os.kill(os.getpid(), signal.SIGKILL)\n"),
              HasSubstr("signal 9 (SIGKILL"));
}

TEST_F(PythonModuleTest, MistakesInTheFileAreNamed) {
  EXPECT_THAT(Message("def run_fn(fn_args)\n  pass\n"), HasSubstr("module.py:1: expected ':'"));
  const absl::Status missing = RunFn("import no_such_package.part\n");
  EXPECT_EQ(missing.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("imports no_such_package, which is not installed"));
  EXPECT_THAT(Message("def run_fm(fn_args):\n  pass\n"), HasSubstr("no function run_fn in it; did you mean run_fm?"));
  EXPECT_THAT(Message("run_fn = 3\n"), HasSubstr("run_fn is a int, not a function"));
  EXPECT_THAT(Message("from tfx.components.trainer import fn_args_util\n"), HasSubstr("fn_args_util"));
  call_.module_file = io::JoinPath(dir_, "not_there.py");
  EXPECT_EQ(CallPython(call_).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(PythonModuleTest, ThePythonMustBeThereAndHaveThisTensorFlow) {
  const std::string fine = "def run_fn(fn_args):\n  pass\n";
  setenv("TFXM_PYTHON", "/nowhere/python3", 1);
  absl::Status status = RunFn(fine);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no Python (/nowhere/python3) to run"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("TFXM_PYTHON="));

  const std::string bare = Write("python_without_packages", "#!/bin/sh\nexec python3 -I -S \"$@\"\n");
  ASSERT_EQ(access(bare.c_str(), F_OK), 0);
  ASSERT_EQ(chmod(bare.c_str(), 0755), 0);
  setenv("TFXM_PYTHON", bare.c_str(), 1);
  status = RunFn(fine);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("has no TensorFlow; pip install 'tensorflow=="));

  unsetenv("TFXM_PYTHON");
  InstallTensorFlow("1.15.5");
  EXPECT_THAT(Message(fine),
              HasSubstr(absl::StrCat("has TensorFlow 1.15.5, but this tfxm is built with ", TFXM_TENSORFLOW_VERSION)));
}

// A module's folder is where people keep scripts of all names, and where they start tfxm.
TEST_F(PythonModuleTest, TheWorkingDirectoryAndTheModulesFolderHideNothing) {
  for (const char* name : {"random.py", "tensorflow.py", "json.py", "tfxm.py", "runtime.py"}) {
    Write(name, "raise RuntimeError('the wrong ' + __name__)\n");
  }
  Write("my_utils.py", "answer = 42\n");
  char cwd[4096];
  ASSERT_NE(getcwd(cwd, sizeof(cwd)), nullptr);
  ASSERT_EQ(chdir(dir_.c_str()), 0);
  setenv("PYTHONPATH", absl::StrCat(":", io::JoinPath(dir_, "site")).c_str(), 1);  // An empty part is the directory.
  const absl::Status status = RunFn(
      "import json, random, my_utils\nimport tensorflow as tf\n"
      "def run_fn(fn_args):\n  assert tf.real and random.random() < 1 and my_utils.answer == 42\n");
  ASSERT_EQ(chdir(cwd), 0);
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(PythonModuleTest, CodeThatPrintsForksAndChangesDirectoryIsNoTrouble) {
  const absl::Status status = RunFn(R"(
import os, sys, time
def run_fn(fn_args):
  for _ in range(40):
    print('x' * 50000, file=sys.stderr)
  os.chdir('/')
  if os.fork() == 0:
    return  # The child returns, too.
  os.wait()
  if os.fork() == 0:  # Stays behind, with the line to the engine open.
    os.closerange(0, 3)
    time.sleep(30)
    os._exit(0)
)");
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(PythonModuleTest, ItSaysHowFarItIsAndAsksTheEngine) {
  std::vector<std::string> messages;
  call_.progress = [&](absl::string_view message, double fraction) {
    messages.push_back(absl::StrCat(message, " ", fraction));
  };
  call_.services["double"] = [](const google::protobuf::Struct& arguments) -> absl::StatusOr<std::string> {
    const double x = arguments.fields().at("x").number_value();
    if (x < 0) return absl::InvalidArgumentError("negative");
    return absl::StrCat(2 * x);
  };
  const absl::Status status = RunFn(R"(
from tfxm.runtime import engine
def run_fn(fn_args):
  engine.progress('half', 0.5)
  assert engine.call('double', {'x': 21}) == '42'
  for name, x, expected in (('double', -1, 'negative'), ('triple', 1, 'the engine does no triple here')):
    try:
      engine.call(name, {'x': x})
      assert False
    except RuntimeError as error:
      assert str(error) == expected, error
)");
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(messages, testing::Contains("half 0.5"));
}

std::string HashOf(const ModuleSources& sources, absl::string_view name) {
  for (const auto& [file, hash] : sources.files) {
    if (absl::EndsWith(file, name)) return hash;
  }
  return "";
}

TEST_F(PythonModuleTest, ItsSourcesAreWhatItImportsFromItsFolderAndTheVersions) {
  Write("base.py", "import deeper.leaf\n");
  Write("deeper/__init__.py", "");
  Write("deeper/leaf.py", "x = 1\n");
  Write("beside.py", "y = 1\n");
  Write("not_imported.py", "z = 1\n");
  const std::string path = Write("module.py",
                                 "import os\nimport tensorflow as tf\nfrom tfx.examples.mnist import base\n"
                                 "def run_fn(fn_args):\n  import beside\n");
  const auto sources = FindModuleSources(path);
  ASSERT_TRUE(sources.ok()) << sources.status();
  for (const char* name : {"/module.py", "/base.py", "/deeper/leaf.py", "/deeper/__init__.py", "/beside.py", "Python",
                           "TensorFlow", "Keras"}) {
    EXPECT_FALSE(HashOf(*sources, name).empty()) << name;
  }
  EXPECT_TRUE(HashOf(*sources, "not_imported.py").empty());
  EXPECT_TRUE(HashOf(*sources, "tensorflow/__init__.py").empty());
  EXPECT_EQ(HashOf(*sources, "TensorFlow"), absl::StrCat(TFXM_TENSORFLOW_VERSION, ".0"));

  Write("deeper/leaf.py", "x = 2\n");
  EXPECT_NE(FindModuleSources(path)->Fingerprint(), sources->Fingerprint());
  Write("deeper/leaf.py", "x = 1\n");
  EXPECT_EQ(FindModuleSources(path)->Fingerprint(), sources->Fingerprint());
  InstallTensorFlow(absl::StrCat(TFXM_TENSORFLOW_VERSION, ".7"));
  EXPECT_NE(FindModuleSources(path)->Fingerprint(), sources->Fingerprint());
}

TEST_F(PythonModuleTest, ComponentsThatTakeCppOnlySaySo) {
  const absl::Status status = ModuleFile::Load(Write("metrics.py", "")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("metrics.py is in Python, but this takes one in C++ only"));
}

}  // namespace
}  // namespace tfxm
