#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "core/anchored_flow.h"
#include "core/dis_flow.h"
#include "core/error.h"

/**
 * The flow of the runtime behind a C interface, so that training sees the very flow that the device
 * computes. Built and called by native_flow.py.
 */
using namespace sonotrack;

namespace {

/** Sets a field of the options by its name; false where there is none. */
bool SetOption(const std::string& name, double value, DisFlowOptions* options) {
  const std::map<std::string, int*> whole = {
      {"coarsest_scale", &options->coarsest_scale},
      {"finest_scale", &options->finest_scale},
      {"patch_size_px", &options->search.patch_size_px},
      {"patch_stride_px", &options->search.patch_stride_px},
      {"descent_iterations", &options->search.descent_iterations},
      {"refinement_iterations", &options->refinement.iterations},
      {"sweeps", &options->refinement.sweeps},
  };
  const std::map<std::string, float*> real = {
      {"prior_weight", &options->search.prior_weight},
      {"alpha", &options->refinement.alpha},
      {"delta", &options->refinement.delta},
      {"gamma", &options->refinement.gamma},
      {"noise_weight", &options->refinement.noise_weight},
  };
  const std::map<std::string, bool*> choice = {
      {"mean_normalization", &options->search.mean_normalization},
  };
  if (whole.count(name)) {
    *whole.at(name) = static_cast<int>(value);
  } else if (real.count(name)) {
    *real.at(name) = static_cast<float>(value);
  } else if (choice.count(name)) {
    *choice.at(name) = value != 0;
  } else {
    return false;
  }
  return true;
}

}  // namespace

extern "C" {

/** `options`: "name=value …", fields of `DisFlowOptions`. Null for what the constructor refuses or
 * an unknown name. */
void* sonotrack_flow_create(int width, int height, const char* options) {
  try {
    DisFlowOptions parsed;
    std::istringstream words(options);
    for (std::string word; words >> word;) {
      const size_t equals = word.find('=');
      if (equals == std::string::npos) return nullptr;
      const double value = std::stod(word.substr(equals + 1));
      if (!SetOption(word.substr(0, equals), value, &parsed)) return nullptr;
    }
    return std::make_unique<DisFlow>(width, height, parsed).release();
  } catch (const std::exception&) {
    return nullptr;
  }
}

/** As `DisFlow::Compute`. */
void sonotrack_flow_compute(void* flow, const uint8_t* from, const uint8_t* to, float* flow_xy,
                            const float* initial) {
  static_cast<DisFlow*>(flow)->Compute(from, to, flow_xy, initial);
}

void sonotrack_flow_free(void* flow) { delete static_cast<DisFlow*>(flow); }

/** For frames of `side` × `side` px; the settings of `AnchoredFlowOptions`. */
void* sonotrack_anchors_create(int side, float step, float mismatch, float anchor, float jump) {
  return std::make_unique<AnchoredFlow>(side, AnchoredFlowOptions{step, mismatch, anchor, jump})
      .release();
}

void sonotrack_anchors_start(void* anchors, const uint8_t* gray) {
  static_cast<AnchoredFlow*>(anchors)->Start(gray);
}

void sonotrack_anchors_set(void* anchors, size_t index) {
  static_cast<AnchoredFlow*>(anchors)->SetAnchor(index);
}

/** Follows and accepts. */
void sonotrack_anchors_follow(void* anchors, const uint8_t* gray, void* search) {
  static_cast<AnchoredFlow*>(anchors)->Follow(gray, static_cast<DisFlow*>(search));
  static_cast<AnchoredFlow*>(anchors)->Accept();
}

/** Pointers to flow, match and variance of source `i`; false where it is not there. */
bool sonotrack_anchors_found(const void* anchors, size_t i, const float** flow, const float** match,
                             const float** variance) {
  const auto& found = *static_cast<const AnchoredFlow*>(anchors);
  if (!found.known(i)) return false;
  *flow = found.flow(i);
  *match = found.match(i);
  *variance = found.variance(i);
  return true;
}

void sonotrack_anchors_free(void* anchors) { delete static_cast<AnchoredFlow*>(anchors); }

}  // extern "C"
