#include "core/mask.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace sonotrack {
namespace {

/** One frame row of a grid, read between two grid rows: f32[M, M] → f32[M]. */
void LerpRow(const float* grid, int side, const GridTap& tap, float* row) {
  const float* a = grid + static_cast<size_t>(tap.i0) * static_cast<size_t>(side);
  const float* b = grid + static_cast<size_t>(tap.i1) * static_cast<size_t>(side);
  for (int x = 0; x < side; ++x) row[x] = a[x] + (b[x] - a[x]) * tap.f;
}

float Read(const float* row, const GridTap& tap) {
  return row[tap.i0] + (row[tap.i1] - row[tap.i0]) * tap.f;
}

/** The half-open range of frame columns that read any of the cells from `first` to `last`. */
std::pair<size_t, size_t> ColumnsReading(const std::vector<GridTap>& columns, int first, int last) {
  const auto begin = std::partition_point(columns.begin(), columns.end(),
                                          [first](const GridTap& tap) { return tap.i1 < first; });
  const auto end = std::partition_point(begin, columns.end(),
                                        [last](const GridTap& tap) { return tap.i0 <= last; });
  return {begin - columns.begin(), end - columns.begin()};
}

/** Area and half-open box of a label, from its runs in the rows. */
struct Region {
  int64_t area = 0;
  int x0 = std::numeric_limits<int>::max();
  int y0 = 0;
  int x1 = 0;
  int y1 = 0;

  void AddRun(int y, int start, int end) {
    if (area == 0) y0 = y;
    y1 = y + 1;
    x0 = std::min(x0, start);
    x1 = std::max(x1, end);
    area += end - start;
  }
};

}  // namespace

void LogitsToBitmap(const float* logits, const GridTaps& taps, uint8_t* bitmap) {
  std::vector<float> row(static_cast<size_t>(taps.grid_side));
  for (const GridTap& tap : taps.rows) {
    LerpRow(logits, taps.grid_side, tap, row.data());
    for (const GridTap& column : taps.columns) *bitmap++ = Read(row.data(), column) > 0 ? 1 : 0;
  }
}

void ProbabilitiesToLabels(const float* probabilities, const std::vector<float>& active,
                           const GridTaps& taps, uint8_t* labels) {
  const size_t cells = static_cast<size_t>(taps.grid_side) * static_cast<size_t>(taps.grid_side);
  const size_t width = taps.columns.size();
  std::vector<float> row(static_cast<size_t>(taps.grid_side));
  std::vector<float> best(width);
  for (const GridTap& tap : taps.rows) {
    LerpRow(probabilities, taps.grid_side, tap, row.data());
    for (size_t x = 0; x < width; ++x) best[x] = Read(row.data(), taps.columns[x]);
    std::fill(labels, labels + width, uint8_t{0});
    const float lowest = *std::min_element(best.begin(), best.end());
    for (size_t channel = 1; channel < active.size(); ++channel) {
      if (active[channel] == 0) continue;
      LerpRow(probabilities + channel * cells, taps.grid_side, tap, row.data());
      // An object is small: it can win only between the first and the last cell above the lowest.
      const auto wins = [lowest](float value) { return value > lowest; };
      const auto first = std::find_if(row.begin(), row.end(), wins);
      if (first == row.end()) continue;
      const auto last = std::find_if(row.rbegin(), row.rend(), wins).base() - 1;
      const auto [begin, end] = ColumnsReading(taps.columns, static_cast<int>(first - row.begin()),
                                               static_cast<int>(last - row.begin()));
      for (size_t x = begin; x < end; ++x) {
        const float value = Read(row.data(), taps.columns[x]);
        if (value > best[x]) {
          best[x] = value;
          labels[x] = static_cast<uint8_t>(channel);
        }
      }
    }
    labels += width;
  }
}

std::vector<Mask> MasksOfLabels(const uint8_t* labels, Size size,
                                const std::vector<uint8_t>& values) {
  const size_t width = static_cast<size_t>(size.w);
  std::array<Region, 256> regions;
  for (int y = 0; y < size.h; ++y) {
    const uint8_t* row = labels + static_cast<size_t>(y) * width;
    for (int x = 0; x < size.w;) {
      const int start = x;
      const uint8_t value = row[x];
      while (x < size.w && row[x] == value) ++x;
      regions[value].AddRun(y, start, x);
    }
  }
  std::vector<Mask> masks(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const uint8_t value = values[i];
    const Region& region = regions[value];
    Mask& mask = masks[i];
    mask.bitmap.resize(size.area());
    mask.area_px = region.area;
    if (region.area == 0) continue;
    mask.box = {region.x0, region.y0, region.x1, region.y1};
    for (int y = region.y0; y < region.y1; ++y) {
      const size_t offset = static_cast<size_t>(y) * width;
      for (int x = region.x0; x < region.x1; ++x) {
        mask.bitmap[offset + static_cast<size_t>(x)] =
            labels[offset + static_cast<size_t>(x)] == value;
      }
    }
  }
  return masks;
}

void YieldToNeighbours(const uint8_t* labels, uint8_t own, const std::vector<size_t>& clicks,
                       Size size, uint8_t* bitmap) {
  const auto contested = [&](size_t i) {
    return bitmap[i] == 1 && labels[i] != 0 && labels[i] != own;
  };
  constexpr uint8_t kWon = 2;
  const size_t width = static_cast<size_t>(size.w);
  std::vector<size_t> open;
  const auto visit = [&](size_t i) {
    if (!contested(i)) return;
    bitmap[i] = kWon;
    open.push_back(i);
  };
  for (const size_t click : clicks) visit(click);
  while (!open.empty()) {
    const size_t i = open.back();
    open.pop_back();
    if (i % width > 0) visit(i - 1);
    if (i % width + 1 < width) visit(i + 1);
    if (i >= width) visit(i - width);
    if (i + width < size.area()) visit(i + width);
  }
  for (size_t i = 0; i < size.area(); ++i) {
    if (bitmap[i] != 0) bitmap[i] = !contested(i);
  }
}

void Measure(const uint8_t* bitmap, Size size, Mask* mask) {
  int x0 = size.w, y0 = size.h, x1 = 0, y1 = 0;
  int64_t area = 0;
  for (int y = 0; y < size.h; ++y) {
    const uint8_t* row = bitmap + static_cast<size_t>(y) * static_cast<size_t>(size.w);
    int count = 0;
    for (int x = 0; x < size.w; ++x) count += row[x] != 0;
    if (count == 0) continue;
    area += count;
    y0 = std::min(y0, y);
    y1 = y + 1;
    const auto is_set = [](uint8_t v) { return v != 0; };
    x0 = std::min(x0, static_cast<int>(std::find_if(row, row + size.w, is_set) - row));
    int last = size.w;
    while (row[last - 1] == 0) --last;
    x1 = std::max(x1, last);
  }
  mask->area_px = area;
  mask->box = area > 0 ? std::optional<PixelBox>({x0, y0, x1, y1}) : std::nullopt;
}

}  // namespace sonotrack
