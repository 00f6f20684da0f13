// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/model_edit.h"

#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/test_models.h"

namespace tfxm::rewriting {
namespace {

using ::testing::ElementsAre;

// As the converter writes the zoo's sensors_over_time, whose rows are several times the batch.
TEST(WithShapeSignaturesTest, AnOpenSideIsInTheSignature) {
  litert::testing::ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {1, 3});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {1, 3});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, x}, {y});
  b.InputsOutputs({x}, {y});
  const std::string closed = b.Finish();
  EXPECT_EQ(WithShapeSignatures(closed), closed);
  const std::unique_ptr<schema::ModelT> model(schema::GetModel(closed.data())->UnPack());
  model->subgraphs[0]->tensors[y]->shape = {-1, 3};
  const std::string open = litert::PackModel(*model);
  ASSERT_FALSE(litert::ModelFile::FromBytes(open, "open").ok());
  const std::string changed = WithShapeSignatures(open);
  ASSERT_TRUE(litert::ModelFile::FromBytes(changed, "changed").ok());
  const std::unique_ptr<schema::ModelT> seen(schema::GetModel(changed.data())->UnPack());
  EXPECT_THAT(seen->subgraphs[0]->tensors[y]->shape, ElementsAre(1, 3));
  EXPECT_THAT(seen->subgraphs[0]->tensors[y]->shape_signature, ElementsAre(-1, 3));
}

}  // namespace
}  // namespace tfxm::rewriting
