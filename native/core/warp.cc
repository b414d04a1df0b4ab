#include "core/warp.h"

#include <algorithm>

#include "core/vectorise.h"

namespace sonotrack {

Warp::Warp(Size size)
    : size_(size),
      right_(size.w > 1 ? 1 : 0),
      below_(size.h > 1 ? size.w : 0),
      places_(size.area(), Place{0, 0, 0}) {}

SONOTRACK_CLONES void Warp::SetFlow(const float* flow_xy) {
  const int last_x = std::max(size_.w - 2, 0);
  const int last_y = std::max(size_.h - 2, 0);
  const float most_x = static_cast<float>(size_.w - 1);
  const float most_y = static_cast<float>(size_.h - 1);
  Place* place = places_.data();
  for (int y = 0; y < size_.h; ++y) {
    for (int x = 0; x < size_.w; ++x, ++place, flow_xy += 2) {
      const float at_x = std::min(std::max(static_cast<float>(x) + flow_xy[0], 0.0f), most_x);
      const float at_y = std::min(std::max(static_cast<float>(y) + flow_xy[1], 0.0f), most_y);
      const int x0 = std::min(static_cast<int>(at_x), last_x);
      const int y0 = std::min(static_cast<int>(at_y), last_y);
      *place = {y0 * size_.w + x0, at_x - static_cast<float>(x0), at_y - static_cast<float>(y0)};
    }
  }
}

void Warp::Carry(const float* image, float* out) const {
  for (const Place& place : places_) {
    const float* a = image + place.first;
    const float* b = a + below_;
    const float top = a[0] + place.fx * (a[right_] - a[0]);
    const float bottom = b[0] + place.fx * (b[right_] - b[0]);
    *out++ = top + place.fy * (bottom - top);
  }
}

SONOTRACK_CLONES void Warp::CarryFlow(const float* flow_xy, float* out) const {
  for (const Place& place : places_) {
    const float* a = flow_xy + 2 * place.first;
    const float* b = a + 2 * below_;
    for (int i = 0; i < 2; ++i) {
      const float top = a[i] + place.fx * (a[2 * right_ + i] - a[i]);
      const float bottom = b[i] + place.fx * (b[2 * right_ + i] - b[i]);
      *out++ = top + place.fy * (bottom - top);
    }
  }
}

void HalveImage(const float* image, Size half, float factor, float* out) {
  const auto width = static_cast<size_t>(half.w);
  for (size_t y = 0; y < static_cast<size_t>(half.h); ++y) {
    const float* a = image + 4 * y * width;
    const float* b = a + 2 * width;
    for (size_t x = 0; x < width; ++x) {
      *out++ = 0.25f * factor * ((a[2 * x] + a[2 * x + 1]) + (b[2 * x] + b[2 * x + 1]));
    }
  }
}

void HalveFlow(const float* flow_xy, Size half, float* out) {
  const auto width = static_cast<size_t>(half.w);
  for (size_t y = 0; y < static_cast<size_t>(half.h); ++y) {
    const float* a = flow_xy + 8 * y * width;
    const float* b = a + 4 * width;
    for (size_t x = 0; x < width; ++x, a += 4, b += 4) {
      *out++ = 0.125f * ((a[0] + a[2]) + (b[0] + b[2]));
      *out++ = 0.125f * ((a[1] + a[3]) + (b[1] + b[3]));
    }
  }
}

}  // namespace sonotrack
