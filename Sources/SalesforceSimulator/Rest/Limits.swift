/// The answer to `/limits`, trimmed to what is worth simulating.
enum Limits {
    static func json(_ usage: Usage) -> JSON {
        .object([
            "ConcurrentSyncReportRuns": limit(20, 20),
            "DailyApiRequests": .object([
                "Max": .int(usage.limit), "Remaining": .int(max(0, usage.limit - usage.used)),
                "Workbench": limit(0, 0),
            ]),
            "DailyAsyncApexExecutions": limit(250_000, 250_000),
            "DailyBulkApiRequests": limit(10_000, 10_000),
            "DataStorageMB": limit(1024, 900),
        ])
    }

    private static func limit(_ max: Int, _ remaining: Int) -> JSON {
        .object(["Max": .int(max), "Remaining": .int(remaining)])
    }
}
