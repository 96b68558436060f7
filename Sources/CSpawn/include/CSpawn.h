#include <spawn.h>

// A function of glibc's that its headers hide from Swift.

/// Has a child that is spawned with these actions inherit no descriptor from `first` on, by whatever
/// code they were opened: connections of a library that does not mark its own as close-on-exec.
/// - Returns: 0, or an error number.
int inherit_no_descriptors(posix_spawn_file_actions_t *actions, int first);
