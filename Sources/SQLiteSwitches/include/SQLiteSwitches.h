#include <sqlite3.h>

// Functions of SQLite whose number of arguments varies: Swift calls none of those.

/// Turns the triggers of a connection's database on or off, for this connection alone, and says what they
/// were before.
/// - Returns: SQLite's result code.
int set_triggers_enabled(sqlite3 *connection, int enabled, int *was_enabled);

/// Has SQLite count no memory, which takes a lock for each piece of it: once in a process, before
/// anything else is asked of SQLite.
/// - Returns: SQLite's result code; SQLITE_MISUSE when it comes too late.
int turn_memory_statistics_off(void);
