#include <sqlite3.h>

/// Turns the triggers of a connection's database on or off, for this connection alone.
///
/// A function of its own, because Swift calls no C function whose number of arguments varies.
/// - Returns: SQLite's result code.
int set_triggers_enabled(sqlite3 *connection, int enabled);
