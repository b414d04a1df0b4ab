#include "engine/tensor.h"

#include <utility>

#include "check.h"

using namespace sonotrack;

TEST("an owned tensor is zero and knows its size") {
  const Tensor tensor(DataType::kFloat32, {2, 3});
  EXPECT_EQ(tensor.count(), 6u);
  EXPECT_EQ(tensor.bytes(), 24u);
  EXPECT_EQ(tensor.data<float>()[5], 0.0f);
  const Tensor bytes(DataType::kUint8, {1, 5});
  EXPECT_EQ(bytes.bytes(), 5u);
}

TEST("a borrowed tensor is the lender's memory") {
  float values[] = {1, 2};
  Tensor tensor = Tensor::Borrow(values, {2});
  tensor.data<float>()[1] = 7;
  EXPECT_EQ(values[1], 7.0f);
  EXPECT(tensor.type() == DataType::kFloat32);
}

TEST("moving keeps the values where they are and leaves nothing behind") {
  Tensor a(DataType::kUint8, {3});
  const void* at = a.raw();
  Tensor b = std::move(a);
  EXPECT(b.raw() == at);
  EXPECT_EQ(a.count(), 0u);
  EXPECT(a.raw() == nullptr);
}

TEST("copying copies values, not memory") {
  Tensor a(DataType::kFloat32, {2}), b(DataType::kFloat32, {2});
  a.data<float>()[0] = 3;
  b.CopyFrom(a);
  a.data<float>()[0] = 4;
  EXPECT_EQ(b.data<float>()[0], 3.0f);
}

TEST("a description names type and shape") {
  EXPECT_EQ(Describe(DataType::kFloat32, {1, -1, 16}), std::string("f32[1, ?, 16]"));
  EXPECT_EQ(Describe(DataType::kUint8, {}), std::string("u8[]"));
}

TEST_MAIN("tensor")
