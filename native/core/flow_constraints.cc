#include "core/flow_constraints.h"

#include <algorithm>
#include <cmath>

namespace sonotrack {
namespace {

/** Added to the squared gradient by which a constraint is normalised, gray levels². */
constexpr float kGradient2 = 0.01f;
/** Half the side of the window of the confidence, px. */
constexpr int kRadius = 2;
/** Rows that a thread takes at a time. */
constexpr int kBandRows = 32;
/** Added to the mean squared gradient of the confidence, gray levels². */
constexpr float kTexture2 = 0.1f;

}  // namespace

ColourConstraints::ColourConstraints(Size size) {
  for (Constraint* c : {&gray, &across, &down}) c->x = c->y = c->t = FlowPlane(size, 0);
}

FlowConstraints::FlowConstraints(Size size, float noise_weight)
    : size_(size),
      noise_weight_(noise_weight),
      mean_(size, 2),
      change_(size, kRadius),
      gx_(size, kRadius),
      gy_(size, kRadius),
      confidence_(size, 0) {
  Columns columns;
  for (auto& sums : columns) sums.resize(static_cast<size_t>(size.w + 2 * kRadius));
  columns_.assign(static_cast<size_t>(size.h / kBandRows + 1), columns);
}

void FlowConstraints::Linearise(const FlowPlane& from, const FlowPlane& to, const FlowField& flow,
                                ForkJoin* fork) {
  fork->ForRows(size_.h, kBandRows,
                [&](int first, int end) { Compare(from, to, flow, first, end); });
  mean_.FillMargin();
  change_.FillMargin();
  fork->ForRows(size_.h, kBandRows, [&](int first, int end) { Derive(first, end); });
  gx_.FillMargin();
  gy_.FillMargin();
  fork->ForRows(size_.h, kBandRows, [&](int first, int end) { FindConfidence(first, end); });
}

/** Fills `mean_` and `change_`. */
SONOTRACK_CLONES void FlowConstraints::Compare(const FlowPlane& from, const FlowPlane& to,
                                               const FlowField& flow, int first_row, int end_row) {
  for (int y = first_row; y < end_row; ++y) {
    const float* u = flow.x.row(y);
    const float* v = flow.y.row(y);
    const float* own = from.row(y);
    float* mean = mean_.row(y);
    float* change = change_.row(y);
    const float last_x = static_cast<float>(size_.w - 1);
    const float last_y = static_cast<float>(size_.h - 1);
    for (int x = 0; x < size_.w; ++x) {
      const float at_x = std::min(std::max(0.0f, static_cast<float>(x) + u[x]), last_x);
      const float at_y = std::min(std::max(0.0f, static_cast<float>(y) + v[x]), last_y);
      const int x0 = static_cast<int>(at_x);
      const int y0 = static_cast<int>(at_y);
      const float fx = at_x - static_cast<float>(x0);
      const float fy = at_y - static_cast<float>(y0);
      const float* a = to.row(y0) + x0;
      const float* b = a + to.stride();
      const float top = a[0] + fx * (a[1] - a[0]);
      const float bottom = b[0] + fx * (b[1] - b[0]);
      const float warped = top + fy * (bottom - top);
      mean[x] = 0.5f * (warped + own[x]);
      change[x] = warped - own[x];
    }
  }
}

/** Fills the first derivatives of the mean. */
SONOTRACK_CLONES void FlowConstraints::Derive(int first_row, int end_row) {
  for (int y = first_row; y < end_row; ++y) {
    const float* row = mean_.row(y);
    const float* above = mean_.row(y - 1);
    const float* below = mean_.row(y + 1);
    const float* above2 = mean_.row(y - 2);
    const float* below2 = mean_.row(y + 2);
    float* gx = gx_.row(y);
    float* gy = gy_.row(y);
    // (1, −8, 0, 8, −1) / 12, as Brox et al. do
    SONOTRACK_INDEPENDENT
    for (int x = 0; x < size_.w; ++x) {
      gx[x] = (8 * (row[x + 1] - row[x - 1]) - (row[x + 2] - row[x - 2])) * (1.0f / 12);
      gy[x] = (8 * (below[x] - above[x]) - (below2[x] - above2[x])) * (1.0f / 12);
    }
  }
}

/** Fills `confidence_`. */
SONOTRACK_CLONES void FlowConstraints::FindConfidence(int first_row, int end_row) {
  constexpr int kSide = 2 * kRadius + 1;
  const float share = 1.0f / (kSide * kSide);
  const float noise_weight = noise_weight_;
  const int width = size_.w;
  Columns& columns = columns_[static_cast<size_t>(first_row / kBandRows)];
  float* textures = columns[0].data();
  float* changes = columns[1].data();
  float* squares = columns[2].data();
  for (int y = first_row; y < end_row; ++y) {
    for (auto& sums : columns) std::fill(sums.begin(), sums.end(), 0.0f);
    for (int v = y - kRadius; v <= y + kRadius; ++v) {
      const float* gx = gx_.row(v) - kRadius;
      const float* gy = gy_.row(v) - kRadius;
      const float* change = change_.row(v) - kRadius;
      SONOTRACK_INDEPENDENT
      for (int x = 0; x < width + 2 * kRadius; ++x) {
        textures[x] += gx[x] * gx[x] + gy[x] * gy[x];
        changes[x] += change[x];
        squares[x] += change[x] * change[x];
      }
    }
    float* confidence = confidence_.row(y);
    SONOTRACK_INDEPENDENT
    for (int x = 0; x < width; ++x) {
      float texture = 0, change = 0, square = 0;
      for (int u = 0; u < kSide; ++u) {
        texture += textures[x + u];
        change += changes[x + u];
        square += squares[x + u];
      }
      texture = share * texture + kTexture2;
      const float noise = share * square - share * change * share * change;
      confidence[x] = texture / (texture + noise_weight * std::max(noise, 0.0f));
    }
  }
}

/** The constraints are divided by the length of their gradient, and take the confidence. */
SONOTRACK_CLONES void FlowConstraints::Pick(int colour, int first_row, int end_row,
                                            ColourConstraints* out) const {
  const int count = size_.w / 2;
  for (int y = first_row; y < end_row; ++y) {
    const int first = (y + colour) & 1;
    const float* gx = gx_.row(y) + first;
    const float* gy = gy_.row(y) + first;
    const float* confidence = confidence_.row(y) + first;
    const float* gx_above = gx_.row(y - 1) + first;
    const float* gx_below = gx_.row(y + 1) + first;
    const float* gy_above = gy_.row(y - 1) + first;
    const float* gy_below = gy_.row(y + 1) + first;
    const float* change = change_.row(y) + first;
    const float* change_above = change_.row(y - 1) + first;
    const float* change_below = change_.row(y + 1) + first;
    float* gray_x = out->gray.x.row(y);
    float* gray_y = out->gray.y.row(y);
    float* gray_t = out->gray.t.row(y);
    SONOTRACK_INDEPENDENT
    for (int k = 0; k < count; ++k) {
      const float ix = gx[2 * k];
      const float iy = gy[2 * k];
      const float scale = confidence[2 * k] / std::sqrt(ix * ix + iy * iy + kGradient2);
      gray_x[k] = scale * ix;
      gray_y[k] = scale * iy;
      gray_t[k] = scale * change[2 * k];
    }
    float* across_x = out->across.x.row(y);
    float* across_y = out->across.y.row(y);
    float* across_t = out->across.t.row(y);
    SONOTRACK_INDEPENDENT
    for (int k = 0; k < count; ++k) {
      const float xx = 0.5f * (gx[2 * k + 1] - gx[2 * k - 1]);
      const float xy = 0.5f * (gx_below[2 * k] - gx_above[2 * k]);
      const float xt = 0.5f * (change[2 * k + 1] - change[2 * k - 1]);
      const float scale = confidence[2 * k] / std::sqrt(xx * xx + xy * xy + kGradient2);
      across_x[k] = scale * xx;
      across_y[k] = scale * xy;
      across_t[k] = scale * xt;
    }
    float* down_x = out->down.x.row(y);
    float* down_y = out->down.y.row(y);
    float* down_t = out->down.t.row(y);
    SONOTRACK_INDEPENDENT
    for (int k = 0; k < count; ++k) {
      const float xy = 0.5f * (gy[2 * k + 1] - gy[2 * k - 1]);
      const float yy = 0.5f * (gy_below[2 * k] - gy_above[2 * k]);
      const float yt = 0.5f * (change_below[2 * k] - change_above[2 * k]);
      const float scale = confidence[2 * k] / std::sqrt(xy * xy + yy * yy + kGradient2);
      down_x[k] = scale * xy;
      down_y[k] = scale * yy;
      down_t[k] = scale * yt;
    }
  }
}

}  // namespace sonotrack
