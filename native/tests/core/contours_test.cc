#include "core/contours.h"

#include "check.h"

using namespace sonotrack;
using Bytes = std::vector<uint8_t>;
using Points = std::vector<float>;

namespace {

std::vector<Points> Contours(const Bytes& bitmap, Size size) {
  return MaskContours(bitmap.data(), size);
}

/** Twice the signed area of a polygon; on the screen (y down) positive is clockwise. */
double Area2(const Points& p) {
  double sum = 0;
  for (size_t i = 0; i < p.size(); i += 2) {
    const size_t j = (i + 2) % p.size();
    sum += static_cast<double>(p[i]) * p[j + 1] - static_cast<double>(p[j]) * p[i + 1];
  }
  return sum;
}

}  // namespace

TEST("an empty mask has no contour") { EXPECT(Contours(Bytes(9), {3, 3}).empty()); }

TEST("a single pixel has the four corners of the pixel, clockwise") {
  EXPECT_EQ(Contours({0, 0, 0, 0, 1, 0, 0, 0, 0}, {3, 3}),
            (std::vector<Points>{{1, 1, 2, 1, 2, 2, 1, 2}}));
}

TEST("collinear points are left out") {
  EXPECT_EQ(Contours(Bytes(6, 1), {2, 3}), (std::vector<Points>{{0, 0, 3, 0, 3, 2, 0, 2}}));
}

TEST("an L has six corners") {
  EXPECT_EQ(Contours({1, 0, 0, 1, 0, 0, 1, 1, 0}, {3, 3}),
            (std::vector<Points>{{0, 0, 1, 0, 1, 2, 2, 2, 2, 3, 0, 3}}));
}

TEST("a hole runs the other way") {
  const auto contours = Contours({1, 1, 1, 1, 0, 1, 1, 1, 1}, {3, 3});
  EXPECT_EQ(contours, (std::vector<Points>{{0, 0, 3, 0, 3, 3, 0, 3}, {1, 2, 2, 2, 2, 1, 1, 1}}));
  EXPECT_EQ(Area2(contours[0]), 18.0);
  EXPECT_EQ(Area2(contours[1]), -2.0);
}

TEST("pixels that touch at a corner share a contour") {
  const auto contours = Contours({1, 0, 0, 1}, {2, 2});
  EXPECT_EQ(contours, (std::vector<Points>{{0, 0, 1, 0, 1, 1, 2, 1, 2, 2, 1, 2, 1, 1, 0, 1}}));
}

TEST("separate objects come in the order of their top edges") {
  const auto contours = Contours({0, 0, 1, 1, 0, 0}, {2, 3});
  EXPECT_EQ(contours.size(), 2u);
  EXPECT_EQ(contours[0][0], 2.0f);
  EXPECT_EQ(contours[1][0], 0.0f);
}

TEST("outer areas minus holes are the pixels, for any mask") {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    Bytes bitmap(13 * 11);
    int pixels = 0;
    uint32_t random = seed;
    for (uint8_t& value : bitmap) {
      random = random * 1664525u + 1013904223u;
      value = (random >> 24) < 40 + seed * 4;
      pixels += value;
    }
    double area = 0;
    for (const Points& points : Contours(bitmap, {13, 11})) area += Area2(points) / 2;
    EXPECT_EQ(area, static_cast<double>(pixels));
  }
}

TEST_MAIN("contours")
