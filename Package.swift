// swift-tools-version: 6.2
import PackageDescription

let strictC: [CSetting] = [
    .enableWarning("all"),
    .enableWarning("extra"),
    .enableWarning("shadow"),
    .enableWarning("conversion"),
    .treatAllWarnings(as: .error),
]

/// Every Swift target: warnings are errors, and a nonisolated async function runs where its caller runs.
let strictSwift: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let metricsTestKit: Target.Dependency = .product(name: "MetricsTestKit", package: "swift-metrics")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let hashTrees: Target.Dependency = .product(name: "HashTreeCollections", package: "swift-collections")
let grpcCore: Target.Dependency = .product(name: "GRPCCore", package: "grpc-swift-2")
let grpcTransport: Target.Dependency = .product(
    name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")
let collections: Target.Dependency = .product(name: "Collections", package: "swift-collections")

func target(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strictSwift)
}

/// A short program that shows the SDK; built by the tests, part of no product.
func example(_ name: String) -> Target {
    .executableTarget(
        name: name, dependencies: ["Martlet"], path: "Sources/Examples/\(name)", swiftSettings: strictSwift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strictSwift)
}

let package = Package(
    name: "martlet",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Martlet", targets: ["Martlet"]),
        .executable(name: "martlet", targets: ["MartletCLI"]),
        .executable(name: "martlet-bench", targets: ["MartletBench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        // For the broker's etcd store only.
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // The C core.
        .target(
            name: "CMartletBatch",
            path: "CSources/CMartletBatch",
            cSettings: strictC,
            linkerSettings: [.linkedLibrary("lz4")]
        ),
        .target(
            name: "CMartletLog",
            dependencies: ["CMartletBatch"],
            path: "CSources/CMartletLog",
            exclude: ["FORMAT.md"],
            cSettings: strictC
        ),
        // For tests: fails where it is told to, and loses what was not synced.
        .target(
            name: "CMartletFaultyIO",
            dependencies: ["CMartletLog"],
            path: "CSources/CMartletFaultyIO",
            cSettings: strictC
        ),
        .target(
            name: "CMartletProto",
            path: "CSources/CMartletProto",
            linkerSettings: [.linkedLibrary("protobuf-c")]
        ),
        .target(
            name: "CMartletEtcdProto",
            path: "CSources/CMartletEtcdProto",
            linkerSettings: [.linkedLibrary("protobuf-c")]
        ),
        // What the broker's process asks of the C library.
        .target(
            name: "CMartletProcess",
            path: "CSources/CMartletProcess",
            cSettings: strictC
        ),
        .target(
            name: "CMartletCeiling",
            dependencies: ["CMartletBatch"],
            path: "CSources/CMartletCeiling",
            cSettings: strictC
        ),

        // Shared by broker and SDK.
        target("MartletCore", ["CMartletBatch"]),
        target("MartletProtocol", ["MartletCore", "CMartletProto", nioCore]),
        target("MartletRPC", ["MartletProtocol", "MartletCore", nioCore, nioPosix, logging]),

        // The broker.
        target("MartletStorage", ["MartletCore", "CMartletLog", logging]),
        target("MartletMetadata", ["MartletCore", logging, hashTrees]),
        target(
            "MartletMetadataEtcd",
            [
                "MartletMetadata", "MartletProtocol", "MartletCore", "CMartletEtcdProto", nioCore, logging, grpcCore,
                grpcTransport,
            ]
        ),
        target("MartletBroker", ["MartletStorage", "MartletMetadata", nioCore, logging, collections, hashTrees]),
        target(
            "MartletServer",
            [
                "MartletBroker", "MartletMetadata", "MartletRPC", "CMartletProcess", nioCore, nioPosix, nioHTTP1,
                logging,
                configuration, lifecycle, signals, systemPackage,
            ]
        ),

        // The SDK, the command line, the benchmark.
        target("Martlet", ["MartletRPC", "MartletCore", nioCore, nioPosix, logging, metrics, lifecycle]),
        target("MartletCLIKit", ["Martlet", "MartletCore", "MartletStorage", logging, arguments]),
        .executableTarget(
            name: "MartletCLI",
            dependencies: [
                "MartletCLIKit", "MartletServer", "MartletBroker", "MartletMetadata", "MartletMetadataEtcd",
                "MartletCore",
                arguments, logging,
            ],
            swiftSettings: strictSwift
        ),
        // Network namespaces as hosts, for what cuts them off: the benchmark and `make chaos`.
        target("MartletHosts", []),
        .executableTarget(
            name: "MartletBench",
            dependencies: [
                "Martlet", "MartletRPC", "MartletProtocol", "MartletCore", "MartletHosts", "CMartletCeiling", arguments,
                histogram, logging, nioCore, nioPosix,
            ],
            swiftSettings: strictSwift
        ),
        example("ProducerExample"),
        example("ConsumerExample"),
        example("GroupConsumerExample"),
        example("AdminExample"),
        target(
            "MartletTestSupport",
            [
                "MartletServer", "Martlet", "MartletStorage", "MartletBroker", "MartletRPC", "MartletProtocol",
                "MartletCore", logging, nioCore, nioPosix, nioEmbedded,
            ]
        ),

        // `make chaos`: real brokers and etcd in network namespaces, with faults drawn from a seed.
        .executableTarget(
            name: "MartletChaos",
            dependencies: [
                "MartletHosts", "MartletTestSupport", "TestSeeds", "Martlet", "MartletServer", "MartletCore", arguments,
                logging,
            ],
            path: "Tests/Chaos",
            swiftSettings: strictSwift
        ),

        tests("MartletCoreTests", ["MartletCore"]),
        tests(
            "MartletRPCTests",
            ["TestSeeds", "MartletRPC", "MartletProtocol", "MartletCore", nioCore, nioPosix, nioEmbedded, logging]
        ),
        tests("MartletProtocolTests", ["TestSeeds", "MartletProtocol", "MartletCore", nioCore, nioEmbedded]),
        tests(
            "MartletStorageTests",
            [
                "TestSeeds", "TestDisk", "MartletStorage", "MartletCore", "CMartletFaultyIO", "CMartletLog",
                "CAllocationCounter", "CLockCounter", logging,
            ]),
        tests("MartletTestSupportTests", ["MartletTestSupport"]),
        tests("MartletGroupTests", ["SimulationKit", "TestSeeds", "MartletBroker", "MartletCore"]),
        tests(
            "MartletControllerTests", ["SimulationKit", "MartletBroker", "MartletMetadata", "MartletCore", hashTrees]),
        // The SDK's half of a membership against the broker's.
        tests("MartletMembershipTests", ["SimulationKit", "TestSeeds", "Martlet", "MartletBroker", "MartletCore"]),
        // Against the built `martlet`, as a process.
        tests("ProcessTests", ["TestSeeds", "MartletTestSupport", "Martlet", "MartletProtocol", "MartletCore"]),
        tests("ClusterTests", ["MartletTestSupport", "Martlet", "MartletCore"]),
        tests("TidyTests", []),
        tests("MartletCLITests", ["TestSeeds", "MartletCLI", "MartletCLIKit", "Martlet", "MartletCore", arguments]),
        tests("MartletBenchTests", ["MartletBench"]),
        tests(
            "MartletServerTests",
            [
                "MartletTestSupport", "MartletServer", "MartletBroker", "MartletRPC", "MartletProtocol",
                "MartletMetadata",
                "MartletStorage", "MartletCore", nioCore, nioPosix, logging,
            ]
        ),
        tests(
            "MartletBrokerTests",
            [
                "TestSeeds", "TestDisk", "CLockCounter",
                "MartletBroker", "MartletMetadata", "MartletStorage", "MartletCore", nioCore, nioPosix, logging,
                hashTrees,
            ]
        ),
        tests(
            "MartletReplicationTests",
            [
                "SimulationKit", "TestSeeds", "MartletBroker", "MartletMetadata", "MartletStorage", "MartletCore",
                hashTrees,
            ]
        ),
        tests("MartletMetadataTests", ["TestSeeds", "MartletMetadata", "MartletCore", logging, hashTrees]),
        // Against a real etcd.
        tests(
            "MartletMetadataEtcdTests",
            [
                "TestSeeds",
                "MartletMetadataEtcd", "MartletMetadata", "MartletBroker", "MartletStorage", "MartletTestSupport",
                "MartletCore", logging, hashTrees,
            ]
        ),
        // For tests: random numbers that a seed repeats.
        .target(name: "TestSeeds", path: "Tests/TestSeeds", swiftSettings: strictSwift),
        // For tests: a disk that fails when told to, and loses what was not synced.
        .target(
            name: "TestDisk", dependencies: ["MartletStorage", "CMartletFaultyIO"], path: "Tests/TestDisk",
            swiftSettings: strictSwift),
        // For tests: what simulated worlds have in common.
        .target(
            name: "SimulationKit", dependencies: ["MartletMetadata", "MartletCore", hashTrees],
            path: "Tests/SimulationKit", swiftSettings: strictSwift
        ),
        // For tests: counts allocations.
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter", cSettings: strictC),
        // For tests: counts atomic instructions.
        .target(name: "CLockCounter", path: "Tests/CLockCounter", cSettings: strictC),
        tests(
            "MartletTests",
            [
                "Martlet", "MartletRPC", "MartletProtocol", "MartletCore", "CAllocationCounter", nioCore, nioPosix,
                logging, metrics, metricsTestKit, lifecycle,
            ]
        ),
        tests(
            "EndToEndTests",
            [
                "TestSeeds", "TestDisk", "MartletTestSupport", "Martlet", "MartletServer", "MartletStorage",
                "MartletCore", "CMartletFaultyIO", logging, lifecycle,
            ]
        ),
    ],
    cLanguageStandard: .gnu17
)
