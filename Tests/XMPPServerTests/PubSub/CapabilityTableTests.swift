import CloudModel
import Cryptography
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Verified entity capabilities (XEP-0115)")
struct CapabilityTableTests {
    static let owner = DomainBench.local("alice")
    static let now = Instant(millisecondsSinceEpoch: 1_000)

    static func info(_ nodes: String...) -> DiscoInfo {
        DiscoInfo(
            identities: [.init(category: "client", type: "pc")], features: nodes.map { $0 + "+notify" })
    }

    static func capabilities(_ info: DiscoInfo, hash: String = "sha-1") -> EntityCapabilities {
        let version = HashFunction(textualName: hash).flatMap { info.verificationString(by: $0) } ?? "x"
        return EntityCapabilities(hash: hash, node: "urn:example:client", version: version)
    }

    static func listener(_ resource: String, of owner: JID = Self.owner) -> CapabilityTable.Listener {
        .init(owner: owner, address: JID(preparedLocal: "bob", domain: "rome.test", resource: resource))
    }

    @Test(
        "XEP-0115 §5.4: asked once, believed when it fits, then known for everybody",
        arguments: ["sha-1", "sha-256"])
    func verified(hash: String) {
        var table = CapabilityTable()
        let (one, two) = (Self.listener("one"), Self.listener("two"))
        let info = Self.info("urn:xmpp:avatar:metadata")
        let capabilities = Self.capabilities(info, hash: hash)
        guard case .ask(let id, let node) = table.available(one, capabilities, at: Self.now) else {
            Issue.record("nobody is asked")
            return
        }
        #expect(node == "urn:example:client#\(capabilities.version)")
        #expect(table.available(two, capabilities, at: Self.now) == .nothing)
        #expect(table.isWaiting(for: id, from: one.address))
        #expect(!table.isWaiting(for: id, from: two.address))
        #expect(table.listeners(to: Self.owner, node: "urn:xmpp:avatar:metadata").isEmpty)
        #expect(
            table.answered(id, info, at: Self.now)
                == .verified([one, two], interests: ["urn:xmpp:avatar:metadata"]))
        #expect(
            table.listeners(to: Self.owner, node: "urn:xmpp:avatar:metadata") == [one.address, two.address])
        #expect(
            table.available(Self.listener("three"), capabilities, at: Self.now)
                == .arrived(interests: ["urn:xmpp:avatar:metadata"]))
        // What is not new is served no second time (XEP-0163 §4.3.4).
        #expect(table.available(one, capabilities, at: Self.now) == .nothing)
        table.unavailable(one)
        #expect(
            table.available(one, capabilities, at: Self.now)
                == .arrived(interests: ["urn:xmpp:avatar:metadata"]))
    }

    @Test("XEP-0115 §8.1: whoever answers with something else poisons nothing, and another is asked")
    func poisoning() {
        var table = CapabilityTable()
        let (liar, honest) = (Self.listener("a-liar"), Self.listener("honest"))
        let info = Self.info("urn:example:wanted")
        let capabilities = Self.capabilities(info)
        guard case .ask(let id, _) = table.available(liar, capabilities, at: Self.now) else { return }
        _ = table.available(honest, capabilities, at: Self.now)
        guard
            case .ask(honest, let second, _) = table.answered(
                id, Self.info("urn:example:unwanted"), at: Self.now)
        else {
            Issue.record("nobody else is asked")
            return
        }
        #expect(table.count == 0)
        #expect(table.listeners(to: Self.owner, node: "urn:example:unwanted").isEmpty)
        // A late answer of the first counts for nothing.
        #expect(!table.isWaiting(for: id, from: liar.address))
        #expect(table.answered(id, info, at: Self.now) == .nothing)
        #expect(
            table.answered(second, info, at: Self.now)
                == .verified([honest], interests: ["urn:example:wanted"]))
        #expect(table.listeners(to: Self.owner, node: "urn:example:wanted") == [honest.address])
    }

    @Test("The same text under another algorithm is another hash")
    func algorithms() {
        var table = CapabilityTable()
        let info = Self.info("n")
        let capabilities = Self.capabilities(info)
        guard case .ask(let id, _) = table.available(Self.listener("a"), capabilities, at: Self.now) else {
            return
        }
        _ = table.answered(id, info, at: Self.now)
        var other = capabilities
        other.hash = "sha-256"
        guard case .ask = table.available(Self.listener("b"), other, at: Self.now) else {
            Issue.record("a hash of one algorithm is taken for one of another")
            return
        }
    }

    @Test("What cannot be verified is nothing: no algorithm of ours, no capabilities")
    func unverifiable() {
        var table = CapabilityTable()
        let odd = Self.capabilities(Self.info("n"), hash: "md5")
        #expect(table.available(Self.listener("a"), odd, at: Self.now) == .nothing)
        #expect(table.available(Self.listener("a"), nil, at: Self.now) == .nothing)
        #expect(table.questionCount == 0)
    }

    @Test("Hashes, interests, listeners and questions are bounded")
    func limits() {
        var table = CapabilityTable(
            limits: PubSubLimits(capabilities: 2, interests: 2, listenersPerAccount: 4, pendingQuestions: 2))
        for number in 1...3 {
            let info = Self.info("n\(number)", "m\(number)", "o\(number)")
            guard
                case .ask(let id, _) = table.available(
                    Self.listener("\(number)"), Self.capabilities(info), at: Self.now)
            else { return }
            guard case .verified(_, let interests) = table.answered(id, info, at: Self.now) else { return }
            #expect(interests.count == 2)
        }
        #expect(table.count == 2)
        #expect(table.listeners(to: Self.owner, node: "n1").isEmpty)
        #expect(table.listeners(to: Self.owner, node: "n3").count == 1)
        func ask(_ number: Int, at now: Instant = Self.now, owner: JID = Self.owner) -> Bool {
            let capabilities = Self.capabilities(Self.info("q\(number)"))
            if case .ask = table.available(
                Self.listener("\(number)", of: owner), capabilities, at: now)
            {
                return true
            }
            return false
        }
        #expect(ask(4))
        // The account has its four listeners.
        #expect(!ask(5))
        let bob = DomainBench.local("bob")
        #expect(ask(6, owner: bob))
        #expect(!ask(7, owner: bob))
        #expect(table.questionCount == 2)
        // After a minute nobody waits for those any more.
        #expect(ask(8, at: Self.now.advanced(by: .seconds(60)), owner: bob))
        #expect(table.questionCount == 1)
    }
}
