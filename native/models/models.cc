#include "models/models.h"

namespace sonotrack {

Models::Models(std::shared_ptr<InferenceEngine> engine, const GraphPaths& paths,
               const ModelGeometry& geometry, int threads)
    : engine_(std::move(engine)),
      sonosam_(engine_->Open(paths.sonosam_encoder), engine_->Open(paths.sonosam_decoder),
               geometry),
      deaot_(engine_->Open(paths.deaot_encoder), engine_->Open(paths.deaot_memorize),
             engine_->Open(paths.deaot_propagate), geometry, threads) {}

}  // namespace sonotrack
