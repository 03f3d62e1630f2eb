package import CloudModel
package import Operations
package import Storage
import Synchronization

/// Keeps the grants of this process: those of its configuration, which stay, and those given while it runs.
package final class GrantKeeper: Sendable {
    /// The most grants that are kept besides those of the configuration.
    package static let grantsLimit = 10_000

    private struct State {
        let configured: [Grant]
        let roles: [String: Set<String>]
        var given: [Grant]
    }

    private let store: GrantStore
    private let state: Mutex<State>

    /// Reads what was given before; throws if the database cannot be read.
    package init(
        store: GrantStore, configured: [Grant], roles: [String: Set<String>] = [:]
    ) async throws {
        self.store = store
        var given: [Grant] = []
        for record in try await store.all() {
            given.append(
                try Grant(subject: record.subject, permissions: record.permissions, scope: record.scope))
        }
        self.state = Mutex(State(configured: configured, roles: roles, given: given))
    }

    /// All grants as they are now.
    package var book: GrantBook {
        self.state.withLock { GrantBook(grants: $0.configured + $0.given, roles: $0.roles) }
    }

    /// Adds a grant, durably; one for the same subject and permissions is replaced.
    package func add(_ grant: Grant) async throws(OperationError) {
        let isFull = self.state.withLock { $0.given.count >= Self.grantsLimit }
        guard !isFull else {
            throw OperationError(
                .tooMany, "there are \(Self.grantsLimit) grants already", next: "remove some")
        }
        try await Self.storing {
            try await self.store.save(
                GrantRecord(
                    subject: grant.subject.text, permissions: grant.permissions.text,
                    scope: grant.scope.text))
        }
        self.state.withLock { state in
            state.given.removeAll { $0.subject == grant.subject && $0.permissions == grant.permissions }
            state.given.append(grant)
        }
    }

    /// Takes a grant back, durably; grants of the configuration are changed there.
    package func remove(
        _ subject: Grant.Subject, _ permissions: Grant.Permissions
    ) async throws(OperationError) {
        let isThere = try await Self.storing {
            try await self.store.remove(subject: subject.text, permissions: permissions.text)
        }
        guard isThere else {
            let isConfigured = self.state.withLock { state in
                state.configured.contains { $0.subject == subject && $0.permissions == permissions }
            }
            throw isConfigured
                ? OperationError(
                    .conflict, "this grant is in the configuration file", next: "remove it there and restart")
                : OperationError(
                    .notFound, "\(subject.text) has no grant for \(permissions.text)", next: "see: grant list"
                )
        }
        self.state.withLock { state in
            state.given.removeAll { $0.subject == subject && $0.permissions == permissions }
        }
    }

    /// Takes back everything that was given to a subject while the process ran.
    package func removeAll(of subject: Grant.Subject) async throws(OperationError) {
        let permissions = self.state.withLock { state in
            state.given.filter { $0.subject == subject }.map(\.permissions)
        }
        for one in permissions { try await self.remove(subject, one) }
    }

    /// The grants of exactly this subject, those of the configuration first.
    package func grants(of subject: Grant.Subject) -> [Grant] {
        self.state.withLock { state in (state.configured + state.given).filter { $0.subject == subject } }
    }

    /// Each grant and where it comes from, as operations list it.
    package var listed: Value {
        let (configured, given) = self.state.withLock { ($0.configured, $0.given) }
        func row(_ grant: Grant, _ origin: String) -> Value {
            [
                "subject": .string(grant.subject.text), "permissions": .string(grant.permissions.text),
                "scope": .string(grant.scope.text), "origin": .string(origin),
            ]
        }
        return .array(configured.map { row($0, "configuration") } + given.map { row($0, "given") })
    }

    private static func storing<Result: Sendable>(
        _ body: () async throws -> Result
    ) async throws(OperationError) -> Result {
        do {
            return try await body()
        } catch {
            throw OperationError(
                .unavailable, "the grants could not be written to disk: \(error)",
                next: "look at the disk of this process")
        }
    }
}
