#include "core/error.h"

#include <set>

#include "check.h"

using namespace sonotrack;

TEST("each code has a name of its own") {
  std::set<std::string> names;
  for (int i = 0; i < static_cast<int>(ErrorCode::kCount); ++i) {
    names.insert(ErrorCodeName(static_cast<ErrorCode>(i)));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(ErrorCode::kCount));
}

TEST("an error carries code, stage and message") {
  const Error error(ErrorCode::kEmptyMask, "start", "the mask of object 1 is empty");
  EXPECT_EQ(std::string(error.code_name()), "EMPTY_MASK");
  EXPECT_EQ(error.stage(), "start");
  EXPECT_EQ(std::string(error.what()), "the mask of object 1 is empty");
}

TEST("the names of the first and the last code are where they belong") {
  EXPECT_EQ(std::string(ErrorCodeName(ErrorCode::kInvalidArgument)), "INVALID_ARGUMENT");
  EXPECT_EQ(std::string(ErrorCodeName(ErrorCode::kTrackerNotStarted)), "TRACKER_NOT_STARTED");
  EXPECT_EQ(std::string(ErrorCodeName(ErrorCode::kDeviceClosed)), "DEVICE_CLOSED");
  EXPECT_EQ(std::string(ErrorCodeName(ErrorCode::kInternal)), "INTERNAL");
}

TEST_MAIN("error")
