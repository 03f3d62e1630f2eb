package import CloudModel
package import Cryptography
package import XMPP

/// What other clients want to be told of: the entity capabilities (XEP-0115) of those whose presence an account sees.
///
/// Presence brings a hash; what lies behind it is asked for once and believed only if it hashes to that (§5.4), so that
/// nobody can say for others what they want. What is verified is remembered for everybody, by algorithm and hash.
package struct CapabilityTable: Sendable {
    /// What presence says, as far as it can be verified.
    package struct Key: Hashable, Sendable {
        package let hash: HashFunction
        package let version: String
    }

    /// A client that listens to an account.
    package struct Listener: Hashable, Sendable {
        /// The account it listens to: its own, or one whose presence it sees.
        package let owner: JID
        /// The full JID.
        package let address: JID
    }

    /// What a presence comes to.
    package enum OnPresence: Hashable, Sendable {
        case nothing
        /// The listener has just come, and wants to be told of these nodes.
        case arrived(interests: Set<String>)
        /// The listener must be asked, in the owner's name, with this id.
        case ask(id: String, node: String)
    }

    private struct Entry {
        var capabilities: EntityCapabilities
        var key: Key
        /// Whether it has been told of what there was when it came.
        var isServed: Bool
    }

    private struct Question {
        let listener: Listener
        let key: Key
        let askedAt: Instant
    }

    /// How long an answer is waited for before somebody else may be asked.
    static let patience = Duration.seconds(60)

    private let limits: PubSubLimits
    private var known = KnownCapabilities()
    /// By owner, then by full JID.
    private var entries: [JID: [JID: Entry]] = [:]
    /// The clients that say they have a hash, by owner: what of `entries` has that key.
    private var claims: [Key: [JID: Set<JID>]] = [:]
    private var questions: [String: Question] = [:]
    private var asked: [Key: String] = [:]
    private var nextQuestion: UInt64 = 1

    package init(limits: PubSubLimits = PubSubLimits()) {
        self.limits = limits
    }

    /// Hashes that are remembered.
    package var count: Int { self.known.count }
    /// Questions that wait for an answer.
    package var questionCount: Int { self.questions.count }

    /// A client whose presence the owner sees says that it is there.
    package mutating func available(
        _ listener: Listener, _ capabilities: EntityCapabilities?, at now: Instant
    ) -> OnPresence {
        guard let capabilities, let hash = HashFunction(textualName: capabilities.hash) else {
            // Nothing that could be verified: such a client is told of nothing (XEP-0163 §4.3.3).
            self.unavailable(listener)
            return .nothing
        }
        let key = Key(hash: hash, version: capabilities.version)
        let before = self.entries[listener.owner]?[listener.address]
        guard before != nil || self.hasRoom(for: listener) else { return .nothing }
        let known = self.known[key]
        let wasServed = before?.isServed ?? false
        self.unavailable(listener)
        self.entries[listener.owner, default: [:]][listener.address] = Entry(
            capabilities: capabilities, key: key, isServed: wasServed || known != nil)
        self.claims[key, default: [:]][listener.owner, default: []].insert(listener.address)
        guard let known else { return self.question(listener, capabilities, key, at: now) }
        return wasServed ? .nothing : .arrived(interests: known)
    }

    /// Whether one more client may be known for its owner: always one of his own, of which there are only as many as may
    /// log in.
    private func hasRoom(for listener: Listener) -> Bool {
        let (owner, address) = (listener.owner, listener.address)
        func isOf(_ person: JID, _ client: JID) -> Bool {
            client.local == person.local && client.domain == person.domain
        }
        if isOf(owner, address) { return true }
        guard let entries = self.entries[owner] else { return true }
        return entries.count { !isOf(owner, $0.key) } < self.limits.listenersPerAccount
            && entries.count { isOf(address, $0.key) } < self.limits.listenersPerContact
    }

    package mutating func unavailable(_ listener: Listener) {
        let (owner, address) = (listener.owner, listener.address)
        guard let entry = self.entries[owner]?.removeValue(forKey: address) else { return }
        if self.entries[owner]?.isEmpty == true { self.entries[owner] = nil }
        self.claims[entry.key]?[owner]?.remove(address)
        if self.claims[entry.key]?[owner]?.isEmpty == true { self.claims[entry.key]?[owner] = nil }
        if self.claims[entry.key]?.isEmpty == true { self.claims[entry.key] = nil }
    }

    /// Forgets all who listen to an account that is gone.
    package mutating func forget(owner: JID) {
        self.forgetListeners(to: owner) { _ in true }
    }

    /// Forgets those who listen to an account and may not any more.
    package mutating func forgetListeners(to owner: JID, where isExcluded: (JID) -> Bool) {
        for address in (self.entries[owner] ?? [:]).keys where isExcluded(address) {
            self.unavailable(Listener(owner: owner, address: address))
        }
    }

    /// The clients of `owner`'s listeners that want to be told of a node, in order.
    package func listeners(to owner: JID, node: String) -> [JID] {
        (self.entries[owner] ?? [:]).filter { self.known[$0.value.key]?.contains(node) == true }.keys
            .sorted()
    }

    /// Those who say they have a hash, in order.
    private func listeners(claiming key: Key) -> [Listener] {
        (self.claims[key] ?? [:]).sorted { $0.key < $1.key }.flatMap { owner, addresses in
            addresses.sorted().map { Listener(owner: owner, address: $0) }
        }
    }

    // MARK: Questions

    private mutating func question(
        _ listener: Listener, _ capabilities: EntityCapabilities, _ key: Key, at now: Instant
    ) -> OnPresence {
        if let id = self.asked[key], let question = self.questions[id] {
            guard question.askedAt.advanced(by: Self.patience) <= now else { return .nothing }
            self.close(id)
        }
        if self.questions.count >= self.limits.pendingQuestions {
            let overdue = self.questions.filter { $0.value.askedAt.advanced(by: Self.patience) <= now }
            for id in overdue.keys { self.close(id) }
            guard self.questions.count < self.limits.pendingQuestions else { return .nothing }
        }
        let id = "caps-\(self.nextQuestion)"
        self.nextQuestion += 1
        self.questions[id] = Question(listener: listener, key: key, askedAt: now)
        self.asked[key] = id
        return .ask(id: id, node: capabilities.discoveryNode)
    }

    private mutating func close(_ id: String) {
        guard let question = self.questions.removeValue(forKey: id) else { return }
        if self.asked[question.key] == id { self.asked[question.key] = nil }
    }

    /// Whether an answer of this id is waited for from that address.
    package func isWaiting(for id: String, from address: JID?) -> Bool {
        self.questions[id].map { $0.listener.address == address } ?? false
    }

    /// What an answer comes to: those who can be served now, or another who is to be asked.
    package enum OnAnswer: Hashable, Sendable {
        case verified([Listener], interests: Set<String>)
        case ask(Listener, id: String, node: String)
        case nothing
    }

    /// Takes the answer to a question; nil for an error.
    ///
    /// An answer that does not hash to what presence said is thrown away with its sender's claim; another who claims
    /// the same hash is asked (XEP-0115 §5.4).
    package mutating func answered(_ id: String, _ info: DiscoInfo?, at now: Instant) -> OnAnswer {
        guard let question = self.questions[id] else { return .nothing }
        self.close(id)
        let key = question.key
        guard let info, info.verificationString(by: key.hash) == key.version else {
            for (owner, addresses) in self.claims[key] ?? [:]
            where addresses.contains(question.listener.address) {
                self.unavailable(Listener(owner: owner, address: question.listener.address))
            }
            return self.askAnother(key, at: now)
        }
        let wanted = self.remember(info, as: key, through: question.listener.owner)
        var served: [Listener] = []
        for listener in self.listeners(claiming: key)
        where self.entries[listener.owner]?[listener.address]?.isServed == false {
            self.entries[listener.owner]?[listener.address]?.isServed = true
            served.append(listener)
        }
        return .verified(served, interests: wanted)
    }

    private mutating func askAnother(_ key: Key, at now: Instant) -> OnAnswer {
        guard let owner = self.claims[key]?.keys.min(), let address = self.claims[key]?[owner]?.min(),
            let entry = self.entries[owner]?[address]
        else { return .nothing }
        let listener = Listener(owner: owner, address: address)
        guard case .ask(let id, let node) = self.question(listener, entry.capabilities, key, at: now)
        else { return .nothing }
        return .ask(listener, id: id, node: node)
    }

    private mutating func remember(_ info: DiscoInfo, as key: Key, through owner: JID) -> Set<String> {
        let suffix = "+notify"
        let wanted = Set(
            info.features.filter { $0.hasSuffix(suffix) && $0.utf8.count <= self.limits.nameBytes }
                .prefix(self.limits.interests).map { String($0.dropLast(suffix.count)) })
        let claims = self.claims
        self.known.remember(wanted, as: key, through: owner, limit: self.limits.capabilities) { key in
            claims[key]?.count ?? 0
        }
        return wanted
    }
}
