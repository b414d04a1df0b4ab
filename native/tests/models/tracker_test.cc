#include "models/tracker.h"

#include <cmath>
#include <future>
#include <numeric>
#include <thread>

#include "check.h"
#include "fake_models.h"

using namespace sonotrack;
using fake::Frame;
using fake::Rectangle;

namespace {

/** A tracker over the fake models. */
struct Stage {
  explicit Stage(int max_objects = fake::kSlots)
      : tracker(&world.models->deaot(), &world.models->sonosam(), max_objects) {}

  void Start(const std::vector<ObjectMask>& objects, uint8_t value = 1) {
    tracker.Start(Frame(value).view(), objects, &timings);
  }
  std::vector<TrackedObject> Track(uint8_t value) {
    return tracker.Track(Frame(value).view(), &timings);
  }
  TrackedObject Correct(int64_t id, std::array<float, 4> box) {
    Prompts prompts;
    prompts.box = box;
    return tracker.Correct(id, prompts, &timings);
  }

  fake::World world;
  Tracker tracker;
  Timings timings;
};

using Floats = std::vector<float>;

/** Cells of an object in what flow carried from a source: 0 the frame before, 1 and 2 the
 * references. */
float CarriedArea(const fake::World& world, int source, int channel) {
  const auto first = world.carried.begin() + (source * fake::kChannels + channel) * fake::kCells;
  return std::accumulate(first, first + fake::kCells, 0.0f);
}

}  // namespace

TEST("nothing works before start") {
  Stage stage;
  EXPECT_THROWS(ErrorCode::kTrackerNotStarted, "start", stage.Track(1));
  EXPECT_THROWS(ErrorCode::kTrackerNotStarted, "start", stage.Correct(1, {0, 0, 2, 2}));
  EXPECT_THROWS(ErrorCode::kTrackerNotStarted, "start", stage.tracker.Remove(1, &stage.timings));
  EXPECT_THROWS(ErrorCode::kTrackerNotStarted, "start",
                stage.tracker.Add({1, Rectangle(0, 0, 2, 2)}, &stage.timings));
}

TEST("objects come back in ascending id, each with its mask, quality and score") {
  Stage stage;
  stage.Start({{7, Rectangle(0, 0, 4, 4)}, {-2, Rectangle(8, 8, 16, 12)}});
  const auto objects = stage.Track(2);
  EXPECT_EQ(objects.size(), 2u);
  EXPECT_EQ(objects[0].id, -2);
  EXPECT(objects[0].mask.bitmap == Rectangle(8, 8, 16, 12));
  EXPECT_EQ(objects[1].id, 7);
  EXPECT_EQ(objects[1].mask.area_px, 16);
  EXPECT_NEAR(objects[1].quality, 0.8f, 1e-6f);
  EXPECT_NEAR(objects[1].mask.score, 0.8f / 1.2f, 1e-6f);  // the IoU of a DSC of 0.8
  EXPECT_EQ(stage.world.active, (Floats{1, 1, 1, 0}));
}

TEST("objects may overlap at the start and never do afterwards") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 8, 8)}, {2, Rectangle(4, 4, 12, 12)}});
  const auto objects = stage.Track(2);
  int overlap = 0;
  for (size_t i = 0; i < objects[0].mask.bitmap.size(); ++i) {
    overlap += objects[0].mask.bitmap[i] & objects[1].mask.bitmap[i];
  }
  EXPECT_EQ(overlap, 0);
  EXPECT(objects[0].mask.area_px > 0 && objects[1].mask.area_px > 0);
}

TEST("each frame is propagated from the one before it") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}}, 11);
  stage.Track(12);
  EXPECT_EQ(stage.world.previous_memory, (Floats{60, 4, 0, 0, 11}));
  stage.Track(13);
  EXPECT_EQ(stage.world.previous_memory[4], 12.0f);
  EXPECT_EQ(stage.world.known, (Floats{1, 1, 0}));
  EXPECT_EQ(stage.world.references, (Floats{60, 4, 0, 0, 11, 0, 0, 0, 0, 0}));
}

TEST("a lost object stays listed with an empty mask and quality 0") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}});
  stage.world.engine->SetFunction("deaot-propagate", [](const FakeEngine::Call& call) {
    std::fill_n(call.out("masks"), call.out_count("masks"), 0.0f);
    std::fill_n(call.out("masks"), fake::kCells, 1.0f);
    std::fill_n(call.out("quality"), fake::kChannels, 0.7f);
  });
  const auto objects = stage.Track(2);
  EXPECT_EQ(objects.size(), 1u);
  EXPECT_EQ(objects[0].mask.area_px, 0);
  EXPECT(!objects[0].mask.box.has_value());
  EXPECT_EQ(objects[0].quality, 0.0f);
}

TEST("a correction replaces the object, becomes reference 1, and tracking goes on from it") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}, {2, Rectangle(8, 8, 12, 12)}}, 11);
  stage.Track(12);
  const TrackedObject corrected = stage.Correct(1, {0, 0, 8, 4});
  EXPECT_EQ(corrected.id, 1);
  EXPECT(corrected.mask.bitmap == Rectangle(0, 0, 8, 4));
  EXPECT_NEAR(corrected.quality, 1.2f / 1.6f, 1e-6f);  // the DSC of an IoU of 0.6
  const auto objects = stage.Track(13);
  EXPECT(objects[0].mask.bitmap == Rectangle(0, 0, 8, 4));
  EXPECT(objects[1].mask.bitmap == Rectangle(8, 8, 12, 12));
  EXPECT_EQ(stage.world.known, (Floats{1, 1, 1}));
  // Reference 0 is the first frame still; reference 1 and the previous frame are frame 12 as
  // corrected.
  EXPECT_EQ(stage.world.references, (Floats{56, 4, 4, 0, 11, 52, 8, 4, 0, 12}));
  EXPECT_EQ(stage.world.previous_memory, (Floats{52, 8, 4, 0, 12}));
}

TEST("an object is carried from the frame where a person last said what it is") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}, {2, Rectangle(8, 8, 12, 12)}}, 11);
  stage.Track(12);
  // Object 2 as drawn and as tracked: its border is mixed, the areas are the same.
  EXPECT_EQ(CarriedArea(stage.world, 0, 2), 4.0f);
  EXPECT_EQ(CarriedArea(stage.world, 1, 2), 4.0f);
  EXPECT_EQ(CarriedArea(stage.world, 2, 2), 0.0f);  // there is no second reference yet
  // The network loses both, a click brings object 1 back.
  stage.world.engine->SetFunction("deaot-propagate", [&](const FakeEngine::Call& call) {
    stage.world.Propagate(call);
    std::fill_n(call.out("masks"), fake::kCells, 1.0f);
    std::fill_n(call.out("masks") + fake::kCells, 3 * fake::kCells, 0.0f);
  });
  EXPECT_EQ(stage.Track(13)[0].mask.area_px, 0);
  stage.Correct(1, {0, 0, 8, 4});
  stage.Track(14);
  EXPECT_EQ(CarriedArea(stage.world, 0, 1), 8.0f);
  EXPECT_EQ(CarriedArea(stage.world, 1, 1), 8.0f);  // from its only anchor, the second reference
  EXPECT_EQ(CarriedArea(stage.world, 2, 1), 8.0f);
  EXPECT_EQ(CarriedArea(stage.world, 0, 2), 0.0f);
  EXPECT_EQ(CarriedArea(stage.world, 1, 2), 4.0f);  // untouched: still anchored to the first frame
  EXPECT_EQ(CarriedArea(stage.world, 2, 2), 4.0f);
  // The background is what is left.
  EXPECT_EQ(CarriedArea(stage.world, 1, 0), fake::kCells - 12.0f);
}

TEST("every reference shares an overlap of objects with different anchors alike") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 8, 8)}, {2, Rectangle(8, 8, 12, 12)}}, 11);
  // The network finds nothing, so that object 2 may be put where object 1 is drawn.
  stage.world.engine->SetFunction("deaot-propagate", [&](const FakeEngine::Call& call) {
    stage.world.Propagate(call);
    std::fill_n(call.out("masks"), fake::kCells, 1.0f);
    std::fill_n(call.out("masks") + fake::kCells, 3 * fake::kCells, 0.0f);
  });
  stage.Track(12);
  stage.Correct(2, {0, 0, 8, 8});
  stage.Track(13);
  for (const int source : {1, 2}) {
    EXPECT_EQ(CarriedArea(stage.world, source, 1), 8.0f);  // half of 16 cells each
    EXPECT_EQ(CarriedArea(stage.world, source, 2), 8.0f);
  }
}

TEST("another mask replaces an object's on the last frame, which becomes a reference") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}, {2, Rectangle(8, 8, 12, 12)}}, 11);
  stage.Track(12);
  stage.tracker.Replace({1, Rectangle(0, 8, 4, 16)}, &stage.timings);
  auto objects = stage.Track(13);
  EXPECT_EQ(stage.world.known, (Floats{1, 1, 1}));
  EXPECT(objects[0].mask.bitmap == Rectangle(0, 8, 4, 16));
  EXPECT(objects[1].mask.bitmap == Rectangle(8, 8, 12, 12));
  stage.tracker.Replace({1, Rectangle(0, 0, 0, 0)}, &stage.timings);
  objects = stage.Track(14);
  EXPECT_EQ(objects[0].mask.area_px, 0);  // lost, and still listed
  EXPECT_EQ(objects[0].id, 1);
  EXPECT_THROWS(ErrorCode::kUnknownObject, "object 8",
                stage.tracker.Replace({8, Rectangle(0, 0, 2, 2)}, &stage.timings));
  EXPECT_THROWS(ErrorCode::kInvalidArgument, "expected 256 values",
                stage.tracker.Replace({1, std::vector<uint8_t>(3)}, &stage.timings));
}

TEST("a correction takes a neighbour's pixels only where a foreground click lies in them") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}, {2, Rectangle(4, 0, 8, 4)}});
  const TrackedObject yielding = stage.Correct(1, {0, 0, 6, 4});
  EXPECT(yielding.mask.bitmap == Rectangle(0, 0, 4, 4));
  EXPECT_EQ(yielding.mask.area_px, 16);
  EXPECT(stage.Track(2)[1].mask.bitmap == Rectangle(4, 0, 8, 4));

  Prompts prompts;
  prompts.box = {0, 0, 6, 4};
  prompts.points = {5, 1, 1};
  stage.tracker.Correct(1, prompts, &stage.timings);
  const auto objects = stage.Track(3);
  EXPECT(objects[0].mask.bitmap == Rectangle(0, 0, 6, 4));
  EXPECT(objects[1].mask.bitmap == Rectangle(6, 0, 8, 4));
}

TEST("a correction starts from the tracked mask unless another is given") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}});
  Prompts prompts;
  prompts.points = {9, 9, 1};
  const TrackedObject grown = stage.tracker.Correct(1, prompts, &stage.timings);
  EXPECT_EQ(static_cast<int>(stage.world.previous[0]), 255);
  EXPECT_EQ(grown.mask.area_px, 20);  // 4 × 4 and the cell of the click
  prompts.previous = Rectangle(14, 14, 16, 16);
  stage.tracker.Correct(1, prompts, &stage.timings);
  EXPECT_EQ(static_cast<int>(stage.world.previous[0]), 0);
  EXPECT_EQ(static_cast<int>(stage.world.previous[fake::kCells - 1]), 255);
}

TEST("a second click on a frame costs the decoder only") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}});
  stage.Correct(1, {0, 0, 8, 4});
  stage.Correct(1, {0, 0, 8, 8});
  EXPECT_EQ(stage.world.engine->runs("sonosam-encoder"), 1);
  EXPECT_EQ(stage.world.engine->runs("sonosam-decoder"), 2);
  stage.Track(2);
  stage.Correct(1, {0, 0, 8, 4});
  EXPECT_EQ(stage.world.engine->runs("sonosam-encoder"), 2);
}

TEST("an added object is tracked from the next frame on") {
  Stage stage;
  stage.Start({{5, Rectangle(0, 0, 4, 4)}}, 11);
  stage.Track(12);
  stage.tracker.Add({3, Rectangle(8, 0, 12, 4)}, &stage.timings);
  const auto objects = stage.Track(13);
  EXPECT_EQ(objects.size(), 2u);
  EXPECT_EQ(objects[0].id, 3);
  EXPECT(objects[0].mask.bitmap == Rectangle(8, 0, 12, 4));
  EXPECT_EQ(stage.world.known, (Floats{1, 1, 1}));
  EXPECT_EQ(stage.world.references[9], 12.0f);
}

TEST("a removed object is gone from the masks, the references and the active channels") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}, {2, Rectangle(8, 8, 12, 12)}}, 11);
  stage.Track(12);
  stage.Correct(2, {8, 8, 16, 12});
  stage.tracker.Remove(1, &stage.timings);
  const auto objects = stage.Track(13);
  EXPECT_EQ(objects.size(), 1u);
  EXPECT_EQ(objects[0].id, 2);
  EXPECT_EQ(stage.world.active, (Floats{1, 0, 1, 0}));
  EXPECT_EQ(stage.world.references, (Floats{60, 0, 4, 0, 11, 56, 0, 8, 0, 12}));
  EXPECT_EQ(stage.world.previous_memory, (Floats{56, 0, 8, 0, 12}));
}

TEST("a new object takes a slot never used before, then a free one") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}, {2, Rectangle(8, 8, 12, 12)}});
  stage.tracker.Remove(1, &stage.timings);
  stage.tracker.Add({3, Rectangle(0, 8, 4, 12)}, &stage.timings);
  stage.Track(2);
  EXPECT_EQ(stage.world.active, (Floats{1, 0, 1, 1}));
  stage.tracker.Add({1, Rectangle(0, 0, 4, 4)}, &stage.timings);
  stage.Track(3);
  EXPECT_EQ(stage.world.active, (Floats{1, 1, 1, 1}));
  EXPECT_THROWS(ErrorCode::kTooManyObjects, "at most 3",
                stage.tracker.Add({9, Rectangle(0, 0, 4, 4)}, &stage.timings));
}

TEST("all objects may be removed") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}});
  stage.tracker.Remove(1, &stage.timings);
  EXPECT(stage.Track(2).empty());
}

TEST("a second start forgets the first, also its geometry") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}, {2, Rectangle(8, 8, 12, 12)}});
  stage.Correct(1, {0, 0, 8, 4});
  const std::vector<uint8_t> data(8 * 8, 50), bitmap(8 * 8, 1);
  stage.tracker.Start({data.data(), {8, 8}, 1}, {{4, bitmap}}, &stage.timings);
  const auto objects = stage.tracker.Track({data.data(), {8, 8}, 1}, &stage.timings);
  EXPECT_EQ(objects.size(), 1u);
  EXPECT_EQ(objects[0].id, 4);
  EXPECT_EQ(objects[0].mask.area_px, 64);
  EXPECT_EQ(stage.world.known, (Floats{1, 1, 0}));
  EXPECT_EQ(stage.world.references[9], 0.0f);
}

TEST("bad objects are refused and leave the tracker as it was") {
  Stage stage(2);
  stage.Start({{1, Rectangle(0, 0, 4, 4)}});
  const auto box = Rectangle(0, 0, 4, 4);
  EXPECT_THROWS(ErrorCode::kTooManyObjects, "at most 2",
                stage.Start({{1, box}, {2, box}, {3, box}}));
  EXPECT_THROWS(ErrorCode::kDuplicateObject, "object 2", stage.Start({{2, box}, {2, box}}));
  EXPECT_THROWS(ErrorCode::kEmptyMask, "object 4", stage.Start({{4, std::vector<uint8_t>(256)}}));
  EXPECT_THROWS(ErrorCode::kInvalidArgument, "expected 256 values", stage.Start({{4, {1, 1}}}));
  EXPECT_THROWS(ErrorCode::kDuplicateObject, "object 1",
                stage.tracker.Add({1, box}, &stage.timings));
  EXPECT_THROWS(ErrorCode::kEmptyMask, "object 2",
                stage.tracker.Add({2, std::vector<uint8_t>(256)}, &stage.timings));
  EXPECT_THROWS(ErrorCode::kUnknownObject, "object 8", stage.Correct(8, {0, 0, 2, 2}));
  EXPECT_THROWS(ErrorCode::kUnknownObject, "object 8", stage.tracker.Remove(8, &stage.timings));
  EXPECT_EQ(stage.Track(2)[0].id, 1);
}

TEST("a frame of another size is FRAME_GEOMETRY_CHANGED") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}});
  const std::vector<uint8_t> data(16 * 8);
  EXPECT_THROWS(ErrorCode::kFrameGeometryChanged, "received 8 × 16",
                stage.tracker.Track({data.data(), {16, 8}, 1}, &stage.timings));
  EXPECT_EQ(stage.Track(2).size(), 1u);
}

TEST("more objects than the graphs have slots are refused at construction") {
  EXPECT_THROWS(ErrorCode::kTooManyObjects, "expected 1 to 3 for `maxObjects`", Stage(4));
  EXPECT_THROWS(ErrorCode::kTooManyObjects, "received 0", Stage(0));
}

TEST("an inference that fails leaves the state as it was") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}}, 11);
  stage.Track(12);
  const auto good = [&](const FakeEngine::Call& call) { stage.world.Propagate(call); };
  stage.world.engine->SetFunction("deaot-propagate", [&](const FakeEngine::Call& call) {
    stage.world.Propagate(call);
    call.out("quality")[1] = NAN;
  });
  EXPECT_THROWS(ErrorCode::kInferenceFailed, "`quality`", stage.Track(13));
  stage.world.engine->SetFunction("deaot-propagate", good);
  EXPECT(stage.Track(14)[0].mask.bitmap == Rectangle(0, 0, 4, 4));
  EXPECT_EQ(stage.world.previous_memory[4], 12.0f);

  stage.world.engine->SetFunction("deaot-memorize", [](const FakeEngine::Call&) {
    throw Error(ErrorCode::kInferenceFailed, "remove", "out of memory");
  });
  EXPECT_THROWS(ErrorCode::kInferenceFailed, "out of memory",
                stage.tracker.Remove(1, &stage.timings));
  EXPECT_THROWS(ErrorCode::kInferenceFailed, "out of memory", stage.Correct(1, {8, 8, 16, 16}));
  EXPECT_THROWS(ErrorCode::kInferenceFailed, "out of memory",
                stage.Start({{9, Rectangle(0, 0, 2, 2)}}));
}

TEST("a run that hangs ends when the engine is cancelled") {
  Stage stage;
  stage.Start({{1, Rectangle(0, 0, 4, 4)}});
  std::promise<void> started;
  stage.world.engine->SetFunction("deaot-propagate", [&](const FakeEngine::Call& call) {
    started.set_value();
    call.HangUntilCancelled();
  });
  std::thread canceller([&] {
    started.get_future().wait();
    stage.world.engine->Cancel();
  });
  EXPECT_THROWS(ErrorCode::kInferenceCancelled, "cancelled", stage.Track(2));
  canceller.join();
}

TEST("memory is constant from construction on") {
  Stage stage;
  const size_t bytes = stage.tracker.memory_bytes();
  EXPECT_EQ(bytes,
            Tracker::MemoryBytes(stage.world.models->deaot(), stage.world.models->sonosam()));
  stage.Start({{1, Rectangle(0, 0, 4, 4)}});
  for (int i = 0; i < 20; ++i) stage.Track(static_cast<uint8_t>(i));
  stage.Correct(1, {0, 0, 8, 4});
  stage.tracker.Add({2, Rectangle(8, 8, 12, 12)}, &stage.timings);
  stage.tracker.Remove(1, &stage.timings);
  EXPECT_EQ(stage.tracker.memory_bytes(), bytes);
}

TEST("several trackers share the models without sharing state") {
  Stage stage;
  Tracker other(&stage.world.models->deaot(), &stage.world.models->sonosam(), 1);
  stage.Start({{1, Rectangle(0, 0, 4, 4)}}, 11);
  other.Start(Frame(50).view(), {{1, Rectangle(8, 8, 12, 12)}}, &stage.timings);
  EXPECT(stage.Track(12)[0].mask.bitmap == Rectangle(0, 0, 4, 4));
  EXPECT(other.Track(Frame(51).view(), &stage.timings)[0].mask.bitmap == Rectangle(8, 8, 12, 12));
  EXPECT_EQ(stage.world.previous_memory[4], 50.0f);
}

TEST_MAIN("tracker")
