#ifndef BUILD_INFO_H
#define BUILD_INFO_H

/// The version of all programs: what was released last, and what `v` stands before in its tag.
const char *build_version(void);

/// The commit that was built, as the one who built it said by LEADCONVERT_COMMIT; else empty.
const char *build_commit(void);

#endif
