// swift-tools-version: 6.2
import PackageDescription

/// The settings every target is compiled with: Apple's cross-repository block, and memory safety made visible.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let asyncAlgorithms = Target.Dependency.product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let package = Package(
    name: "tradewind",
    products: [
        .executable(name: "tradewind", targets: ["tradewind"]),
        .library(name: "TradewindClient", targets: ["TradewindClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.4"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: [.defaults, "YAML"]),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
    ],
    targets: [
        // C: a module map and a shim header each.
        .systemLibrary(name: "CLibXML2", path: "Sources/CLibXML2", pkgConfig: "libxml-2.0"),
        .systemLibrary(name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "openssl"),
        .systemLibrary(name: "CLibvirt", path: "Sources/CLibvirt", pkgConfig: "libvirt"),
        .systemLibrary(name: "CUnbound", path: "Sources/CUnbound", pkgConfig: "libunbound"),
        .systemLibrary(name: "CIDN", path: "Sources/CIDN", pkgConfig: "libidn2"),

        // Bedrock.
        module("CloudModel", []),
        module("XML", ["CLibXML2"]),
        module("Cryptography", ["COpenSSL"]),
        module("Threads", []),
        module("ServerSentEvents", []),
        module("WebRequests", [asyncHTTPClient, nioCore, nioPosix, nioHTTP1, nioSSL]),

        // Ground: pure.
        module("XMPP", ["XML", "Cryptography", "CIDN"]),
        module("Gossip", ["CloudModel"]),
        module("Placement", ["CloudModel"]),

        // Protocol: our payloads and the catalogue, pure.
        module("Federation", ["CloudModel", "XML", "XMPP", "Cryptography", "Gossip", "Placement"]),
        module("Operations", ["CloudModel", "XML", "XMPP", "Cryptography", yams]),

        // Shells: sockets, files, hypervisors.
        module(
            "XMPPTransport",
            [
                "XMPP", "XML", "Cryptography", "COpenSSL", "CUnbound", nioCore, nioPosix, logging, metrics,
                coreMetrics, lifecycle, deque,
            ]),
        module(
            "XMPPServer",
            [
                "XMPPTransport", "Storage", "CloudModel", "XMPP", "XML", "Cryptography", "Threads", nioCore,
                nioPosix, logging, metrics, lifecycle, deque,
            ]),
        module("Storage", ["CloudModel", "XMPP", "XML", "Gossip", "Placement", "Federation", grdb, logging]),
        module(
            "MachineDrivers",
            ["CloudModel", "CLibvirt", "XML", "Cryptography", "Threads", "WebRequests", logging]),

        // Edges: the faces, and what an agent and a coordinator share.
        module(
            "Participant",
            [
                "CloudModel", "XML", "XMPP", "Cryptography", "Gossip", "Federation", "Operations",
                "XMPPServer", "XMPPTransport",
                "Storage", "Threads", logging, metrics, lifecycle, asyncAlgorithms, deque,
            ]),
        module(
            "ControlAPI",
            [
                "CloudModel", "Operations", "Cryptography", hummingbird, httpTypes, nioCore, logging, metrics,
                coreMetrics, lifecycle, asyncAlgorithms,
            ]),

        // For programs of others.
        module("TradewindClient", ["ServerSentEvents", asyncHTTPClient, nioCore, nioHTTP1]),

        // Roles.
        module(
            "Agent",
            [
                "CloudModel", "Cryptography", "XMPP", "XML", "Gossip", "Federation", "Operations", "Storage",
                "MachineDrivers",
                "Participant", "Threads", logging, metrics, lifecycle,
            ]),
        module(
            "Coordinator",
            [
                "CloudModel", "Cryptography", "XMPP", "XML", "Gossip", "Placement", "Federation",
                "Operations",
                "Storage", "Participant", logging, metrics, lifecycle,
            ]),

        // Main.
        .executableTarget(
            name: "tradewind",
            dependencies: [
                "CloudModel", "XML", "XMPP", "Cryptography", "Gossip", "Placement", "Federation",
                "Operations",
                "XMPPTransport", "XMPPServer", "Storage", "MachineDrivers", "Participant", "ControlAPI",
                "Agent",
                "Coordinator", "ServerSentEvents", "WebRequests", arguments, configuration, lifecycle,
                unixSignals, logging, metrics,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "CLibXML2", "XML", "XMPP", "CloudModel", "Gossip", "Placement", "Federation", "Operations",
                "XMPPTransport", "XMPPServer", "Storage", "MachineDrivers", "Participant", "Agent",
                "Coordinator", "TestRandomness",
                arguments, asyncHTTPClient, nioCore, nioHTTP1, nioPosix, logging, unixSignals,
            ],
            exclude: ["Data"], swiftSettings: settings),

        // The embedded server by itself, for load tests.
        .executableTarget(
            name: "LoadServer",
            dependencies: [
                "CloudModel", "Cryptography", "XMPP", "XMPPTransport", "XMPPServer", "Storage", arguments,
                lifecycle, unixSignals, logging,
            ],
            path: "Interop/Load/LoadServer", swiftSettings: settings),

        // What the fuzzer drives; the tests drive it with the inputs that are kept.
        .target(
            name: "FuzzTargets",
            dependencies: ["TestRandomness", "CloudModel", "XML", "XMPP", "Cryptography", "XMPPServer"],
            path: "Interop/Fuzzing/Targets", swiftSettings: settings),

        .target(name: "TestRandomness", path: "Tests/TestRandomness", swiftSettings: settings),
        .target(
            name: "TestSupport", dependencies: ["XMPPTransport", logging, nioCore, nioPosix],
            path: "Tests/TestSupport",
            swiftSettings: settings),
        tests("RepositoryTests", ["TestSupport"]),
        tests("CloudModelTests", ["CloudModel"]),
        tests("XMLTests", ["TestRandomness", "XML"], exclude: ["Fixtures", "FuzzCases"]),
        tests("FuzzTargetTests", ["FuzzTargets"], exclude: ["Cases"]),
        tests("CryptographyTests", ["Cryptography"]),
        tests("XMPPTests", ["TestRandomness", "XMPP", "XML", "Cryptography"], exclude: ["Golden"]),
        tests("GossipTests", ["TestRandomness", "Gossip", "CloudModel"]),
        tests("PlacementTests", ["TestRandomness", "Placement", "CloudModel"]),
        tests(
            "FederationTests",
            ["TestRandomness", "Federation", "XML", "XMPP", "CloudModel", "Cryptography", "Gossip"],
            exclude: ["Golden"]),
        tests(
            "OperationsTests",
            ["TestRandomness", "TestSupport", "Operations", "XML", "XMPP", "CloudModel"],
            exclude: ["Golden"]),
        tests(
            "XMPPTransportTests",
            [
                "TestRandomness", "TestSupport", "XMPPTransport", "XMPP", "XML", "Cryptography", nioCore,
                nioPosix, nioEmbedded,
                logging, lifecycle,
            ]),
        tests(
            "XMPPServerTests",
            [
                "TestRandomness", "TestSupport", "XMPPServer", "XMPPTransport", "Storage", "CloudModel",
                "XMPP", "XML",
                "Cryptography", nioCore, nioPosix, nioEmbedded, logging, lifecycle,
            ]),
        tests("WebRequestsTests", ["WebRequests", "TestSupport"]),
        tests("StorageTests", ["Storage", "CloudModel", "Placement", "XMPP", "XML", grdb]),
        tests(
            "MachineDriversTests",
            ["TestRandomness", "TestSupport", "MachineDrivers", "CloudModel", "XML", "Cryptography"]),
        tests(
            "ParticipantTests",
            [
                "TestSupport", "Participant", "Operations", "Federation", "Gossip", "Storage", "XMPPServer",
                "XMPPTransport", "XMPP", "XML", "Cryptography", "CloudModel", lifecycle, logging, grdb,
            ]),
        tests(
            "ControlAPITests",
            [
                "ControlAPI", "Operations", "CloudModel", "Cryptography", hummingbird, hummingbirdTesting,
                httpTypes, nioCore, logging, coreMetrics,
            ]),
        tests(
            "RoleTests",
            [
                "TestRandomness", "TestSupport", "Agent", "Coordinator", "Participant", "MachineDrivers",
                "Storage",
                "Operations", "ControlAPI", "TradewindClient", "Cryptography", hummingbird,
                hummingbirdTesting, httpTypes,
                nioCore, nioHTTP1, asyncHTTPClient,
                "XMPPServer",
                "XMPPTransport", "Federation", "Gossip", "Placement", "XMPP", "XML", "CloudModel", logging,
                lifecycle, grdb,
            ]),
        tests("BenchmarksTests", ["Benchmarks", "TestRandomness", "TestSupport", "Placement", "CloudModel"]),
        tests(
            "TradewindTests",
            [
                "tradewind", "Agent", "CloudModel", "ControlAPI", "Coordinator", "Gossip", "MachineDrivers",
                "Operations",
                "Participant", "Placement", "ServerSentEvents",
                "Storage", "TestSupport", "XML", "XMPP", "XMPPServer", "XMPPTransport", arguments, logging,
            ]),
    ],
    swiftLanguageModes: [.v6]
)

// The fuzzer: what it drives is compiled with libFuzzer's instrumentation, in a build folder of its own.
if Context.environment["TRADEWIND_FUZZING"] != nil {
    let fuzzing = SwiftSetting.unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library"])
    for target in package.targets where ["XML", "XMPP", "XMPPServer", "FuzzTargets"].contains(target.name) {
        target.swiftSettings = (target.swiftSettings ?? []) + [fuzzing]
    }
    package.targets.append(
        .executableTarget(
            name: "Fuzzer", dependencies: ["FuzzTargets"], path: "Interop/Fuzzing/Fuzzer",
            swiftSettings: settings + [fuzzing],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]))
}
