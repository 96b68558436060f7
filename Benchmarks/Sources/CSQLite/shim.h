#include <sqlite3.h>

/// sqlite3_db_config takes any number of arguments, which Swift can't pass.
static inline int leave_triggers_out(sqlite3 *database) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)0);
}
