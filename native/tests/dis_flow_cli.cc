#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "core/dis_flow.h"

/**
 * `dis_flow_cli FROM TO FLOW WIDTH HEIGHT REPEATS [name=value …]`: the dense flow of pairs of raw
 * gray images, u8[n, h, w] each, into FLOW, f32[n, h, w, 2]. Prints as JSON the CPU time per pair,
 * the median over pairs of the fastest of REPEATS runs. For training/.../measure_flow.py.
 */
using namespace sonotrack;

namespace {

std::vector<uint8_t> ReadFile(const char* name) {
  std::ifstream file(name, std::ios::binary);
  return std::vector<uint8_t>(std::istreambuf_iterator<char>(file), {});
}

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

int main(int argc, char** argv) {
  if (argc < 7) {
    std::fprintf(stderr, "expected FROM TO FLOW WIDTH HEIGHT REPEATS [name=value ...]\n");
    return 2;
  }
  const std::vector<uint8_t> from = ReadFile(argv[1]);
  const std::vector<uint8_t> to = ReadFile(argv[2]);
  const int width = std::atoi(argv[4]);
  const int height = std::atoi(argv[5]);
  const int repeats = std::atoi(argv[6]);
  const size_t area = static_cast<size_t>(width) * static_cast<size_t>(height);
  if (width < 1 || height < 1 || repeats < 1 || from.size() != to.size() ||
      from.size() % area != 0) {
    std::fprintf(stderr, "expected two files of as many images of %d x %d\n", width, height);
    return 2;
  }
  DisFlowOptions options;
  for (int i = 7; i < argc; ++i) {
    const std::string pair = argv[i];
    const size_t equals = pair.find('=');
    if (equals == std::string::npos ||
        !SetOption(pair.substr(0, equals), std::atof(argv[i] + equals + 1), &options)) {
      std::fprintf(stderr, "expected the name=value of an option but received %s\n", argv[i]);
      return 2;
    }
  }
  DisFlow flow(width, height, options);
  const size_t pairs = from.size() / area;
  std::vector<float> out(2 * from.size());
  std::vector<double> times;
  for (size_t i = 0; i < pairs; ++i) {
    double best = 1e9;
    for (int r = 0; r < repeats; ++r) {
      const std::clock_t began = std::clock();
      flow.Compute(&from[i * area], &to[i * area], &out[2 * i * area]);
      best = std::min(best, 1000.0 * static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC);
    }
    times.push_back(best);
  }
  std::ofstream(argv[3], std::ios::binary)
      .write(reinterpret_cast<const char*>(out.data()),
             static_cast<std::streamsize>(out.size() * sizeof(float)));
  std::sort(times.begin(), times.end());
  std::printf("{\"ms\": %.4f}\n", times.empty() ? 0.0 : times[times.size() / 2]);
  return 0;
}
