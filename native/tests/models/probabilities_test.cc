#include "models/probabilities.h"

#include "check.h"

using namespace sonotrack;

namespace {

/** Channels of one cell each. */
std::vector<float> Values(const Tensor& masks) {
  return {masks.data<float>(), masks.data<float>() + masks.count()};
}

}  // namespace

TEST("the background is what the objects leave") {
  Tensor masks(DataType::kFloat32, {1, 3, 1, 1});
  SetProbabilities({{51}, {102}}, &masks);
  EXPECT_NEAR(Values(masks)[0], 0.4f, 1e-6f);
  EXPECT_NEAR(Values(masks)[1], 0.2f, 1e-6f);
  EXPECT_NEAR(Values(masks)[2], 0.4f, 1e-6f);
}

TEST("objects that overlap share a cell and leave no background") {
  Tensor masks(DataType::kFloat32, {1, 3, 1, 1});
  SetProbabilities({{255}, {85}}, &masks);
  EXPECT_EQ(Values(masks)[0], 0.0f);
  EXPECT_NEAR(Values(masks)[1], 0.75f, 1e-6f);
  EXPECT_NEAR(Values(masks)[2], 0.25f, 1e-6f);
}

TEST("channels without an object are emptied") {
  Tensor masks(DataType::kFloat32, {1, 3, 1, 1});
  masks.data<float>()[2] = 1;
  SetProbabilities({{0}}, &masks);
  EXPECT_EQ(Values(masks), (std::vector<float>{1, 0, 0}));
}

TEST(
    "a replaced channel takes from the others what it covers, and its old share goes to the "
    "background") {
  Tensor masks(DataType::kFloat32, {1, 3, 1, 2});
  // cells: (bg .2, a .3, b .5), (bg 0, a 1, b 0)
  const float values[] = {0.2f, 0, 0.3f, 1, 0.5f, 0};
  std::copy(values, values + 6, masks.data<float>());
  ReplaceChannel({51, 0}, 1, &masks);
  const std::vector<float> expected = {0.4f, 1, 0.2f, 0, 0.4f, 0};
  for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(Values(masks)[i], expected[i], 1e-6f);
}

TEST("a cleared channel goes to the background") {
  Tensor masks(DataType::kFloat32, {1, 2, 1, 1});
  masks.data<float>()[0] = 0.25f;
  masks.data<float>()[1] = 0.75f;
  ClearChannel(1, &masks);
  EXPECT_EQ(Values(masks), (std::vector<float>{1, 0}));
}

TEST_MAIN("probabilities")
