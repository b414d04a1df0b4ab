#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/fake_engine.h"
#include "models/models.h"

/**
 * Both models over functions that can be followed by hand. The letterbox is 16 px, the grid 8
 * cells, so that on a frame of 16 × 16 px a cell is 2 × 2 px. Memory is the sum of each channel and
 * features16's only value.
 */
namespace fake {

using sonotrack::DataType;
using sonotrack::FakeEngine;

inline constexpr int kSide = 16;
inline constexpr int kGrid = 8;
inline constexpr int kSlots = 3;
inline constexpr int kChannels = kSlots + 1;
inline constexpr int kCells = kGrid * kGrid;
inline constexpr int kPoints = 4;

struct World {
  World() {
    const auto f32 = DataType::kFloat32;
    const auto u8 = DataType::kUint8;
    const sonotrack::TensorSpec image{"image", u8, {1, 1, kSide, kSide}};
    const std::vector<sonotrack::TensorSpec> embedding = {{"embedding", f32, {1, 256, 1, 1}},
                                                          {"skip8", f32, {1, 2, 2, 2}},
                                                          {"skip4", f32, {1, 2, 4, 4}},
                                                          {"skip2", f32, {1, 2, 8, 8}}};
    const std::vector<sonotrack::TensorSpec> features = {{"features16", f32, {1, 1, 1, 1}},
                                                         {"features8", f32, {1, 1, 2, 2}},
                                                         {"features4", f32, {1, 1, 4, 4}}};
    const sonotrack::Shape masks = {1, kChannels, kGrid, kGrid};
    const sonotrack::Shape memory = {1, 1, kChannels + 1};
    engine->Add("sonosam-encoder", {image}, embedding, [](const FakeEngine::Call& call) {
      call.out("embedding")[0] = call.in<uint8_t>("image")[0];
    });
    auto decoder_inputs = embedding;
    decoder_inputs.push_back({"points", f32, {1, kPoints, 3}});
    decoder_inputs.push_back({"box", f32, {1, 4}});
    decoder_inputs.push_back({"previous", u8, {1, 1, kGrid, kGrid}});
    engine->Add("sonosam-decoder", decoder_inputs,
                {{"mask", f32, {1, 1, kGrid, kGrid}},
                 {"score", f32, {1}},
                 {"candidates", f32, {1, 3, kGrid, kGrid}},
                 {"candidate_scores", f32, {1, 3}}},
                [this](const FakeEngine::Call& call) { Decode(call); });
    engine->Add("deaot-encoder", {image}, features, [](const FakeEngine::Call& call) {
      call.out("features16")[0] = call.in<uint8_t>("image")[0];
    });
    engine->Add("deaot-memorize", {features[0], {"masks", f32, masks}}, {{"memory", f32, memory}},
                [](const FakeEngine::Call& call) {
                  for (int k = 0; k < kChannels; ++k) {
                    float sum = 0;
                    for (int i = 0; i < kCells; ++i) sum += call.in<float>("masks")[k * kCells + i];
                    call.out("memory")[k] = sum;
                  }
                  call.out("memory")[kChannels] = call.in<float>("features16")[0];
                });
    engine->Add("deaot-propagate",
                {image,
                 {"carried", f32, {3, kChannels, kGrid, kGrid}},
                 {"evidence", f32, {3, 2, kGrid, kGrid}},
                 {"known", f32, {3}},
                 features[0],
                 features[1],
                 features[2],
                 {"references", f32, {2, 1, kChannels + 1}},
                 {"previous_memory", f32, memory},
                 {"active", f32, {kChannels}}},
                {{"masks", f32, masks}, {"quality", f32, {kChannels}}},
                [this](const FakeEngine::Call& call) { Propagate(call); });
    models = std::make_unique<sonotrack::Models>(
        engine,
        sonotrack::GraphPaths{"sonosam-encoder", "sonosam-decoder", "deaot-encoder",
                              "deaot-memorize", "deaot-propagate"},
        sonotrack::ModelGeometry{kSide, kGrid, kPoints, kSlots}, 2);
  }

  /** Foreground inside the box, else within the cell of a foreground point, else where the previous
   * mask is. */
  void Decode(const FakeEngine::Call& call) {
    const float* p = call.in<float>("points");
    const float* b = call.in<float>("box");
    const uint8_t* v = call.in<uint8_t>("previous");
    points.assign(p, p + 3 * kPoints);
    box.assign(b, b + 4);
    previous.assign(v, v + kCells);
    for (int y = 0; y < kGrid; ++y) {
      for (int x = 0; x < kGrid; ++x) {
        bool inside = v[y * kGrid + x] > 127;
        for (int i = 0; i < kPoints; ++i) {
          inside = inside || (p[3 * i + 2] == 1 && static_cast<int>(p[3 * i] / 2) == x &&
                              static_cast<int>(p[3 * i + 1] / 2) == y);
        }
        if (b[2] > 0) inside = 2 * x >= b[0] && 2 * x < b[2] && 2 * y >= b[1] && 2 * y < b[3];
        const int cell = y * kGrid + x;
        call.out("mask")[cell] = inside ? 1.0f : -1.0f;
        for (int k = 0; k < 3; ++k)
          call.out("candidates")[k * kCells + cell] = x <= k ? 1.0f : -1.0f;
      }
    }
    call.out("score")[0] = 0.6f;
    for (int k = 0; k < 3; ++k) call.out("candidate_scores")[k] = 0.9f - 0.1f * k;
  }

  /** The masks are those that flow carried from the frame before. */
  void Propagate(const FakeEngine::Call& call) {
    const auto copy = [&](const char* name, int count) {
      const float* values = call.in<float>(name);
      return std::vector<float>(values, values + count);
    };
    active = copy("active", kChannels);
    references = copy("references", 2 * (kChannels + 1));
    known = copy("known", 3);
    previous_memory = copy("previous_memory", kChannels + 1);
    carried = copy("carried", 3 * kChannels * kCells);
    std::copy_n(carried.begin(), kChannels * kCells, call.out("masks"));
    for (int k = 0; k < kChannels; ++k) call.out("quality")[k] = 0.8f;
  }

  std::shared_ptr<FakeEngine> engine = std::make_shared<FakeEngine>();
  std::unique_ptr<sonotrack::Models> models;

  // What the decoder and the propagation saw last.
  std::vector<float> points, box;
  std::vector<uint8_t> previous;
  std::vector<float> active, references, known, carried, previous_memory;
};

/** A 16 × 16 px frame of one gray value. */
struct Frame {
  explicit Frame(uint8_t value) : data(kSide * kSide, value) {}
  sonotrack::FrameView view() const { return {data.data(), {kSide, kSide}, 1}; }
  std::vector<uint8_t> data;
};

/** A rectangle, half-open, on a 16 × 16 px frame. */
inline std::vector<uint8_t> Rectangle(int x0, int y0, int x1, int y1) {
  std::vector<uint8_t> bitmap(kSide * kSide);
  for (int y = y0; y < y1; ++y) std::fill_n(bitmap.begin() + y * kSide + x0, x1 - x0, uint8_t{1});
  return bitmap;
}

}  // namespace fake
