import CloudModel
import Storage
import XMPP

/// What administrators do to accounts and their clients (XEP-0133).
extension Accounts {
    /// One account with what the server knows of it now.
    package func details(of name: String) throws(AccountError) -> AccountDetails {
        let username = try self.prepare(name)
        guard let summary = self.list().first(where: { $0.address.local == username }) else {
            throw .unknown(username)
        }
        let now = self.shell.now()
        return self.shell.withDomain { domain in
            let resources = domain.sessions.sessions(of: summary.address).compactMap(\.address.resource)
            return AccountDetails(
                address: summary.address, createdAt: summary.createdAt, isDisabled: summary.isDisabled,
                contacts: domain.rosters[summary.address]?.listed.count ?? 0, resources: resources,
                lastSeen: resources.isEmpty ? domain.lastSeen[summary.address]?.at : now)
        }
    }

    /// Ends all sessions of an account, or the one of a full address; how many they were.
    @discardableResult
    package func disconnect(_ name: String) throws(AccountError) -> Int {
        let (username, resource) = try self.split(name)
        let address = self.address(of: username)
        guard self.shell.withDomain({ $0.hasAccount(address) }) else { throw .unknown(username) }
        let target = resource.map { address.appending(resource: $0) } ?? address
        let (count, directives) = self.shell.withDomain { domain in
            domain.disconnect(
                target, StreamError(.policyViolation, text: "an administrator ended this session"))
        }
        self.shell.perform(directives)
        return count
    }

    /// Lets nobody log in to an account, and ends its sessions; or lets people in again.
    ///
    /// Who tries meanwhile is answered as with a wrong password.
    package func setDisabled(_ name: String, _ isDisabled: Bool) async throws(AccountError) {
        let username = try self.prepare(name)
        try await self.inLane { () throws(AccountError) in
            let isKnown = try await Self.storing {
                try await self.shell.store.setDisabled(isDisabled, account: username)
            }
            guard isKnown else { throw .unknown(username) }
            self.mark(username, isDisabled: isDisabled)
            let address = self.address(of: username)
            let directives = self.shell.withDomain { domain in
                domain.setDisabled(address, isDisabled)
            }
            self.shell.perform(directives)
        }
    }

    /// Sends a message to every client that is connected; how many they are.
    @discardableResult
    package func announce(_ text: String) -> Int {
        let directives = self.shell.withDomain { $0.announcement(text) }
        self.shell.perform(directives)
        return directives.count
    }

    /// What people get when they come online; nil for nothing.
    package func setMessageOfTheDay(_ text: String?) async throws(AccountError) {
        try await self.inLane { () throws(AccountError) in
            try await Self.storing { try await self.shell.store.setSetting("motd", to: text) }
            self.shell.withDomain { $0.messageOfTheDay = text }
        }
    }
}
