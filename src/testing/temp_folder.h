// A folder that is gone, with all in it, at the end of the test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace elanus::testing {

class TempFolder {
 public:
  TempFolder() : TempFolder(std::filesystem::temp_directory_path()) {}

  // For tests of hundreds of folders: not on a disk where that is possible.
  static TempFolder InMemory() {
    std::error_code error;
    const std::filesystem::path memory = "/dev/shm";
    return std::filesystem::is_directory(memory, error) ? TempFolder(memory)
                                                        : TempFolder();
  }

  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit TempFolder(const std::filesystem::path& parent) {
    std::string pattern = (parent / "elanus-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }

  std::string path_;
};

}  // namespace elanus::testing
