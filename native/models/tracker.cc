#include "models/tracker.h"

#include <algorithm>
#include <cstring>
#include <future>
#include <utility>

#include "models/local_change.h"
#include "models/probabilities.h"

namespace sonotrack {
namespace {

std::string Quoted(int64_t id) { return "object " + std::to_string(id); }

/** IoU and DSC of the same two masks. */
float IouOfDsc(float dsc) { return dsc / (2.0f - dsc); }
float DscOfIou(float iou) { return 2.0f * iou / (1.0f + iou); }

size_t RequireObjects(int max_objects, int slots) {
  if (max_objects >= 1 && max_objects <= slots) return static_cast<size_t>(max_objects);
  throw Error(ErrorCode::kTooManyObjects, "start",
              "expected 1 to " + std::to_string(slots) + " for `maxObjects` but received " +
                  std::to_string(max_objects) + " (number)");
}

/** Throws unless the object's bitmap is of the frame's size. */
void RequireSize(const char* stage, const ObjectMask& object, Size frame) {
  if (object.bitmap.size() != frame.area()) {
    throw Error(ErrorCode::kInvalidArgument, stage,
                "expected " + std::to_string(frame.area()) + " values for `bitmap` of " +
                    Quoted(object.id) + " but received " + std::to_string(object.bitmap.size()) +
                    " (Uint8Array)");
  }
}

/** Throws unless the object's bitmap is of the frame's size and holds a pixel. */
void RequireBitmap(const char* stage, const ObjectMask& object, Size frame) {
  RequireSize(stage, object, frame);
  if (std::all_of(object.bitmap.begin(), object.bitmap.end(), [](uint8_t v) { return v == 0; })) {
    throw Error(ErrorCode::kEmptyMask, stage, "the mask of " + Quoted(object.id) + " is empty");
  }
}

std::vector<uint8_t> CoverageOf(const std::vector<uint8_t>& bitmap, Size frame,
                                const DeAot& deaot) {
  const auto [input, side] = std::pair(deaot.geometry().input_size, deaot.geometry().mask_size);
  std::vector<uint8_t> coverage(static_cast<size_t>(side) * static_cast<size_t>(side));
  LetterboxCoverage(bitmap.data(), frame, input, coverage.data());
  return coverage;
}

}  // namespace

Tracker::Tracker(DeAot* deaot, SonoSamLite* sonosam, int max_objects)
    : deaot_(deaot),
      sonosam_(sonosam),
      max_objects_(max_objects),
      slots_(RequireObjects(max_objects, deaot->geometry().object_slots)),
      active_(DataType::kFloat32, {deaot->geometry().object_slots + 1}),
      image_(deaot->NewImage()),
      masks_(deaot->NewMasks()),
      memory_(deaot->NewMemory()),
      features16_(deaot->NewFeatures16()),
      references_(deaot->NewReferences()),
      flow_(deaot->geometry().input_size),
      grid_warp_({deaot->geometry().mask_size, deaot->geometry().mask_size}),
      grid_flow_(2 * grid_warp_.size().area()),
      embedding_(sonosam->NewEmbedding()) {
  for (Reference& reference : reference_) {
    reference = {deaot->NewMasks(), deaot->NewFeatures16()};
  }
}

void Tracker::Start(const FrameView& frame, const std::vector<ObjectMask>& objects,
                    Timings* timings) {
  const char* stage = "start";
  if (objects.size() > slots_.size()) {
    throw Error(ErrorCode::kTooManyObjects, stage,
                "expected at most " + std::to_string(max_objects_) +
                    " objects for `objects` but received " + std::to_string(objects.size()));
  }
  auto& scratch = deaot_->scratch();
  {
    Stopwatch watch(&timings->preprocess_ms);
    std::vector<std::vector<uint8_t>> coverages;
    for (size_t i = 0; i < objects.size(); ++i) {
      const auto same = [&](const ObjectMask& other) { return other.id == objects[i].id; };
      if (std::any_of(objects.begin(), objects.begin() + static_cast<int64_t>(i), same)) {
        throw Error(ErrorCode::kDuplicateObject, stage, Quoted(objects[i].id) + " is given twice");
      }
      RequireBitmap(stage, objects[i], frame.size);
      coverages.push_back(CoverageOf(objects[i].bitmap, frame.size, *deaot_));
    }
    SetProbabilities(coverages, &scratch.masks);
    LetterboxGray(frame, deaot_->geometry().input_size, scratch.image.data<uint8_t>());
  }
  deaot_->Encode(stage, scratch.image, &scratch.features, timings);
  TakeOverFrame(stage, timings);
  std::fill(slots_.begin(), slots_.end(), Slot());
  for (size_t i = 0; i < objects.size(); ++i) slots_[i] = {true, true, objects[i].id, 0};
  SetActive();
  std::memset(references_.raw(), 0, references_.bytes());
  flow_.Start(image_.data<uint8_t>());
  SetReference(0);
  frame_ = frame.size;
  started_ = true;
}

std::vector<TrackedObject> Tracker::Track(const FrameView& frame, Timings* timings) {
  const char* stage = "track";
  RequireStarted(stage);
  if (frame.size != frame_) {
    throw Error(ErrorCode::kFrameGeometryChanged, stage,
                "expected a frame of " + std::to_string(frame_.w) + " × " +
                    std::to_string(frame_.h) + " px but received " + std::to_string(frame.size.w) +
                    " × " + std::to_string(frame.size.h) + " px; start the tracker again");
  }
  auto& scratch = deaot_->scratch();
  {
    Stopwatch watch(&timings->preprocess_ms);
    LetterboxGray(frame, deaot_->geometry().input_size, scratch.image.data<uint8_t>());
  }
  {
    auto following = std::async(std::launch::async, [this] { FollowFlow(); });
    deaot_->Encode(stage, scratch.image, &scratch.features, timings);
    Stopwatch watch(&timings->preprocess_ms);
    following.get();
    CarryMasks();
  }
  deaot_->Propagate(stage,
                    {&scratch.image, &scratch.carried, &scratch.evidence, &scratch.known,
                     &scratch.features, &references_, &memory_, &active_},
                    &scratch.masks, &scratch.quality, timings);
  TakeOverFrame(stage, timings);
  flow_.Accept();

  Stopwatch watch(&timings->postprocess_ms);
  const std::vector<uint8_t> labels = LabelsOnLastFrame();
  std::vector<uint8_t> channels;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].used) channels.push_back(static_cast<uint8_t>(i + 1));
  }
  std::vector<Mask> masks = MasksOfLabels(labels.data(), frame_, channels);
  std::vector<TrackedObject> objects(channels.size());
  for (size_t i = 0; i < objects.size(); ++i) {
    TrackedObject& object = objects[i];
    object.id = slots_[channels[i] - 1u].id;
    object.mask = std::move(masks[i]);
    if (object.mask.area_px > 0) {
      object.quality = std::clamp(scratch.quality.data<float>()[channels[i]], 0.0f, 1.0f);
    }
    object.mask.score = IouOfDsc(object.quality);
  }
  std::sort(objects.begin(), objects.end(),
            [](const TrackedObject& a, const TrackedObject& b) { return a.id < b.id; });
  return objects;
}

TrackedObject Tracker::Correct(int64_t id, Prompts prompts, Timings* timings) {
  const char* stage = "correct";
  RequireStarted(stage);
  const size_t slot = RequireSlot(stage, id);
  if (!has_embedding_) {
    sonosam_->EncodeLetterboxed(stage, image_, frame_, &embedding_, timings);
    has_embedding_ = true;
  }
  const auto channel = static_cast<uint8_t>(slot + 1);
  std::vector<uint8_t> labels;
  {
    Stopwatch watch(&timings->preprocess_ms);
    labels = LabelsOnLastFrame();
    if (prompts.previous.empty()) {
      prompts.previous = std::move(MasksOfLabels(labels.data(), frame_, {channel})[0].bitmap);
    }
  }
  TrackedObject object;
  object.id = id;
  object.mask = sonosam_->Predict(stage, embedding_, prompts, timings).mask;
  {
    Stopwatch watch(&timings->postprocess_ms);
    uint8_t* bitmap = object.mask.bitmap.data();
    KeepLocalChange(prompts, frame_, &object.mask);
    const std::vector<size_t> clicks = ClickedPixels(prompts, frame_, /*foreground_only=*/true);
    YieldToNeighbours(labels.data(), channel, clicks, frame_, bitmap);
    Measure(bitmap, frame_, &object.mask);
  }
  if (object.mask.area_px > 0) object.quality = DscOfIou(object.mask.score);
  object.mask.score = IouOfDsc(object.quality);
  PaintAndCommit(stage, slot, object.mask.bitmap, timings);
  return object;
}

void Tracker::Add(const ObjectMask& object, Timings* timings) {
  const char* stage = "add";
  RequireStarted(stage);
  for (const Slot& slot : slots_) {
    if (slot.used && slot.id == object.id) {
      throw Error(ErrorCode::kDuplicateObject, stage, Quoted(object.id) + " is tracked already");
    }
  }
  // A slot that was never used first: the network's memory of a removed object fades only with
  // time.
  auto free =
      std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return !slot.ever_used; });
  if (free == slots_.end()) {
    free = std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return !slot.used; });
  }
  if (free == slots_.end()) {
    throw Error(ErrorCode::kTooManyObjects, stage,
                "expected at most " + std::to_string(max_objects_) + " objects at a time");
  }
  RequireBitmap(stage, object, frame_);
  PaintAndCommit(stage, static_cast<size_t>(free - slots_.begin()), object.bitmap, timings);
  *free = {true, true, object.id, 1};
  SetActive();
}

void Tracker::Replace(const ObjectMask& object, Timings* timings) {
  const char* stage = "replace";
  RequireStarted(stage);
  const size_t slot = RequireSlot(stage, object.id);
  RequireSize(stage, object, frame_);
  PaintAndCommit(stage, slot, object.bitmap, timings);
}

void Tracker::Remove(int64_t id, Timings* timings) {
  const char* stage = "remove";
  RequireStarted(stage);
  const size_t slot = RequireSlot(stage, id);
  const size_t channel = slot + 1;
  auto& scratch = deaot_->scratch();
  const auto memorize_without = [&](const Tensor& masks, const Tensor& features16, Tensor* memory) {
    scratch.masks.CopyFrom(masks);
    ClearChannel(channel, &scratch.masks);
    deaot_->Memorize(stage, features16, scratch.masks, memory, timings);
  };
  for (size_t i = 0; i < reference_.size(); ++i) {
    if (!flow_.known(1 + i)) continue;
    memorize_without(reference_[i].masks, reference_[i].features16, &scratch.memories[i]);
  }
  memorize_without(masks_, features16_, &scratch.memories.back());

  for (size_t i = 0; i < reference_.size(); ++i) {
    if (!flow_.known(1 + i)) continue;
    ClearChannel(channel, &reference_[i].masks);
    SetReferenceMemory(i, scratch.memories[i]);
  }
  ClearChannel(channel, &masks_);
  std::swap(memory_, scratch.memories.back());
  slots_[slot].used = false;
  SetActive();
}

size_t Tracker::MemoryBytes(const DeAot& deaot, const SonoSamLite& sonosam) {
  // Kept of the last frame and of each reference.
  const size_t per_frame = deaot.NewMasks().bytes() + deaot.NewFeatures16().bytes();
  return deaot.NewImage().bytes() + deaot.NewMemory().bytes() + deaot.NewReferences().bytes() +
         (1 + DeAot::kReferences) * per_frame + AnchoredFlow::Bytes(deaot.geometry().input_size) +
         sonosam.NewEmbedding().bytes();
}

size_t Tracker::memory_bytes() const {
  size_t bytes = image_.bytes() + masks_.bytes() + memory_.bytes() + features16_.bytes() +
                 references_.bytes() + AnchoredFlow::Bytes(deaot_->geometry().input_size) +
                 embedding_.bytes();
  for (const Reference& reference : reference_) {
    bytes += reference.masks.bytes() + reference.features16.bytes();
  }
  return bytes;
}

void Tracker::RequireStarted(const char* stage) const {
  if (started_) return;
  throw Error(ErrorCode::kTrackerNotStarted, stage, "the tracker has not been started");
}

size_t Tracker::RequireSlot(const char* stage, int64_t id) const {
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].used && slots_[i].id == id) return i;
  }
  throw Error(ErrorCode::kUnknownObject, stage, Quoted(id) + " is not tracked");
}

std::vector<uint8_t> Tracker::LabelsOnLastFrame() const {
  const Letterbox box = FitLetterbox(frame_, deaot_->geometry().input_size);
  const float* active = active_.data<float>();
  std::vector<uint8_t> labels(frame_.area());
  ProbabilitiesToLabels(masks_.data<float>(), {active, active + active_.count()},
                        GridTapsOf(box, deaot_->geometry().mask_size), labels.data());
  return labels;
}

void Tracker::TakeOverFrame(const char* stage, Timings* timings) {
  auto& scratch = deaot_->scratch();
  deaot_->Memorize(stage, scratch.features.features16, scratch.masks, &scratch.memories[0],
                   timings);
  std::swap(image_, scratch.image);
  std::swap(masks_, scratch.masks);
  std::swap(features16_, scratch.features.features16);
  std::swap(memory_, scratch.memories[0]);
  has_embedding_ = false;
}

void Tracker::PaintAndCommit(const char* stage, size_t slot, const std::vector<uint8_t>& bitmap,
                             Timings* timings) {
  auto& scratch = deaot_->scratch();
  scratch.masks.CopyFrom(masks_);
  ReplaceChannel(CoverageOf(bitmap, frame_, *deaot_), slot + 1, &scratch.masks);
  deaot_->Memorize(stage, features16_, scratch.masks, &scratch.memories[0], timings);
  std::swap(masks_, scratch.masks);
  std::swap(memory_, scratch.memories[0]);
  slots_[slot].anchor = 1;
  SetReference(1);
}

void Tracker::FollowFlow() {
  auto& scratch = deaot_->scratch();
  flow_.Follow(scratch.image.data<uint8_t>(), &scratch.search);
  const int side = deaot_->geometry().mask_size;
  const Size grid{side, side};
  const size_t cells = grid.area();
  float* known = scratch.known.data<float>();
  float* evidence = scratch.evidence.data<float>();
  for (size_t i = 0; i < AnchoredFlow::kSources; ++i, evidence += 2 * cells) {
    known[i] = flow_.known(i) ? 1.0f : 0.0f;
    if (flow_.known(i)) {
      HalveImage(flow_.match(i), grid, 1, evidence);
      HalveImage(flow_.variance(i), grid, 1, evidence + cells);
    } else {
      std::fill_n(evidence, 2 * cells, 0.0f);
    }
  }
}

void Tracker::CarryMasks() {
  auto& scratch = deaot_->scratch();
  const int side = deaot_->geometry().mask_size;
  const size_t cells = Size{side, side}.area();
  const size_t plane = scratch.carried.count() / AnchoredFlow::kSources;
  float* const carried = scratch.carried.data<float>();
  std::fill_n(carried, scratch.carried.count(), 0.0f);
  // From the frame before all objects, from a reference those that are anchored to it.
  for (size_t source = 0; source < AnchoredFlow::kSources; ++source) {
    if (!flow_.known(source)) continue;
    HalveFlow(flow_.flow(source), {side, side}, grid_flow_.data());
    grid_warp_.SetFlow(grid_flow_.data());
    const Tensor& masks = source == 0 ? masks_ : reference_[source - 1].masks;
    for (size_t slot = 0; slot < slots_.size(); ++slot) {
      if (!slots_[slot].used || (source > 0 && slots_[slot].anchor + 1 != source)) continue;
      const size_t channel = (slot + 1) * cells;
      grid_warp_.Carry(masks.data<float>() + channel, carried + source * plane + channel);
    }
  }
  // An object that is anchored elsewhere: as its own anchor has it. All are copied before any is
  // scaled, so that every reference shares an overlap alike.
  for (size_t source = 1; source < AnchoredFlow::kSources; ++source) {
    if (!flow_.known(source)) continue;
    for (size_t slot = 0; slot < slots_.size(); ++slot) {
      if (!slots_[slot].used || slots_[slot].anchor + 1 == source) continue;
      const size_t channel = (slot + 1) * cells;
      std::copy_n(carried + (slots_[slot].anchor + 1) * plane + channel, cells,
                  carried + source * plane + channel);
    }
  }
  for (size_t source = 0; source < AnchoredFlow::kSources; ++source) {
    if (flow_.known(source)) FillBackground(cells, plane / cells, carried + source * plane);
  }
}

void Tracker::SetReference(size_t index) {
  reference_[index].masks.CopyFrom(masks_);
  reference_[index].features16.CopyFrom(features16_);
  SetReferenceMemory(index, memory_);
  flow_.SetAnchor(index);
}

void Tracker::SetReferenceMemory(size_t index, const Tensor& memory) {
  std::memcpy(references_.data<float>() + index * memory.count(), memory.raw(), memory.bytes());
}

void Tracker::SetActive() {
  float* active = active_.data<float>();
  std::fill(active, active + active_.count(), 0.0f);
  active[0] = 1;
  for (size_t i = 0; i < slots_.size(); ++i) active[i + 1] = slots_[i].used ? 1.0f : 0.0f;
}

}  // namespace sonotrack
