// swift-tools-version: 6.2

import PackageDescription

// A newer compiler may find new warnings: they stop our own checks, not somebody's build.
let warnings: [SwiftSetting] =
    Context.environment["WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)]

let swiftSettings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + warnings

// The edges run one way: Conversion has the terms, Storage and Salesforce use them and do not know each
// other, Drain is built on Storage and is given Salesforce as a value, Settings turns text into the
// options of these, and the programs put it all together.
// The simulator stands apart: it imports nothing of ours, so a misreading cannot agree with itself.
let package = Package(
    name: "leadconvertd",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "leadconvertd", targets: ["leadconvertd"]),
        .executable(name: "leadconvert", targets: ["leadconvert"]),
        .executable(name: "salesforce-simulator", targets: ["salesforce-simulator"]),
        .executable(name: "demo", targets: ["demo"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1",
            traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
    ],
    targets: [
        .target(
            name: "BuildInfo",
            cSettings: [
                .define("COMMIT", to: "\"\(Context.environment["LEADCONVERT_COMMIT"] ?? "")\"")
            ]
        ),
        .systemLibrary(
            name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "Cryptography", dependencies: ["CLibcrypto"]),
        .target(name: "Conversion"),
        .target(name: "CSpawn"),
        .target(name: "SQLiteSwitches"),
        .target(
            name: "Storage",
            dependencies: [
                "Conversion", "SQLiteSwitches", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            resources: [.embedInCode("Migrations")]
        ),
        .target(
            name: "Salesforce",
            dependencies: [
                "BuildInfo", "Conversion", "Cryptography",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        .target(
            name: "Drain",
            dependencies: [
                "Conversion", "Storage", .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "Intake",
            dependencies: [
                "Conversion", .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        .target(
            name: "Settings",
            dependencies: [
                "BuildInfo", "Conversion", "Cryptography", "Drain", "Hooks", "Salesforce",
                "StatusPage",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "SalesforceSimulator",
            dependencies: [
                "CLibcrypto",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "StatusPage",
            dependencies: [
                "Conversion", "Cryptography", "Storage",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            resources: [.embedInCode("Assets")]
        ),
        .target(
            name: "Hooks",
            dependencies: [
                "Conversion", "CSpawn", "Storage",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        .target(
            name: "Preflight",
            dependencies: ["Conversion", "Storage", "Salesforce", "Drain", "Settings"]
        ),
        .target(
            name: "Commands",
            dependencies: [
                "Conversion", "Storage", "Intake", "Preflight", "Salesforce", "Settings",
                "StatusPage",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        .executableTarget(
            name: "leadconvertd",
            dependencies: [
                "Commands", "Conversion", "Storage", "Salesforce", "Drain", "Hooks", "Settings",
                "StatusPage",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        .executableTarget(name: "leadconvert", dependencies: ["Commands"]),
        .executableTarget(
            name: "salesforce-simulator",
            dependencies: [
                "BuildInfo", "SalesforceSimulator",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),
        .executableTarget(
            name: "demo",
            dependencies: [
                "BuildInfo", "Conversion", "Storage", "Salesforce", "Drain", "Intake",
                "SalesforceSimulator",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "TestSupport",
            dependencies: [
                "CLibcrypto", "Conversion", "CSpawn", "Storage", "SalesforceSimulator",
            ],
            path: "Tests/TestSupport"
        ),
        .testTarget(name: "ConversionTests", dependencies: ["Conversion"]),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "Conversion", "Storage", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]
        ),
        .testTarget(
            name: "SalesforceTests",
            dependencies: [
                "Conversion", "Cryptography", "Salesforce", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        .testTarget(
            name: "DrainTests",
            dependencies: [
                "Conversion", "Drain", "Storage", "Salesforce", "SalesforceSimulator",
                "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "SimulatedWorldTests",
            dependencies: [
                "Conversion", "Drain", "Salesforce", "Storage", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "StatusPageTests",
            dependencies: [
                "Conversion", "Storage", "StatusPage", "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(name: "IntakeTests", dependencies: ["Intake", "TestSupport"]),
        .testTarget(name: "PreflightTests", dependencies: ["Conversion", "Preflight"]),
        .testTarget(
            name: "SettingsTests",
            dependencies: ["Conversion", "Drain", "Hooks", "Salesforce", "Settings", "TestSupport"]),
        .testTarget(
            name: "SimulatorTests",
            dependencies: [
                "SalesforceSimulator", "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Commands", "Conversion", "Storage", "SalesforceSimulator", "TestSupport",
                "leadconvertd", "leadconvert", "salesforce-simulator", "demo",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = swiftSettings
}

// The plugin that builds the documentation is fetched by those who build it: .ci/documentation.
if Context.environment["DOCUMENTATION"] != nil {
    package.dependencies.append(
        .package(url: "https://github.com/swiftlang/swift-docc-plugin.git", from: "1.5.0"))
}
