#include "core/dis_flow.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "check.h"

using namespace sonotrack;
using Bytes = std::vector<uint8_t>;
using Flow = std::vector<float>;
/** (x, y) → two numbers of that place. */
using Place = std::function<void(double, double, double*, double*)>;

namespace {

/** A texture that is known between the pixels too: waves in all directions, of 6 to 40 px. */
double Texture(double x, double y) {
  double sum = 0;
  for (int i = 0; i < 24; ++i) {
    const double angle = 2.4 * i;
    const double length = 6 + 34 * std::fmod(0.618 * i, 1.0);
    const double along = std::cos(angle) * x + std::sin(angle) * y;
    sum += std::sin(2 * M_PI * along / length + 1.7 * i);
  }
  return 128 + 22 * sum;
}

/** Gray u8[h, w]; pixel (x, y) shows the texture at `place(x, y)`. */
Bytes Render(Size size, const Place& place) {
  Bytes image;
  for (int y = 0; y < size.h; ++y) {
    for (int x = 0; x < size.w; ++x) {
      double at_x = 0;
      double at_y = 0;
      place(x, y, &at_x, &at_y);
      image.push_back(
          static_cast<uint8_t>(std::min(std::max(Texture(at_x, at_y) + 0.5, 0.0), 255.0)));
    }
  }
  return image;
}

Bytes Shifted(Size size, double dx, double dy) {
  return Render(size, [=](double x, double y, double* at_x, double* at_y) {
    *at_x = x - dx;
    *at_y = y - dy;
  });
}

Flow Compute(Size size, const Bytes& from, const Bytes& to, const DisFlowOptions& options = {},
             const float* initial = nullptr) {
  Flow flow(2 * size.area(), std::numeric_limits<float>::quiet_NaN());
  DisFlow(size.w, size.h, options).Compute(from.data(), to.data(), flow.data(), initial);
  return flow;
}

/** Mean end-point error in px against `truth(x, y)`, more than `border` px from the border. */
double Error(Size size, const Flow& flow, int border, const Place& truth) {
  double sum = 0;
  int count = 0;
  for (int y = border; y < size.h - border; ++y) {
    for (int x = border; x < size.w - border; ++x) {
      double u = 0;
      double v = 0;
      truth(x, y, &u, &v);
      const size_t i = 2 * (static_cast<size_t>(y) * static_cast<size_t>(size.w) + x);
      sum += std::hypot(flow[i] - u, flow[i + 1] - v);
      ++count;
    }
  }
  return sum / count;
}

double ShiftError(Size size, const Flow& flow, int border, double dx, double dy) {
  return Error(size, flow, border, [=](double, double, double* u, double* v) {
    *u = dx;
    *v = dy;
  });
}

/** The flow of a linear map about the centre, for a frame that is the other one mapped. */
double LinearError(Size size, double a, double b) {
  const double cx = 0.5 * (size.w - 1);
  const double cy = 0.5 * (size.h - 1);
  const Bytes from = Shifted(size, 0, 0);
  // `to` at p shows what `from` shows at the inverse of (a −b; b a).
  const double det = a * a + b * b;
  const Bytes to = Render(size, [=](double x, double y, double* at_x, double* at_y) {
    *at_x = cx + (a * (x - cx) + b * (y - cy)) / det;
    *at_y = cy + (a * (y - cy) - b * (x - cx)) / det;
  });
  return Error(size, Compute(size, from, to), 8, [=](double x, double y, double* u, double* v) {
    *u = (a - 1) * (x - cx) - b * (y - cy);
    *v = b * (x - cx) + (a - 1) * (y - cy);
  });
}

double Longest(const Flow& flow) {
  double longest = 0;
  for (size_t i = 0; i < flow.size(); i += 2) {
    const double length = std::hypot(flow[i], flow[i + 1]);
    if (!(length <= longest)) longest = length;  // NaN counts as long
  }
  return longest;
}

constexpr Size kSize{128, 128};

}  // namespace

TEST("a constant shift is recovered, x first, along the direction of motion") {
  const Bytes from = Shifted(kSize, 0, 0);
  EXPECT(ShiftError(kSize, Compute(kSize, from, Shifted(kSize, 3, 0)), 8, 3, 0) < 0.02);
  EXPECT(ShiftError(kSize, Compute(kSize, from, Shifted(kSize, 0, -2)), 8, 0, -2) < 0.02);
  const Flow flow = Compute(kSize, from, Shifted(kSize, -5.5, 4.25));
  EXPECT(ShiftError(kSize, flow, 12, -5.5, 4.25) < 0.03);
}

TEST("an image does not move against itself") {
  const Bytes image = Shifted(kSize, 0, 0);
  EXPECT(Longest(Compute(kSize, image, image)) < 1e-3);
}

TEST("a zoom by 5 % and a rotation by 4 degrees are recovered") {
  EXPECT(LinearError(kSize, 1.05, 0) < 0.07);
  EXPECT(LinearError(kSize, 1 / 1.05, 0) < 0.07);
  EXPECT(LinearError(kSize, std::cos(4 * M_PI / 180), std::sin(4 * M_PI / 180)) < 0.1);
}

TEST("a change of gray level is no motion") {
  const Bytes from = Shifted(kSize, 0, 0);
  Bytes to = Shifted(kSize, 2, 1);
  for (uint8_t& gray : to) gray = static_cast<uint8_t>(20 + 0.8 * gray);
  EXPECT(ShiftError(kSize, Compute(kSize, from, to), 8, 2, 1) < 0.05);
}

TEST("what no level searches for is found from the initial flow") {
  const Bytes from = Shifted(kSize, 0, 0);
  const Bytes to = Shifted(kSize, 30, -22);
  DisFlowOptions options;
  options.coarsest_scale = 0;
  EXPECT(ShiftError(kSize, Compute(kSize, from, to, options), 36, 30, -22) > 5);
  Flow initial;
  for (size_t i = 0; i < kSize.area(); ++i) initial.insert(initial.end(), {29, -21});
  const Flow flow = Compute(kSize, from, to, options, initial.data());
  EXPECT(ShiftError(kSize, flow, 36, 30, -22) < 0.05);
}

TEST("a wrong initial flow, even NaN, is passed over where the images say otherwise") {
  const Bytes from = Shifted(kSize, 0, 0);
  const Bytes to = Shifted(kSize, 2, 1);
  const Flow wrong(2 * kSize.area(), -20.0f);
  EXPECT(ShiftError(kSize, Compute(kSize, from, to, {}, wrong.data()), 12, 2, 1) < 0.05);
  const Flow nan(2 * kSize.area(), std::numeric_limits<float>::quiet_NaN());
  EXPECT(ShiftError(kSize, Compute(kSize, from, to, {}, nan.data()), 12, 2, 1) < 0.05);
}

TEST("a flat image gives a finite flow near zero") {
  const Bytes flat(kSize.area(), 90);
  EXPECT(Longest(Compute(kSize, flat, flat)) < 1e-6);
  EXPECT(Longest(Compute(kSize, flat, Bytes(kSize.area(), 120))) < 1e-3);
  EXPECT(Longest(Compute(kSize, flat, Shifted(kSize, 0, 0))) < 0.1);
}

TEST("the same images give the same flow, on the same object and on another") {
  const Bytes from = Shifted(kSize, 0, 0);
  const Bytes to = Shifted(kSize, 2.5, -1);
  const Flow first = Compute(kSize, from, to);
  DisFlow flow(kSize.w, kSize.h);
  Flow again(first.size());
  flow.Compute(to.data(), from.data(), again.data());
  EXPECT(again != first);
  flow.Compute(from.data(), to.data(), again.data());
  EXPECT(again == first);
}

TEST("two threads give the same flow as one, to the last bit") {
  for (const Size size : {kSize, Size{131, 97}, Size{7, 3}}) {
    const Bytes from = Shifted(size, 0, 0);
    const Bytes to = Shifted(size, 2.5, -1);
    DisFlowOptions options;
    const Flow initial = Compute(size, from, to, options);
    const Flow alone = Compute(size, to, from, options, initial.data());
    options.threads = 2;
    for (int i = 0; i < 20; ++i) {
      EXPECT(Compute(size, to, from, options, initial.data()) == alone);
    }
  }
}

TEST("sides need not be multiples of anything") {
  for (const Size size : {Size{97, 131}, Size{61, 200}}) {
    const Flow flow = Compute(size, Shifted(size, 0, 0), Shifted(size, 2, -1));
    EXPECT(ShiftError(size, flow, 8, 2, -1) < 0.02);
  }
  for (const Size size : {Size{1, 1}, Size{7, 3}, Size{9, 40}, Size{17, 8}}) {
    const Bytes image = Shifted(size, 0, 0);
    EXPECT(Longest(Compute(size, image, image)) < 1e-3);
    EXPECT(std::isfinite(Longest(Compute(size, image, Shifted(size, 50, 50)))));
  }
}

TEST("every patch size finds a shift, at any finest scale, with and without refinement") {
  const Bytes from = Shifted(kSize, 0, 0);
  const Bytes to = Shifted(kSize, 3, -2);
  for (const int patch : {4, 8, 12, 16}) {
    DisFlowOptions options;
    options.search.patch_size_px = patch;
    EXPECT(ShiftError(kSize, Compute(kSize, from, to, options), 12, 3, -2) < 0.02);
    options.finest_scale = 1;
    EXPECT(ShiftError(kSize, Compute(kSize, from, to, options), 12, 3, -2) < 0.05);
    options.finest_scale = 0;
    options.refinement.iterations = 0;
    EXPECT(ShiftError(kSize, Compute(kSize, from, to, options), 12, 3, -2) < 0.05);
  }
}

TEST("options out of range are refused") {
  const auto refuse = [](const char* part, const std::function<void(DisFlowOptions*)>& set) {
    DisFlowOptions options;
    set(&options);
    EXPECT_THROWS(ErrorCode::kInvalidArgument, part, DisFlow(64, 64, options));
  };
  refuse("`patch_size_px`", [](DisFlowOptions* o) { o->search.patch_size_px = 7; });
  refuse("`patch_stride_px`", [](DisFlowOptions* o) { o->search.patch_stride_px = 0; });
  refuse("`patch_stride_px`", [](DisFlowOptions* o) { o->search.patch_stride_px = 9; });
  refuse("`descent_iterations`", [](DisFlowOptions* o) { o->search.descent_iterations = -1; });
  refuse("`prior_weight`", [](DisFlowOptions* o) { o->search.prior_weight = -1; });
  refuse("`iterations`", [](DisFlowOptions* o) { o->refinement.iterations = -1; });
  refuse("`sweeps`", [](DisFlowOptions* o) { o->refinement.sweeps = 0; });
  refuse("`alpha`", [](DisFlowOptions* o) { o->refinement.alpha = 0; });
  refuse("`gamma`", [](DisFlowOptions* o) { o->refinement.gamma = NAN; });
  EXPECT_THROWS(ErrorCode::kInvalidArgument, "0 x 64", DisFlow(0, 64));
}

TEST_MAIN("dis_flow_test")
