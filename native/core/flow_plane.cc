#include "core/flow_plane.h"

#include <algorithm>

namespace sonotrack {

FlowPlane::FlowPlane(Size size, int pad)
    : size_(size),
      pad_(pad),
      stride_(static_cast<size_t>(size.w + 2 * pad)),
      data_(stride_ * static_cast<size_t>(size.h + 2 * pad), 0.0f) {}

void FlowPlane::FillMargin() {
  if (pad_ == 0) return;
  for (int y = 0; y < size_.h; ++y) {
    float* r = row(y);
    std::fill(r - pad_, r, r[0]);
    std::fill(r + size_.w, r + size_.w + pad_, r[size_.w - 1]);
  }
  for (int y = 1; y <= pad_; ++y) {
    std::copy_n(row(0) - pad_, stride_, row(-y) - pad_);
    std::copy_n(row(size_.h - 1) - pad_, stride_, row(size_.h - 1 + y) - pad_);
  }
}

void FlowPlane::Fill(float value) { std::fill(data_.begin(), data_.end(), value); }

void LoadGray(const uint8_t* gray, Size size, FlowPlane* plane) {
  const Size full = plane->size();
  for (int y = 0; y < full.h; ++y) {
    const uint8_t* from =
        gray + static_cast<size_t>(std::min(y, size.h - 1)) * static_cast<size_t>(size.w);
    float* to = plane->row(y);
    for (int x = 0; x < size.w; ++x) to[x] = static_cast<float>(from[x]);
    std::fill(to + size.w, to + full.w, to[size.w - 1]);
  }
  plane->FillMargin();
}

void HalvePlane(const FlowPlane& source, FlowPlane* half) {
  const Size size = half->size();
  for (int y = 0; y < size.h; ++y) {
    const float* a = source.row(2 * y);
    const float* b = source.row(2 * y + 1);
    float* to = half->row(y);
    for (int x = 0; x < size.w; ++x) {
      to[x] = 0.25f * ((a[2 * x] + a[2 * x + 1]) + (b[2 * x] + b[2 * x + 1]));
    }
  }
  half->FillMargin();
}

float ReadPlane(const FlowPlane& plane, float x, float y) {
  const Size size = plane.size();
  x = std::min(std::max(x, 0.0f), static_cast<float>(size.w - 1));
  y = std::min(std::max(y, 0.0f), static_cast<float>(size.h - 1));
  const int x0 = std::min(static_cast<int>(x), std::max(size.w - 2, 0));
  const int y0 = std::min(static_cast<int>(y), std::max(size.h - 2, 0));
  const int x1 = std::min(x0 + 1, size.w - 1);
  const float fx = x - static_cast<float>(x0);
  const float fy = y - static_cast<float>(y0);
  const float* a = plane.row(y0);
  const float* b = plane.row(std::min(y0 + 1, size.h - 1));
  const float top = a[x0] + fx * (a[x1] - a[x0]);
  const float bottom = b[x0] + fx * (b[x1] - b[x0]);
  return top + fy * (bottom - top);
}

void EnlargeFlow(const FlowField& flow, int scale, Size size, float* flow_xy) {
  if (scale == 0) {
    for (int y = 0; y < size.h; ++y) {
      const float* from_x = flow.x.row(y);
      const float* from_y = flow.y.row(y);
      float* out = flow_xy + 2 * static_cast<size_t>(y) * static_cast<size_t>(size.w);
      for (int x = 0; x < size.w; ++x) {
        out[2 * x] = from_x[x];
        out[2 * x + 1] = from_y[x];
      }
    }
    return;
  }
  const int step = 1 << scale;
  const float times = static_cast<float>(step);
  const int last_x = flow.x.size().w - 1;
  const int last_y = flow.x.size().h - 1;
  for (int y = 0; y < size.h; ++y) {
    const float at_y = std::max((static_cast<float>(y) + 0.5f) / times - 0.5f, 0.0f);
    const int y0 = std::min(static_cast<int>(at_y), last_y);
    const int y1 = std::min(y0 + 1, last_y);
    const float fy = at_y - static_cast<float>(y0);
    const float* ax = flow.x.row(y0);
    const float* bx = flow.x.row(y1);
    const float* ay = flow.y.row(y0);
    const float* by = flow.y.row(y1);
    float* out = flow_xy + 2 * static_cast<size_t>(y) * static_cast<size_t>(size.w);
    for (int x = 0; x < size.w; ++x) {
      const float at_x = std::max((static_cast<float>(x) + 0.5f) / times - 0.5f, 0.0f);
      const int x0 = static_cast<int>(at_x);
      const int x1 = std::min(x0 + 1, last_x);
      const float fx = at_x - static_cast<float>(x0);
      const float left_x = ax[x0] + fy * (bx[x0] - ax[x0]);
      const float right_x = ax[x1] + fy * (bx[x1] - ax[x1]);
      const float left_y = ay[x0] + fy * (by[x0] - ay[x0]);
      const float right_y = ay[x1] + fy * (by[x1] - ay[x1]);
      out[2 * x] = times * (left_x + fx * (right_x - left_x));
      out[2 * x + 1] = times * (left_y + fx * (right_y - left_y));
    }
  }
}

void ShrinkFlow(const float* flow_xy, Size size, int scale, FlowField* flow) {
  const int step = 1 << scale;
  const Size grid = flow->x.size();
  for (int y = 0; y < grid.h; ++y) {
    for (int x = 0; x < grid.w; ++x) {
      // The grid may reach beyond the image: there the nearest square counts.
      const int x0 = std::min(x * step, (size.w - 1) / step * step);
      const int y0 = std::min(y * step, (size.h - 1) / step * step);
      const int x1 = std::min(x0 + step, size.w);
      const int y1 = std::min(y0 + step, size.h);
      float sum_x = 0;
      float sum_y = 0;
      for (int v = y0; v < y1; ++v) {
        const float* r = flow_xy + 2 * static_cast<size_t>(v) * static_cast<size_t>(size.w);
        for (int u = x0; u < x1; ++u) {
          sum_x += r[2 * u];
          sum_y += r[2 * u + 1];
        }
      }
      const float weight = 1.0f / static_cast<float>((x1 - x0) * (y1 - y0) * step);
      flow->x.row(y)[x] = sum_x * weight;
      flow->y.row(y)[x] = sum_y * weight;
    }
  }
}

}  // namespace sonotrack
