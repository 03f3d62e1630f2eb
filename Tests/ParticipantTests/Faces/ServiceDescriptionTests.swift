import Foundation
import Logging
import Testing
import XML
import XMPP

@testable import Participant

/// What the local service says of itself beside the machine-readable description of the project (XEP-0453).
@Suite struct ServiceDescriptionTests {
    /// Which specification announces itself by which name; none for the namespaces of this project.
    static let names: [String: Int] = [
        Namespace.discoInfo: 30, Namespace.discoItems: 30, Namespace.ping: 199, Namespace.commands: 50,
        Namespace.chatStates: 85, Namespace.receipts: 184, Namespace.directInvitation: 249,
    ]

    /// The extensions that the file claims, by number.
    private static func claimed() throws -> Set<Int> {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "doc/tradewind.doap")
        let text = try String(contentsOf: file, encoding: .utf8)
        return Set(text.matches(of: /extensions\/xep-(\d{4})\.html/).compactMap { Int($0.1) })
    }

    @Test(
        "XEP-0453 §4: What the local service announces is claimed in doc/tradewind.doap, and is all that it should"
    )
    func announced() async throws {
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let dispatcher = StanzaDispatcher(
            identity: DiscoInfo.Identity(category: "automation", type: "tradewind"), logger: logger)
        let bench = FaceBench()
        let table = bench.table
        try await bench.chat { chat in
            dispatcher.register(
                chat: chat,
                commands: CommandFace(
                    table: table, performer: table, address: FaceBench.site, now: { bench.now }),
                invocations: InvokeFace(performer: table))
        }
        let claimed = try Self.claimed()
        let ofOthers = dispatcher.features.filter { !$0.hasPrefix("urn:tradewind:") }
        #expect(Set(ofOthers) == Set(Self.names.keys))
        for (name, number) in Self.names.sorted(by: { $0.key < $1.key }) {
            #expect(claimed.contains(number), "\(name): XEP \(number) is announced but not in the file")
        }
    }
}
