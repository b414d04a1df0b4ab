#pragma once

#include <memory>
#include <string>

#include "engine/inference.h"
#include "models/deaot.h"
#include "models/model_geometry.h"
#include "models/sonosam_lite.h"

namespace sonotrack {

/** Absolute paths of a bundle's graphs. */
struct GraphPaths {
  std::string sonosam_encoder;
  std::string sonosam_decoder;
  std::string deaot_encoder;
  std::string deaot_memorize;
  std::string deaot_propagate;
};

/** Both models on one engine. */
class Models {
 public:
  /** Loads the five graphs; throws MODEL_INVALID. `threads`: of what is computed beside them. */
  Models(std::shared_ptr<InferenceEngine> engine, const GraphPaths& paths,
         const ModelGeometry& geometry, int threads);

  SonoSamLite& sonosam() { return sonosam_; }
  DeAot& deaot() { return deaot_; }

 private:
  const std::shared_ptr<InferenceEngine> engine_;  // first: outlives the sessions of the models
  SonoSamLite sonosam_;
  DeAot deaot_;
};

}  // namespace sonotrack
