#include "build_info.h"

// In C, because a Swift target can't be given a text by its manifest.

const char *build_version(void) { return "0.1.0"; }

const char *build_commit(void) { return COMMIT; }
