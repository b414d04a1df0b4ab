#include "core/warp.h"

#include <vector>

#include "check.h"

using namespace sonotrack;
using Floats = std::vector<float>;

namespace {

Floats Constant(Size size, float x, float y) {
  Floats flow;
  for (size_t i = 0; i < size.area(); ++i) flow.insert(flow.end(), {x, y});
  return flow;
}

Floats Carried(Size size, const Floats& flow, const Floats& image) {
  Warp warp(size);
  warp.SetFlow(flow.data());
  Floats out(size.area());
  warp.Carry(image.data(), out.data());
  return out;
}

const Floats kRamp = {0, 1, 2, 3, 4, 5, 6, 7, 8};

}  // namespace

TEST("an image is read where the flow points, the border repeats") {
  EXPECT_EQ(Carried({3, 3}, Constant({3, 3}, 1, 0), kRamp), (Floats{1, 2, 2, 4, 5, 5, 7, 8, 8}));
  EXPECT_EQ(Carried({3, 3}, Constant({3, 3}, 0, -0.5f), kRamp),
            (Floats{0, 1, 2, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f, 6.5f}));
  EXPECT_EQ(Carried({3, 3}, Constant({3, 3}, 0.5f, 0.5f), kRamp),
            (Floats{2, 3, 3.5f, 5, 6, 6.5f, 6.5f, 7.5f, 8}));
  EXPECT_EQ(Carried({3, 3}, Constant({3, 3}, -99, 99), kRamp), (Floats{6, 6, 6, 6, 6, 6, 6, 6, 6}));
}

TEST("a single row, a single column and a single pixel are read too") {
  EXPECT_EQ(Carried({1, 3}, Constant({1, 3}, 1, 1), {1, 2, 3}), (Floats{2, 3, 3}));
  EXPECT_EQ(Carried({3, 1}, Constant({3, 1}, 1, 1), {1, 2, 3}), (Floats{2, 3, 3}));
  EXPECT_EQ(Carried({1, 1}, Constant({1, 1}, 1, 1), {7}), (Floats{7}));
}

TEST("both values of a flow are carried alike") {
  const Size size{2, 2};
  const Floats values = {1, 10, 2, 20, 3, 30, 4, 40};
  Warp warp(size);
  warp.SetFlow(Constant(size, 0.5f, 0).data());
  Floats out(8);
  warp.CarryFlow(values.data(), out.data());
  EXPECT_EQ(out, (Floats{1.5f, 15, 2, 20, 3.5f, 35, 4, 40}));
}

TEST("halving takes means, and a flow's px are halved with the grid") {
  Floats half(2);
  HalveImage(Floats{1, 3, 0, 0, 5, 7, 0, 8}.data(), {1, 2}, 2, half.data());
  EXPECT_EQ(half, (Floats{8, 4}));
  Floats flow(2);
  HalveFlow(Floats{2, 4, 2, 4, 4, 8, 4, 8}.data(), {1, 1}, flow.data());
  EXPECT_EQ(flow, (Floats{1.5f, 3}));
}

TEST_MAIN("warp")
