#include "core/geometry.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace sonotrack {
namespace {

int RoundHalfUp(double value) { return static_cast<int>(std::floor(value + 0.5)); }

std::vector<GridTap> AxisTaps(int frame, int content, int side, int grid_side) {
  // Cells to the right of (below) the content belong to the padding, and say nothing about the
  // frame.
  const int last = (content * grid_side + side - 1) / side - 1;
  const double step = static_cast<double>(content) / frame * grid_side / side;
  std::vector<GridTap> taps(static_cast<size_t>(frame));
  for (int i = 0; i < frame; ++i) {
    const double at = std::clamp((i + 0.5) * step - 0.5, 0.0, static_cast<double>(last));
    const int i0 = static_cast<int>(at);
    taps[static_cast<size_t>(i)] = {i0, std::min(i0 + 1, last), static_cast<float>(at - i0)};
  }
  return taps;
}

}  // namespace

Letterbox FitLetterbox(Size frame, int side) {
  Letterbox box;
  box.frame = frame;
  box.side = side;
  box.scale = std::min(static_cast<double>(side) / frame.h, static_cast<double>(side) / frame.w);
  box.rh = std::clamp(RoundHalfUp(frame.h * box.scale), 1, side);
  box.rw = std::clamp(RoundHalfUp(frame.w * box.scale), 1, side);
  return box;
}

double FrameToModelX(const Letterbox& box, double x) { return x * box.rw / box.frame.w; }
double FrameToModelY(const Letterbox& box, double y) { return y * box.rh / box.frame.h; }
double ModelToFrameX(const Letterbox& box, double x) { return x * box.frame.w / box.rw; }
double ModelToFrameY(const Letterbox& box, double y) { return y * box.frame.h / box.rh; }

GridTaps GridTapsOf(const Letterbox& box, int grid_side) {
  GridTaps taps;
  taps.frame = box.frame;
  taps.grid_side = grid_side;
  taps.rows = AxisTaps(box.frame.h, box.rh, box.side, grid_side);
  taps.columns = AxisTaps(box.frame.w, box.rw, box.side, grid_side);
  return taps;
}

ResampleTaps ResampleTapsOf(int source, int destination) {
  ResampleTaps taps;
  taps.first.push_back(0);
  const auto add = [&taps](int64_t index, int64_t weight) {
    taps.index.push_back(static_cast<int>(index));
    taps.weight.push_back(static_cast<unsigned>(weight));
  };
  const int64_t src = source;
  const int64_t dst = destination;
  // In units of 1/dst source px, a source pixel is dst long and a destination pixel src long.
  for (int64_t i = 0; i < dst; ++i) {
    if (dst <= src) {
      for (int64_t j = i * src / dst; j * dst < (i + 1) * src; ++j) {
        add(j, std::min((i + 1) * src, (j + 1) * dst) - std::max(i * src, j * dst));
      }
    } else {
      // The centre lies at (i + 0.5) · src/dst − 0.5; in units of 1/(2 dst) that is an integer.
      const int64_t at = std::clamp((2 * i + 1) * src - dst, int64_t{0}, 2 * dst * (src - 1));
      const int64_t j = at / (2 * dst);
      const int64_t f = at % (2 * dst);
      add(j, 2 * dst - f);
      if (f > 0) add(j + 1, f);
    }
    taps.first.push_back(static_cast<int>(taps.index.size()));
  }
  taps.total = static_cast<unsigned>(dst <= src ? src : 2 * dst);
  return taps;
}

}  // namespace sonotrack
