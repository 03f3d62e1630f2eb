/// The floors of the house: which target may import what.
///
/// Imports go down only.
enum Floors {
    /// Decides without clock, task, randomness, log or I/O: the simulator must be able to run it from a seed.
    static let pure: Set = [
        "CloudModel", "XML", "Cryptography", "XMPP", "Gossip", "Placement", "Federation", "Operations",
        "ServerSentEvents",
    ]

    /// Every module of ours, and the modules of ours it may import.
    static let ours: [String: Set<String>] = {
        let bedrock: Set = ["CloudModel", "XML", "Cryptography"]
        let ground = bedrock.union(["XMPP", "Gossip", "Placement"])
        let shared = ground.union(["Federation", "Operations"])
        return [
            "CLibXML2": [], "COpenSSL": [], "CLibvirt": [], "CUnbound": [], "CIDN": [],
            "CloudModel": [],
            "Threads": [],
            "ServerSentEvents": [],
            "WebRequests": [],
            "TradewindClient": ["ServerSentEvents"],
            "XML": ["CLibXML2"],
            "Cryptography": ["COpenSSL"],
            "XMPP": ["XML", "Cryptography", "CIDN"],
            "Gossip": ["CloudModel"],
            "Placement": ["CloudModel"],
            "Federation": ground,
            "Operations": bedrock.union(["XMPP"]),
            "XMPPTransport": ["XMPP", "XML", "Cryptography", "COpenSSL", "CUnbound"],
            "Storage": ground.union(["Federation"]),
            "XMPPServer": bedrock.union(["XMPPTransport", "Storage", "XMPP", "Threads"]),
            "MachineDrivers": bedrock.union(["CLibvirt", "Threads", "WebRequests"]),
            "Participant": shared.union(["XMPPTransport", "XMPPServer", "Storage", "Threads"]),
            "ControlAPI": ["CloudModel", "Operations", "Cryptography"],
            "Agent": shared.union([
                "XMPPTransport", "XMPPServer", "Storage", "MachineDrivers", "Participant", "Threads",
            ]),
            "Coordinator": shared.union(["XMPPTransport", "XMPPServer", "Storage", "Participant"]),
            "tradewind": shared.union([
                "XMPPTransport", "XMPPServer", "Storage", "MachineDrivers", "Participant", "ControlAPI",
                "Agent",
                "Coordinator", "ServerSentEvents", "WebRequests",
            ]),
            "Benchmarks": shared.union([
                "CLibXML2", "XMPPTransport", "XMPPServer", "Storage", "MachineDrivers", "Participant",
                "ControlAPI",
                "Agent", "Coordinator", "TestRandomness",
            ]),
            // Beside the tests that share it.
            "TestRandomness": [],
            "TestSupport": ["XMPPTransport"],
        ]
    }()

    /// Modules of others that a pure target may import: the C library, for its mathematics alone, and a parser.
    static let pureForeign: [String: Set<String>] = [
        "CloudModel": ["Glibc"], "Gossip": ["Glibc"], "Placement": ["Glibc"], "Operations": ["Yams"],
    ]

    /// Modules of others that have one home.
    static let foreignHomes: [String: Set<String>] = [
        "GRDB": ["Storage"],
        "Yams": ["Operations"],
        "Hummingbird": ["ControlAPI"],
        "HTTPTypes": ["ControlAPI"],
        "AsyncHTTPClient": ["TradewindClient", "WebRequests", "Benchmarks"],
        "NIOSSL": ["WebRequests"],
        // Its sessions keep a processor busy while they wait for an answer (seen with Swift 6.3).
        "FoundationNetworking": [],
        "NIOPosix": [
            "XMPPTransport", "XMPPServer", "Participant", "WebRequests", "tradewind", "Benchmarks",
            "TestSupport",
        ],
        "ArgumentParser": ["tradewind", "Benchmarks"],
        "Configuration": ["tradewind"],
    ]
}
