#include "core/local_match.h"

#include <cmath>
#include <random>
#include <vector>

#include "check.h"

using namespace sonotrack;
using Floats = std::vector<float>;

namespace {

constexpr Size kSize{90, 31};  // of two bands

Floats Noise(unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> gray(120, 30);
  Floats image(kSize.area());
  for (float& v : image) v = gray(random);
  return image;
}

Floats Match(const Floats& a, const Floats& b) {
  Floats out(kSize.area());
  ForkJoin fork(2);
  LocalMatch(kSize).Compute(a.data(), b.data(), out.data(), &fork);
  return out;
}

/** The definition, window by window. */
float Direct(const Floats& a, const Floats& b, int x, int y) {
  const int radius = LocalMatch::kWindow / 2;
  double n = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (int v = std::max(y - radius, 0); v <= std::min(y + radius, kSize.h - 1); ++v) {
    for (int u = std::max(x - radius, 0); u <= std::min(x + radius, kSize.w - 1); ++u) {
      const auto i = static_cast<size_t>(v * kSize.w + u);
      n += 1, sa += a[i], sb += b[i];
      saa += a[i] * a[i], sbb += b[i] * b[i], sab += a[i] * b[i];
    }
  }
  const double va = saa / n - sa / n * sa / n + 4;
  const double vb = sbb / n - sb / n * sb / n + 4;
  return static_cast<float>((sab / n - sa / n * sb / n) / std::sqrt(va * vb));
}

}  // namespace

TEST("the match is the correlation of the windows, cut at the border") {
  const Floats a = Noise(1);
  Floats b = Noise(2);
  for (size_t i = 0; i < b.size(); ++i) b[i] = 0.5f * (a[i] + b[i]);
  const Floats match = Match(a, b);
  for (const auto& [x, y] :
       {std::pair{0, 0}, {15, 12}, {30, 23}, {3, 63}, {30, 64}, {9, 70}, {30, 89}}) {
    EXPECT_NEAR(match[static_cast<size_t>(y * kSize.w + x)], Direct(a, b, x, y), 2e-3f);
  }
}

TEST("gain and offset are no mismatch; an inverted image is the worst") {
  const Floats a = Noise(3);
  Floats brighter, inverted;
  for (const float v : a) {
    brighter.push_back(1.5f * v + 20);
    inverted.push_back(240 - v);
  }
  for (const float v : Match(a, brighter)) EXPECT(v > 0.98f);
  for (const float v : Match(a, inverted)) EXPECT(v < -0.98f);
}

TEST("flat windows match by 0") {
  const Floats flat(kSize.area(), 80);
  for (const float v : Match(flat, flat)) EXPECT_NEAR(v, 0.0f, 1e-3f);
}

TEST("a blur keeps what is constant, and spreads a point evenly") {
  Floats image(kSize.area(), 7);
  Floats scratch;
  BoxBlur3(kSize, 2, image.data(), &scratch);
  for (const float v : image) EXPECT_NEAR(v, 7.0f, 1e-4f);
  std::fill(image.begin(), image.end(), 0.0f);
  const size_t centre = 12 * 31 + 15;
  image[centre] = 1;
  BoxBlur3(kSize, 1, image.data(), &scratch);
  // Three boxes of 3: 7 / 27 in the middle of a line.
  EXPECT_NEAR(image[centre], 49.0f / 729, 1e-5f);
  EXPECT_NEAR(image[centre + 1], image[centre - 31], 1e-6f);
}

TEST_MAIN("local_match")
