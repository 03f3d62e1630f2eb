import CloudModel
package import Cryptography
import Storage
import Synchronization
package import XMPP

/// The accounts of the domain: made and changed by command only, and looked up when somebody logs in.
///
/// Passwords are never kept, only what SCRAM needs to check them.
package final class Accounts: Sendable {
    private struct Known {
        var createdAt: Instant
        var credentials: [HashFunction: SCRAMCredentials]
        var isDisabled: Bool
    }

    /// The accounts by name, and the iterations that names without an account claim.
    private struct Book {
        private(set) var accounts: [String: Known]
        private(set) var iterations: IterationShares
        private let standard: Int

        init(_ accounts: [String: Known], standard: Int) {
            self.standard = standard
            self.accounts = accounts
            self.iterations = IterationShares(of: [], standard: standard)
            self.count()
        }

        subscript(name: String) -> Known? {
            get { self.accounts[name] }
            set {
                self.accounts[name] = newValue
                self.count()
            }
        }

        private mutating func count() {
            let counts = self.accounts.values.compactMap { $0.credentials[.sha256]?.iterations }
            self.iterations = IterationShares(of: counts, standard: self.standard)
        }
    }

    private let domain: JID
    let shell: DomainShell
    private let limits: AccountLimits
    private let rosterLimits: RosterLimits
    /// Makes up credentials for names without an account, the same at each try.
    private let secret: [UInt8]
    private let known: Mutex<Book>
    private let hasher = CredentialHasher()
    private let farewell = Mutex<(@Sendable (JID) async throws -> Void)?>(nil)
    private let obituary = Mutex<(@Sendable (JID) async -> Void)?>(nil)

    init(
        domain: JID, shell: DomainShell, limits: AccountLimits, rosterLimits: RosterLimits, secret: [UInt8],
        stored: [StoredAccount]
    ) {
        self.domain = domain
        self.shell = shell
        self.limits = limits
        self.rosterLimits = rosterLimits
        self.secret = secret
        var known: [String: Known] = [:]
        for entry in stored {
            var credentials: [HashFunction: SCRAMCredentials] = [:]
            for record in entry.credentials {
                guard let hash = HashFunction(mechanism: record.mechanism) else { continue }
                credentials[hash] = SCRAMCredentials(record)
            }
            let createdAt = Instant(millisecondsSinceEpoch: entry.account.createdAt)
            known[entry.account.username] = Known(
                createdAt: createdAt, credentials: credentials, isDisabled: entry.account.isDisabled)
        }
        self.known = Mutex(Book(known, standard: limits.iterations))
    }

    /// What is kept of the password of `username`, or made-up credentials that fit no password.
    ///
    /// Both take the same steps, so that nobody learns which names exist (RFC 6120 §13.11). `username` is prepared.
    /// Where accounts have kept the iterations of former days, names without an account claim them as often.
    package func credentials(for username: String, hash: HashFunction) -> SCRAMCredentials {
        let (account, shares) = self.known.withLock { ($0[username], $0.iterations) }
        let fake = SCRAMCredentials.fake(
            for: username, secret: self.secret,
            iterations: shares.iterations(claimedBy: username, secret: self.secret), hash: hash)
        guard let account, !account.isDisabled else { return fake }
        return account.credentials[hash] ?? fake
    }

    /// Makes an account; its address.
    @discardableResult
    package func create(_ name: String, password: String) async throws(AccountError) -> JID {
        let username = try self.prepare(name)
        let credentials = try await self.derive(password, for: username)
        let account = AccountRecord(
            username: username, createdAt: self.shell.now().millisecondsSinceEpoch)
        try await self.inLane { () throws(AccountError) in
            try self.checkRoom(for: username)
            let isNew = try await Self.storing {
                try await self.shell.store.insert(account, credentials: credentials)
            }
            guard isNew else { throw .taken(username) }
            self.remember(credentials, of: username, createdAt: account.createdAt)
            self.shell.withDomain {
                $0.add(account: self.address(of: username), roster: Roster(limits: self.rosterLimits))
            }
        }
        return self.address(of: username)
    }

    /// Gives an account another password; clients that are connected stay so.
    ///
    /// The password is hashed before its turn in the lane comes; if the account has meanwhile made way for another of the
    /// same name, it counts as unknown.
    package func setPassword(_ name: String, to password: String) async throws(AccountError) {
        let username = try self.prepare(name)
        guard let meant = self.known.withLock({ $0[username]?.createdAt }) else { throw .unknown(username) }
        let credentials = try await self.derive(password, for: username)
        try await self.inLane { () throws(AccountError) in
            guard self.known.withLock({ $0[username]?.createdAt }) == meant else { throw .unknown(username) }
            let isKnown = try await Self.storing {
                try await self.shell.store.replaceCredentials(of: username, with: credentials)
            }
            guard isKnown else { throw .unknown(username) }
            self.remember(credentials, of: username, createdAt: nil)
        }
    }

    /// Says what must be gone before an account is, such as what was granted to it: whoever gets the name next must not
    /// inherit it.
    ///
    /// If it throws, the account stays. It is called in the lane: it must not wait for accounts, or for anything else that
    /// the server writes.
    package func beforeDeleting(_ body: @escaping @Sendable (JID) async throws -> Void) {
        self.farewell.withLock { $0 = body }
    }

    /// Says what is to be forgotten once an account is gone, where the disk has forgotten it by then.
    ///
    /// Called in the lane, as the other.
    package func afterDeleting(_ body: @escaping @Sendable (JID) async -> Void) {
        self.obituary.withLock { $0 = body }
    }

    /// Deletes an account with all that it had and all that was granted to its address; its clients are closed.
    ///
    /// The address that it had.
    @discardableResult
    package func delete(_ name: String) async throws(AccountError) -> JID {
        let username = try self.prepare(name)
        try await self.inLane { () throws(AccountError) in
            try await self.forget(username)
            let address = self.address(of: username)
            let directives = self.shell.withDomain { $0.remove(account: address) }
            self.shell.perform(directives)
        }
        return self.address(of: username)
    }

    /// Takes back what was given to an account, then takes it off the disk and out of the list; in the lane only.
    ///
    /// Meanwhile nothing more is done for it, so that nothing of it can come back to the disk; if the disk refuses,
    /// all is as before.
    private func forget(_ username: String) async throws(AccountError) {
        guard self.known.withLock({ $0[username] != nil }) else { throw .unknown(username) }
        let farewell = self.farewell.withLock { $0 }
        let address = self.address(of: username)
        try await Self.storing { try await farewell?(address) }
        let rooms = self.shell.withDomain { domain in
            domain.suspend(account: address)
            return domain.rooms?.address.domain
        }
        do throws(AccountError) {
            let isKnown = try await Self.storing {
                // What waits for the archive is to go with it.
                await self.shell.archive?.settle()
                return try await self.shell.store.delete(
                    username: username, address: address.description, roomDomain: rooms)
            }
            guard isKnown else { throw .unknown(username) }
        } catch {
            self.shell.withDomain { $0.resume(account: address) }
            throw error
        }
        self.known.withLock { $0[username] = nil }
        await self.obituary.withLock { $0 }?(address)
    }

    /// What a client may do to its own account; for the lanes, which carry it out.
    var keeper: DomainShell.AccountKeeper {
        DomainShell.AccountKeeper(
            setPassword: { username, password in
                await Self.problem { () throws(AccountError) in
                    try await self.setPassword(username, to: password)
                }
            },
            delete: { username in
                await Self.problem { () throws(AccountError) in try await self.forget(username) }
            })
    }

    private static func problem(
        _ work: () async throws(AccountError) -> Void
    ) async -> AccountError? {
        do throws(AccountError) {
            try await work()
            return nil
        } catch {
            return error
        }
    }

    /// All accounts, by name.
    package func list() -> [AccountSummary] {
        let known = self.known.withLock { $0.accounts }
        return known.sorted { $0.key < $1.key }.map { username, account in
            let address = self.address(of: username)
            let sessions = self.shell.withDomain { $0.sessions.sessions(of: address).count }
            return AccountSummary(
                address: address, createdAt: account.createdAt, sessions: sessions,
                isDisabled: account.isDisabled)
        }
    }

    func mark(_ username: String, isDisabled: Bool) {
        self.known.withLock { $0[username]?.isDisabled = isDisabled }
    }

    func address(of username: String) -> JID {
        JID(preparedLocal: username, domain: self.domain.domain, resource: nil)
    }

    /// Takes `alice` and, for convenience, `alice@` this domain.
    func prepare(_ name: String) throws(AccountError) -> String {
        let (username, resource) = try self.split(name)
        guard resource == nil else { throw .unusableName(name) }
        return username
    }

    /// As `prepare(_:)`, and also takes the full address of a client.
    func split(_ name: String) throws(AccountError) -> (username: String, resource: String?) {
        do {
            let jid = name.contains("@") ? try JID(name) : try JID(local: name[...], domain: "x")
            let isOurs = !name.contains("@") || jid.domain == self.domain.domain
            guard let local = jid.local, isOurs else { throw AccountError.unusableName(name) }
            return (local, jid.resource)
        } catch {
            throw .unusableName(name)
        }
    }

    private func derive(
        _ password: String, for username: String
    ) async throws(AccountError) -> [CredentialRecord] {
        let length = self.limits.passwordLength
        guard length.contains(password.count) else {
            throw .unusablePassword(
                reason: "it must have \(length.lowerBound) to \(length.upperBound) characters")
        }
        return try await self.hasher.credentials(
            from: password, of: username, iterations: self.limits.iterations)
    }

    private func remember(
        _ records: [CredentialRecord], of username: String, createdAt: Int64?
    ) {
        var credentials: [HashFunction: SCRAMCredentials] = [:]
        for record in records {
            guard let hash = HashFunction(mechanism: record.mechanism) else { continue }
            credentials[hash] = SCRAMCredentials(record)
        }
        self.known.withLock { known in
            let before = known[username]
            let instant = createdAt.map(Instant.init(millisecondsSinceEpoch:)) ?? before?.createdAt
            guard let instant else { return }
            known[username] = Known(
                createdAt: instant, credentials: credentials, isDisabled: before?.isDisabled ?? false)
        }
    }

    private func checkRoom(for username: String) throws(AccountError) {
        let (count, isTaken) = self.known.withLock { ($0.accounts.count, $0[username] != nil) }
        guard !isTaken else { throw .taken(username) }
        guard count < self.limits.accounts else { throw .tooMany(limit: self.limits.accounts) }
    }

    func inLane(
        _ body: @escaping @Sendable () async throws(AccountError) -> Void
    ) async throws(AccountError) {
        let outcome = await self.shell.lane.perform { () async -> Result<Void, AccountError> in
            do throws(AccountError) {
                try await body()
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        guard let outcome else { throw .offline }
        try outcome.get()
    }

    static func storing<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws(AccountError) -> Value {
        do {
            return try await body()
        } catch {
            throw .notStored(reason: "\(error)")
        }
    }
}

extension HashFunction {
    /// The hash functions that accounts can log in with.
    static let forSCRAM: [HashFunction] = [.sha256, .sha1]

    init?(mechanism: String) {
        guard let hash = Self.forSCRAM.first(where: { $0.scramMechanism == mechanism }) else { return nil }
        self = hash
    }

    /// The name under which credentials are kept.
    var scramMechanism: String? {
        switch self {
        case .sha1: SASLMechanism.scramSHA1.rawValue
        case .sha256: SASLMechanism.scramSHA256.rawValue
        case .sha512: nil
        }
    }
}

extension SCRAMCredentials {
    init(_ record: CredentialRecord) {
        self.init(
            salt: record.salt, iterations: record.iterations, storedKey: record.storedKey,
            serverKey: record.serverKey)
    }
}

extension CredentialRecord {
    init(_ credentials: SCRAMCredentials, username: String, hash: HashFunction) {
        self.init(
            username: username, mechanism: hash.scramMechanism ?? "", salt: credentials.salt,
            iterations: credentials.iterations, storedKey: credentials.storedKey,
            serverKey: credentials.serverKey)
    }
}
