#include "base/machine_memory.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "testing/temp_folder.h"

namespace elanus::base {
namespace {

class MachineMemoryTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path whole = root_.path() + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }
  std::int64_t Bytes() const { return MachineMemoryBytes(root_.path()); }

  testing::TempFolder root_;
};

TEST_F(MachineMemoryTest, WithoutAGroupItIsTheMachines) {
  EXPECT_GT(Bytes(), 1 << 20);
}

TEST_F(MachineMemoryTest, AContainersLimitCountsInVersion2) {
  const std::int64_t machine = Bytes();
  Write("/proc/self/cgroup", "0::/\n");
  Write("/sys/fs/cgroup/memory.max", "max\n");
  EXPECT_EQ(Bytes(), machine);
  Write("/sys/fs/cgroup/memory.max", "1048576\n");
  EXPECT_EQ(Bytes(), 1048576);
}

TEST_F(MachineMemoryTest, TheLeastLimitOfAllGroupsAroundItCounts) {
  Write("/proc/self/cgroup", "0::/shop/search\n");
  Write("/sys/fs/cgroup/shop/search/memory.max", "max\n");
  Write("/sys/fs/cgroup/shop/memory.max", "2097152\n");
  EXPECT_EQ(Bytes(), 2097152);
  Write("/sys/fs/cgroup/shop/search/memory.max", "1048576\n");
  EXPECT_EQ(Bytes(), 1048576);
}

TEST_F(MachineMemoryTest, AContainersLimitCountsInVersion1) {
  // The group's path is the one outside of the container.
  Write("/proc/self/cgroup", "5:cpu,cpuacct:/x\n4:blkio,memory:/docker/1f\n");
  Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "3145728\n");
  EXPECT_EQ(Bytes(), 3145728);
}

TEST_F(MachineMemoryTest, NoLimitOfVersion1IsTheMachines) {
  const std::int64_t machine = Bytes();
  Write("/proc/self/cgroup", "4:memory:/\n");
  Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(Bytes(), machine);
}

}  // namespace
}  // namespace elanus::base
