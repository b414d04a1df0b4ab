#include "engine/tensorrt_identity.h"

#include "check.h"

using namespace sonotrack;

TEST("version and GPU are asked of the libraries; the first that loads counts") {
  const std::string fake = SONOTRACK_FAKE_TENSORRT;
  EXPECT_EQ(TensorrtIdentity({{"libnot-there.so", fake}, fake}),
            std::string("tensorrt 100300, Orin, compute 8.7"));
}

TEST("what is not there is unknown") {
  EXPECT_EQ(TensorrtIdentity({{"libnot-there.so"}, "libnot-there.so"}),
            std::string("tensorrt unknown, unknown"));
  EXPECT_EQ(TensorrtIdentity({{"libm.so.6"}, "libm.so.6"}),
            std::string("tensorrt unknown, unknown"));
}

TEST_MAIN("tensorrt_identity")
