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

    /// Verifies a hash for a listener; false if it was not asked for.
    @discardableResult
    static func verify(
        _ table: inout CapabilityTable, _ listener: CapabilityTable.Listener, _ info: DiscoInfo
    ) -> Bool {
        guard case .ask(let id, _) = table.available(listener, Self.capabilities(info), at: Self.now) else {
            return false
        }
        _ = table.answered(id, info, at: Self.now)
        return true
    }

    @Test("A client with ever fresh hashes displaces none that another uses")
    func freshHashes() {
        var table = CapabilityTable(
            limits: PubSubLimits(capabilities: 4, listenersPerContact: 100))
        let (bob, eve) = (DomainBench.local("bob"), DomainBench.local("eve"))
        Self.verify(&table, Self.listener("desk", of: bob), Self.info("wanted"))
        // One client that changes its mind: the hashes it has no more go first.
        for number in 1...10 {
            Self.verify(&table, Self.listener("churn", of: eve), Self.info("fresh\(number)"))
        }
        // And clients that keep theirs: then those of the account with the most.
        for number in 1...8 {
            Self.verify(&table, Self.listener("kept\(number)", of: eve), Self.info("kept\(number)"))
        }
        #expect(table.count == 4)
        #expect(table.listeners(to: bob, node: "wanted").count == 1)
        #expect(table.listeners(to: eve, node: "kept8").count == 1)
        // What an account brought first stays while others use it too, whatever it brings later.
        Self.verify(&table, Self.listener("common", of: eve), Self.info("common"))
        _ = table.available(
            Self.listener("desk2", of: bob), Self.capabilities(Self.info("common")), at: Self.now)
        for number in 9...11 {
            Self.verify(&table, Self.listener("late\(number)", of: eve), Self.info("late\(number)"))
        }
        #expect(table.listeners(to: bob, node: "common").count == 1)
        #expect(table.listeners(to: bob, node: "wanted").count == 1)
    }

    @Test("One contact brings so many clients, all together so many, and one's own always come on top")
    func listenersPerContact() {
        var table = CapabilityTable(
            limits: PubSubLimits(listenersPerAccount: 3, listenersPerContact: 2))
        let info = Self.info("n")
        func come(_ name: String, _ resource: String) -> Bool {
            let address = JID(preparedLocal: name, domain: "paris.test", resource: resource)
            let listener = CapabilityTable.Listener(owner: Self.owner, address: address)
            if Self.verify(&table, listener, info) { return true }
            return table.available(listener, Self.capabilities(info), at: Self.now) == .nothing
                && table.listeners(to: Self.owner, node: "n").contains(address)
        }
        #expect(["a", "b", "c"].map { come("bob", $0) } == [true, true, false])
        #expect(["a", "b"].map { come("carol", $0) } == [true, false])
        #expect((1...12).allSatisfy { come("alice", "\($0)") })
        table.forgetListeners(to: Self.owner) { $0.local == "bob" }
        #expect(table.listeners(to: Self.owner, node: "n").count == 13)
        #expect(come("carol", "b"))
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
