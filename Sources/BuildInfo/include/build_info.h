#ifndef BUILD_INFO_H
#define BUILD_INFO_H

/// The version of all programs: what was released last, and what `v` stands before in its tag.
const char *build_version(void);

/// The version, and in brackets the commit that was built, where the build was given it by
/// LEADCONVERT_COMMIT.
const char *build_name(void);

#endif
