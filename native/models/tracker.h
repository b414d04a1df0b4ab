#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/anchored_flow.h"
#include "core/mask.h"
#include "core/resize.h"
#include "core/timings.h"
#include "core/warp.h"
#include "models/deaot.h"
#include "models/sonosam_lite.h"

namespace sonotrack {

/** An object and its bitmap, u8 of the frame's size (non-zero is 1). */
struct ObjectMask {
  int64_t id = 0;
  std::vector<uint8_t> bitmap;
};

struct TrackedObject {
  int64_t id = 0;
  /** Empty when the object is lost. */
  Mask mask;
  /** Estimated DSC, 0–1. */
  float quality = 0;
};

/**
 * The tracking state of one stream. All of it is allocated at construction: frame 10,000 holds what
 * frame 1 does. A call that throws leaves the state as it was. One thread at a time; the models
 * must outlive it.
 *
 * Long-term memory has two slots: 0 is the frame given to `Start`, 1 the frame last corrected or
 * added to. The masks and features of both are kept, so that they can be memorised again without an
 * object that was removed. Each object is anchored to the one frame where a person last said what
 * it is: flow carries its mask from there (core/anchored_flow.h), so a correction of one object
 * leaves the others where they were.
 */
class Tracker {
 public:
  /** `max_objects` is 1 to `object_slots`; otherwise TOO_MANY_OBJECTS. */
  Tracker(DeAot* deaot, SonoSamLite* sonosam, int max_objects);

  /**
   * Begins anew with these objects, which may overlap. Throws TOO_MANY_OBJECTS, DUPLICATE_OBJECT,
   * EMPTY_MASK, and INVALID_ARGUMENT for a bitmap that is not of the frame's size.
   */
  void Start(const FrameView& frame, const std::vector<ObjectMask>& objects, Timings* timings);

  /** The objects on the next frame, in ascending id. Throws TRACKER_NOT_STARTED,
   * FRAME_GEOMETRY_CHANGED. */
  std::vector<TrackedObject> Track(const FrameView& frame, Timings* timings);

  /**
   * SonoSAMLite on the frame last given, from the tracked mask unless `prompts.previous` is given,
   * which changes where the last click lies (`KeepLocalChange`). The result takes the object's
   * place, and the frame becomes reference 1. Throws TRACKER_NOT_STARTED, UNKNOWN_OBJECT.
   */
  TrackedObject Correct(int64_t id, Prompts prompts, Timings* timings);

  /** A new object on the frame last given, which becomes reference 1. Throws as `Start` and
   * `Correct` do. */
  void Add(const ObjectMask& object, Timings* timings);

  /** Another mask for an object on the frame last given, empty if it is lost; the frame becomes
   * reference 1. Throws TRACKER_NOT_STARTED, UNKNOWN_OBJECT, INVALID_ARGUMENT. */
  void Replace(const ObjectMask& object, Timings* timings);

  /** Forgets an object, in the references too. Throws TRACKER_NOT_STARTED, UNKNOWN_OBJECT. */
  void Remove(int64_t id, Timings* timings);

  /** Bytes of state of any tracker of these models. */
  static size_t MemoryBytes(const DeAot& deaot, const SonoSamLite& sonosam);
  size_t memory_bytes() const;

 private:
  struct Slot {
    bool used = false;
    bool ever_used = false;
    int64_t id = 0;
    size_t anchor = 0;  // the reference that it is anchored to
  };
  struct Reference {
    Tensor masks;
    Tensor features16;
  };

  void RequireStarted(const char* stage) const;
  size_t RequireSlot(const char* stage, int64_t id) const;
  /** Flow of the scratch frame into all sources, and the masks that it carries, into scratch. */
  void FollowFlow();
  void CarryMasks();
  /** The label of each pixel of the last frame: 0 or slot + 1. */
  std::vector<uint8_t> LabelsOnLastFrame() const;
  /** Memorises the scratch frame with its masks, then makes it the last frame. */
  void TakeOverFrame(const char* stage, Timings* timings);
  /** Gives `slot` this mask on the last frame, which becomes reference 1. */
  void PaintAndCommit(const char* stage, size_t slot, const std::vector<uint8_t>& bitmap,
                      Timings* timings);
  /** Makes the last frame a reference and an anchor of the flow. */
  void SetReference(size_t index);
  void SetReferenceMemory(size_t index, const Tensor& memory);
  void SetActive();

  DeAot* const deaot_;
  SonoSamLite* const sonosam_;
  const int max_objects_;

  bool started_ = false;
  Size frame_;
  std::vector<Slot> slots_;  // slot i is channel i + 1
  Tensor active_;
  Tensor image_;       // the last frame, letterboxed
  Tensor masks_;       // on the last frame
  Tensor memory_;      // of the last frame
  Tensor features16_;  // of the last frame
  Tensor references_;
  AnchoredFlow flow_;
  Warp grid_warp_;  // of the mask grid
  std::vector<float> grid_flow_;
  std::array<Reference, DeAot::kReferences> reference_;
  Embedding embedding_;  // of the last frame, once it was corrected
  bool has_embedding_ = false;
};

}  // namespace sonotrack
