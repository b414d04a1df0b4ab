// A library that looks like TensorRT and the CUDA driver to TensorrtIdentity.
#include <cstdint>
#include <cstring>

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED int32_t getInferLibVersion() { return 100300; }
EXPORTED int cuInit(unsigned) { return 0; }
EXPORTED int cuDeviceGet(int* device, int index) {
  *device = index + 7;
  return 0;
}
EXPORTED int cuDeviceGetName(char* name, int size, int device) {
  if (device != 7) return 1;
  std::strncpy(name, "Orin", static_cast<size_t>(size));
  return 0;
}
EXPORTED int cuDeviceGetAttribute(int* value, int attribute, int) {
  *value = attribute == 75 ? 8 : attribute == 76 ? 7 : -1;
  return 0;
}
