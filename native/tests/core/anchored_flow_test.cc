#include "core/anchored_flow.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "check.h"

using namespace sonotrack;
using Bytes = std::vector<uint8_t>;

namespace {

constexpr int kSide = 96;
constexpr int kFrames = 12;  // of a cycle

/** Waves in all directions, of 5 to 25 px, a different set for each `seed`. */
double Texture(double x, double y, int seed) {
  double sum = 0;
  for (int i = 0; i < 20; ++i) {
    const double angle = 2.4 * (i + 31 * seed);
    const double length = 5 + 20 * std::fmod(0.618 * (i + 7 * seed), 1.0);
    sum += std::sin(2 * M_PI * (std::cos(angle) * x + std::sin(angle) * y) / length + 1.7 * i);
  }
  return 22 * sum;
}

/** Displacement of the tissue in x at a frame, px. */
double Sway(int frame) { return 4 * std::sin(2 * M_PI * frame / kFrames); }

/**
 * Tissue that sways; `renewal` of its speckle is another one's at half a cycle, and it is back
 * after a whole one.
 */
Bytes Frame(int frame, double renewal) {
  const double away = renewal * (0.5 - 0.5 * std::cos(2 * M_PI * frame / kFrames)) * M_PI / 2;
  Bytes image;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double at = x - Sway(frame);
      const double gray =
          128 + std::cos(away) * Texture(at, y, 0) + std::sin(away) * Texture(at, y, 1);
      image.push_back(static_cast<uint8_t>(std::min(std::max(gray + 0.5, 0.0), 255.0)));
    }
  }
  return image;
}

/** Mean of |flow − truth| in x of source `i`, px, away from the border. */
double FlowError(const AnchoredFlow& flow, size_t i, double truth) {
  double sum = 0;
  int count = 0;
  for (int y = 12; y < kSide - 12; ++y) {
    for (int x = 12; x < kSide - 12; ++x, ++count) {
      sum += std::abs(flow.flow(i)[2 * (y * kSide + x)] - truth);
    }
  }
  return sum / count;
}

double Mean(const float* values) {
  double sum = 0;
  for (int i = 0; i < kSide * kSide; ++i) sum += values[i];
  return sum / (kSide * kSide);
}

struct Stream {
  Stream() : flow(kSide), search(kSide, kSide) {}
  void Follow(const Bytes& frame) {
    flow.Follow(frame.data(), &search);
    flow.Accept();
  }
  AnchoredFlow flow;
  DisFlow search;
};

}  // namespace

TEST("a frame that comes again has no flow, a perfect match and hardly any variance") {
  Stream stream;
  const Bytes frame = Frame(0, 0);
  stream.flow.Start(frame.data());
  stream.Follow(frame);
  EXPECT(stream.flow.known(0) && stream.flow.known(1) && !stream.flow.known(2));
  EXPECT(FlowError(stream.flow, 0, 0) < 1e-3 && FlowError(stream.flow, 1, 0) < 1e-3);
  EXPECT(Mean(stream.flow.match(1)) > 0.99);
  EXPECT(Mean(stream.flow.variance(1)) < 1e-3);
}

TEST("the flow points to where the tissue was, on the frame before and on the anchor") {
  Stream stream;
  stream.flow.Start(Frame(0, 0).data());
  for (int t = 1; t <= 5; ++t) {
    stream.Follow(Frame(t, 0));
    EXPECT(FlowError(stream.flow, 0, Sway(t - 1) - Sway(t)) < 0.2);
    EXPECT(FlowError(stream.flow, 1, -Sway(t)) < 0.2);
  }
}

TEST("where speckle renews itself the variance grows, and is gone with the drift after a cycle") {
  Stream stream;
  stream.flow.Start(Frame(0, 1).data());
  double away = 0;
  for (int t = 1; t <= kFrames; ++t) {
    stream.Follow(Frame(t, 1));
    if (t == kFrames / 2) away = Mean(stream.flow.variance(1));
    // Even with nothing of the anchor's speckle left the flow into it is that of the tissue.
    EXPECT(FlowError(stream.flow, 1, -Sway(t)) < 0.8);
  }
  EXPECT(away > 0.02);
  EXPECT(Mean(stream.flow.variance(1)) < 0.1 * away);
  EXPECT(FlowError(stream.flow, 1, 0) < 0.05);
}

TEST("an anchor that is set anew is followed from that frame on, the other stays") {
  Stream stream;
  stream.flow.Start(Frame(0, 0).data());
  stream.Follow(Frame(1, 0));
  stream.Follow(Frame(2, 0));
  stream.flow.SetAnchor(1);
  stream.Follow(Frame(3, 0));
  EXPECT(stream.flow.known(2));
  EXPECT(FlowError(stream.flow, 2, Sway(2) - Sway(3)) < 0.2);
  EXPECT(FlowError(stream.flow, 1, -Sway(3)) < 0.2);
  stream.flow.Start(Frame(0, 0).data());
  EXPECT(!stream.flow.known(2));
}

TEST("a frame that is not accepted leaves the stream where it was") {
  Stream stream, other;
  for (Stream* s : {&stream, &other}) {
    s->flow.Start(Frame(0, 0).data());
    s->Follow(Frame(1, 0));
  }
  stream.flow.Follow(Frame(6, 1).data(), &stream.search);
  for (Stream* s : {&stream, &other}) s->Follow(Frame(2, 0));
  for (size_t i = 0; i < 2; ++i) {
    EXPECT(std::equal(stream.flow.flow(i), stream.flow.flow(i) + 2 * kSide * kSide,
                      other.flow.flow(i)));
  }
}

TEST("a step whose frames hardly match is found by what is left when they are blurred") {
  // Coarse anatomy that moves far, under fine speckle that is another one on every frame.
  const auto frame = [](double moved, int speckle) {
    Bytes image;
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const double gray = 128.5 + 0.3 * Texture((x - moved) / 3, y / 3.0, 0) +
                            0.5 * Texture(1.5 * x, 1.5 * y, speckle);
        image.push_back(static_cast<uint8_t>(std::min(std::max(gray, 0.0), 255.0)));
      }
    }
    return image;
  };
  const Bytes first = frame(0, 1), second = frame(7, 2);
  const auto error = [&](float jump_match) {
    AnchoredFlowOptions options;
    options.jump_match = jump_match;
    AnchoredFlow flow(kSide, options);
    DisFlow search(kSide, kSide);
    flow.Start(first.data());
    flow.Follow(second.data(), &search);
    return FlowError(flow, 0, -7);
  };
  EXPECT(error(1) < 0.7 * error(0));
  EXPECT_EQ(error(0.4f), error(1));
}

TEST("smaller frames than a patch of the search are followed too") {
  AnchoredFlow flow(2);
  DisFlow search(2, 2);
  const Bytes frame = {1, 2, 3, 4};
  flow.Start(frame.data());
  flow.Follow(frame.data(), &search);
  flow.Accept();
  EXPECT(std::abs(flow.flow(1)[0]) < 1e-3f);
}

TEST_MAIN("anchored_flow")
