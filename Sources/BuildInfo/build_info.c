#include "build_info.h"

// In C, because a Swift target can't be given a text by its manifest.

#define VERSION "0.1.0"

const char *build_version(void) { return VERSION; }

const char *build_name(void) { return sizeof COMMIT > 1 ? VERSION " (" COMMIT ")" : VERSION; }
