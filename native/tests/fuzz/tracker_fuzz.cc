// Calls in any order, with any prompts and bitmaps: each is answered or refused, and nothing is
// lost.
#include <set>

#include "fuzz/fuzz.h"
#include "models/fake_models.h"
#include "models/tracker.h"

using namespace sonotrack;

namespace {

Prompts TakePrompts(FuzzedDataProvider* input, Size frame) {
  Prompts prompts;
  for (int i = input->ConsumeIntegralInRange(0, 18); i > 0; --i) {
    prompts.points.push_back(input->ConsumeBool() ? fuzz::TakeFloat(input)
                                                  : input->ConsumeIntegralInRange(0, 20));
  }
  if (input->ConsumeBool()) {
    prompts.box.emplace();
    for (float& corner : *prompts.box) corner = fuzz::TakeFloat(input);
  }
  if (input->ConsumeBool()) {
    prompts.previous = fuzz::TakeBytes(input, frame.area() - input->ConsumeBool());
  }
  prompts.multimask = input->ConsumeBool();
  return prompts;
}

/** One call; what it throws must be an error of this library. */
template <class Call>
bool Done(const Call& call) {
  try {
    call();
    return true;
  } catch (const Error& error) {
    FUZZ_EXPECT(error.what()[0] != '\0');
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  static fake::World world;  // its thread and graphs hold nothing of one input
  Tracker tracker(&world.models->deaot(), &world.models->sonosam(), fake::kSlots);
  const size_t memory = tracker.memory_bytes();
  Size frame = fuzz::TakeSize(&input, 24);
  std::set<int64_t> ids;
  bool started = false;
  Timings timings;
  const auto object = [&]() -> ObjectMask {
    return {input.ConsumeIntegralInRange<int64_t>(0, 5),
            fuzz::TakeBytes(&input, frame.area() - input.ConsumeBool())};
  };
  for (int calls = 0; calls < 40 && input.remaining_bytes() > 0; ++calls) {
    switch (input.ConsumeIntegralInRange(0, 7)) {
      case 0: {
        frame = fuzz::TakeSize(&input, 24);
        const auto pixels = fuzz::TakeBytes(&input, frame.area());
        std::vector<ObjectMask> objects(input.ConsumeIntegralInRange<size_t>(0, 4));
        for (ObjectMask& each : objects) each = object();
        if (!Done([&] { tracker.Start({pixels.data(), frame, 1}, objects, &timings); })) return 0;
        ids.clear();
        for (const ObjectMask& each : objects) ids.insert(each.id);
        started = true;
        break;
      }
      case 1: {
        const int64_t id = input.ConsumeIntegralInRange<int64_t>(0, 5);
        const Prompts prompts = TakePrompts(&input, frame);
        if (Done([&] { tracker.Correct(id, prompts, &timings); })) FUZZ_EXPECT(ids.count(id) == 1);
        break;
      }
      case 2: {
        const ObjectMask added = object();
        if (Done([&] { tracker.Add(added, &timings); })) {
          FUZZ_EXPECT(ids.insert(added.id).second);
        }
        break;
      }
      case 3: {
        const int64_t id = input.ConsumeIntegralInRange<int64_t>(0, 5);
        if (Done([&] { tracker.Remove(id, &timings); })) FUZZ_EXPECT(ids.erase(id) == 1);
        break;
      }
      case 4: {
        const ObjectMask replaced = object();
        if (Done([&] { tracker.Replace(replaced, &timings); })) {
          FUZZ_EXPECT(ids.count(replaced.id) == 1);
        }
        break;
      }
      case 5: {
        Embedding embedding = world.models->sonosam().NewEmbedding();
        const int channels = input.PickValueInArray({1, 3, 4});
        const auto pixels = fuzz::TakeBytes(&input, frame.area() * static_cast<size_t>(channels));
        world.models->sonosam().Encode("encode", {pixels.data(), frame, channels}, &embedding,
                                       &timings);
        const Prompts prompts = TakePrompts(&input, frame);
        Done([&] {
          const Prediction answer =
              world.models->sonosam().Predict("predict", embedding, prompts, &timings);
          FUZZ_EXPECT(answer.mask.bitmap.size() == frame.area());
        });
        break;
      }
      default: {
        const auto pixels = fuzz::TakeBytes(&input, frame.area());
        std::vector<TrackedObject> objects;
        const bool done = Done([&] {
          objects = tracker.Track({pixels.data(), frame, 1}, &timings);
        });
        FUZZ_EXPECT(done == started);
        if (done) FUZZ_EXPECT(objects.size() == ids.size());
        for (const TrackedObject& each : objects) {
          FUZZ_EXPECT(ids.count(each.id) == 1);
          FUZZ_EXPECT(each.mask.bitmap.size() == frame.area());
          FUZZ_EXPECT(each.quality >= 0 && each.quality <= 1);
        }
      }
    }
    FUZZ_EXPECT(tracker.memory_bytes() == memory);
  }
  return 0;
}
