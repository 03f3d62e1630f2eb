import CloudModel
import Cryptography
import Foundation
import Testing
import XML
import XMPP

@testable import XMPPServer

/// The machine-readable description of this project (XEP-0453) beside what the server really announces: as a domain, for
/// accounts, rooms and feeds, and in the features of its streams.
@Suite struct DescriptionTests {
    /// Which specification announces itself by which name; none for those of RFC 6120, 6121 and 3921.
    static let names: [String: Int?] = [
        Namespace.bind: nil, Namespace.session: nil, Namespace.rosterVersioning: nil,
        Namespace.preApproval: nil, Namespace.tls: nil, "\(Namespace.sasl) PLAIN": nil,
        "\(Namespace.sasl) SCRAM-SHA-1": nil, "\(Namespace.sasl) SCRAM-SHA-256": nil,
        "\(Namespace.sasl) SCRAM-SHA-1-PLUS": nil, "\(Namespace.sasl) SCRAM-SHA-256-PLUS": nil,
        "\(Namespace.sasl) EXTERNAL": 178, Namespace.channelBinding: 440, Namespace.streamLimits: 478,
        Namespace.dialbackFeature: 220, Namespace.bidirectionalFeature: 288,
        Namespace.discoInfo: 30, Namespace.discoItems: 30, Namespace.vCard: 54, Namespace.privateData: 49,
        Namespace.lastActivity: 12, Namespace.registration: 77, Namespace.version: 92,
        ContactAddresses.formType: 157, "msgoffline": 160, Namespace.blocking: 191, Namespace.ping: 199,
        Namespace.time: 202, Namespace.carbons: 280, Namespace.stanzaIDs: 359,
        Namespace.capabilities: 115, Namespace.streamManagement: 198, Namespace.clientState: 352,
        Namespace.archive: 313, Namespace.pubSub: 60, "pubsub/pep": 163,
        Namespace.rooms: 45, "http://jabber.org/protocol/muc#self-ping-optimization": 410,
        Namespace.occupantID: 421,
    ]

    /// What nothing announces, and where it shows instead.
    static let unannounced: [Int: String] = [
        4: "in forms", 68: "in forms", 82: "in dates", 106: "in local parts", 128: "in the forms of answers",
        84: "at nodes of accounts", 223: "at nodes of accounts", 402: "at nodes of accounts",
        59: "in requests to archives and nodes", 114: "streams of components have no features",
        368: "in DNS and the TLS handshake",
        133: "among the commands of the local service", 185: "in dialback keys", 203: "in messages",
        297: "in messages", 308: "in messages", 334: "in messages", 439: "in messages",
        441: "in requests to the archive", 453: "it is the file itself",
    ]

    /// What the local service announces, which its own tests compare with the file.
    static let ofLocalService: Set<Int> = [50, 85, 184, 249]

    /// The extensions that the file claims, by number.
    static func claimed() throws -> Set<Int> {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "doc/tradewind.doap")
        let text = try String(contentsOf: file, encoding: .utf8)
        return Set(text.matches(of: /extensions\/xep-(\d{4})\.html/).compactMap { Int($0.1) })
    }

    /// Everything a server with all that it can do announces.
    static func announced() throws -> Set<String> {
        try Self.ofEntities().union(Self.ofClientStreams()).union(Self.ofServerStreams())
    }

    /// Service discovery: the domain, an account, the rooms, a room with an archive, and the feeds.
    private static func ofEntities() throws -> Set<String> {
        var bench = DomainBench(contacts: ContactAddresses([.abuse: ["mailto:abuse@paris.test"]]))
        bench.domain.archive = MessageArchive(ids: ArchiveIDs(key: [1]))
        bench.domain.host(
            RoomService(
                address: RoomBench.domain,
                policy: RoomPolicy(creators: .accounts(of: ["paris.test"])), secret: [1]))
        bench.domain.pubSub.openFeeds(at: DomainPubSubTests.feeds, of: DomainBench.domainAddress)
        bench.domain.host(.feeds, at: DomainPubSubTests.feeds.domain)
        let alice = try bench.connect("alice")
        bench.send(RoomDomainTests.enter("alice"), from: alice)
        let lasting = DataForm(
            .submit,
            fields: [
                .init(DataForm.formTypeField, .hidden, values: [RoomConfiguration.formType]),
                .init("muc#roomconfig_persistentroom", values: ["1"]),
            ])
        bench.send(
            .iq(IQ(to: RoomBench.room, id: "c", body: .set(RoomOwnership(form: lasting).element))),
            from: alice)
        _ = bench.take(alice)
        var names: Set<String> = []
        for address in [
            DomainBench.domainAddress, alice.address.bare, RoomBench.domain, RoomBench.room,
            DomainPubSubTests.feeds,
        ] {
            bench.send(.iq(IQ(to: address, id: "d", body: .get(DiscoInfo().element))), from: alice)
            let answer = try #require(bench.take(alice).last?.iqValue?.result, "\(address)")
            let info = try DiscoInfo(parsing: answer)
            names.formUnion(info.features)
            names.formUnion(info.forms.compactMap(\.formType))
            names.formUnion(info.identities.map { "\($0.category)/\($0.type)" }.filter { $0 == "pubsub/pep" })
        }
        return names
    }

    /// Before TLS, under TLS and after authentication.
    private static func ofClientStreams() throws -> Set<String> {
        var machine = ReceivingClientStream(
            .init(
                domains: ["paris.test"], mechanisms: SASLMechanism.allCases, allowsCleartext: false,
                authenticationFailures: 5, sessionFeatures: DomainBench().domain.streamFeatures,
                limits: StreamLimits(longestStanza: 262_144)))
        var random = SecureRandom()
        let header = StreamHeader(contentNamespace: Namespace.client, to: DomainBench.domainAddress)
        var names = try Self.offered(in: machine.received(header, streamID: "1").compactMap(\.sent))
        _ = machine.received(Element("starttls", namespace: Namespace.tls), using: &random)
        _ = machine.established(
            TLSFacts(version: "TLSv1.3", cipher: "", exporterBinding: [1], endPointBinding: [2]))
        names.formUnion(try Self.offered(in: machine.received(header, streamID: "2").compactMap(\.sent)))
        let plain = SASLElement.auth(
            mechanism: "PLAIN", initialResponse: Array("\u{0}alice\u{0}secret horse".utf8))
        _ = machine.received(plain.element, using: &random)
        let credentials = try SCRAMCredentials.derive(
            password: "secret horse", salt: [1, 2, 3, 4], iterations: 4_096, hash: .sha256)
        for case .hash(let hashing) in machine.receive(credentials) { _ = machine.receive(hashing.perform()) }
        #expect(machine.isAuthenticated)
        return names.union(try Self.offered(in: machine.received(header, streamID: "3").compactMap(\.sent)))
    }

    /// Before TLS, under TLS and after authentication by the certificate.
    private static func ofServerStreams() throws -> Set<String> {
        let tokyo = JID(preparedLocal: nil, domain: "tokyo.test", resource: nil)
        var machine = ReceivingRemoteStream(
            .init(
                domains: ["paris.test"], policy: RemotePolicy(), dialbackSecret: [1],
                authenticationFailures: 5, limits: StreamLimits(longestStanza: 524_288)))
        let header = StreamHeader(
            contentNamespace: Namespace.server, to: DomainBench.domainAddress, from: tokyo,
            declaresDialback: true)
        var names = try Self.offered(in: machine.received(header, streamID: "1").compactMap(\.sent))
        _ = machine.received(Element("starttls", namespace: Namespace.tls))
        _ = machine.established(
            TLSFacts(
                version: "TLSv1.3", cipher: "",
                peer: .init(names: CertificateNames(dns: ["tokyo.test"]), verification: .trusted)))
        names.formUnion(try Self.offered(in: machine.received(header, streamID: "2").compactMap(\.sent)))
        let external = SASLElement.auth(mechanism: "EXTERNAL", initialResponse: Array("tokyo.test".utf8))
        _ = machine.received(external.element)
        #expect(machine.isAuthenticated)
        return names.union(try Self.offered(in: machine.received(header, streamID: "3").compactMap(\.sent)))
    }

    /// The names of what is offered; mechanisms one by one.
    private static func offered(in elements: [Element]) throws -> Set<String> {
        let features = try elements.filter(StreamFeatures.matches).flatMap {
            try StreamFeatures(parsing: $0).features
        }
        #expect(!features.isEmpty)
        return Set(
            features.flatMap { feature -> [String] in
                if case .mechanisms(let mechanisms) = feature {
                    return mechanisms.map { "\(Namespace.sasl) \($0)" }
                }
                return [feature.element.namespace]
            })
    }

    /// The number behind a name; a name with a fragment (`pubsub#publish`) counts as the name before it, and those of
    /// XEP-0045 without a namespace are known by how they begin.
    static func specification(of name: String) -> Int?? {
        if name.hasPrefix("muc_") { return .some(45) }
        return names[name] ?? names[String(name.prefix { $0 != "#" })]
    }

    @Test("XEP-0453 §4: What is announced is claimed in doc/tradewind.doap")
    func announcedIsClaimed() throws {
        let claimed = try Self.claimed()
        for name in try Self.announced().sorted() {
            guard let specification = Self.specification(of: name) else {
                Issue.record("\(name) is announced and in no list: add it here, and its XEP to the file")
                continue
            }
            guard let number = specification else { continue }
            #expect(claimed.contains(number), "\(name): XEP \(number) is announced but not in the file")
        }
    }

    @Test("XEP-0453 §4: What is claimed in doc/tradewind.doap is announced, or can be seen elsewhere")
    func claimedIsAnnounced() throws {
        let claimed = try Self.claimed()
        let shown = Set(try Self.announced().compactMap { Self.specification(of: $0) ?? nil })
        for number in claimed.subtracting(Self.unannounced.keys).subtracting(Self.ofLocalService).sorted() {
            #expect(shown.contains(number), "the file claims XEP \(number), which nothing announces")
        }
        for number in Set(Self.unannounced.keys).union(Self.ofLocalService).sorted() {
            #expect(claimed.contains(number), "XEP \(number) is not in the file: take it off the list")
            #expect(!shown.contains(number), "XEP \(number) is announced: take it off the list")
        }
        #expect(claimed.count > 30)
    }
}

extension ReceivingClientStream.Directive {
    /// The element that is sent, if it is one.
    fileprivate var sent: Element? {
        if case .stream(.send(let element)) = self { element } else { nil }
    }
}

extension ReceivingRemoteStream.Directive {
    fileprivate var sent: Element? {
        if case .stream(.send(let element)) = self { element } else { nil }
    }
}
