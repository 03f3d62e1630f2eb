import Logging
import Storage
import Synchronization
import XML
import XMPP

/// Documents of accounts, and what clients do to their own accounts. Each in its lane only.
extension DomainShell {
    /// How accounts are changed from within the lanes.
    struct AccountKeeper: Sendable {
        /// Hashes the password, then has it written in the durable lane; not to be called there.
        let setPassword: @Sendable (_ username: String, _ password: String) async -> AccountError?
        /// Takes the account off the disk and out of the list, in the durable lane; its clients are the domain's to
        /// close.
        let delete: @Sendable (_ username: String) async -> AccountError?
    }

    func carryOut(_ step: DocumentStep) async -> [DomainDirective] {
        let username = step.request.account.local ?? ""
        do {
            switch step {
            case .read(let name, let request):
                let text = try await self.store.document(
                    area: name.area.rawValue, name: name.name, namespace: name.namespace, of: username)
                let document = try text.map { try Element(parsing: $0) }
                return self.withDomain { $0.found(document, name, for: request) }
            case .write(let drafts, let request):
                try await self.store.save(
                    drafts.map { draft in
                        AccountDocumentRecord(
                            username: username, area: draft.name.area.rawValue, name: draft.name.name,
                            namespace: draft.name.namespace, content: draft.text)
                    })
                return self.withDomain { $0.wrote(drafts, for: request) }
            }
        } catch {
            self.logger.error(
                "A document could not be read or written",
                metadata: ["account": "\(step.request.account)", "error": "\(error)"])
            return self.withDomain { $0.failed(step) }
        }
    }

    func carryOut(_ change: AccountChange) async -> [DomainDirective] {
        let account = change.request.account
        guard let keeper = self.keeper.withLock({ $0 }) else {
            return self.withDomain { domain in
                domain.answers(to: change.request, .error(StanzaError(.serviceUnavailable)))
            }
        }
        switch change {
        case .setPassword(let password, let request):
            // It was decided upon before others had their turn.
            if let problem = self.withDomain({ $0.beginPasswordChange(request) }) {
                return self.withDomain { $0.answers(to: request, .error(problem)) }
            }
            let problem = await keeper.setPassword(account.local ?? "", password)
            return self.withDomain { $0.changedPassword(problem?.stanzaError, for: request) }
        case .delete(let request):
            let problem = await keeper.delete(account.local ?? "")
            return self.withDomain { $0.deletedAccount(problem?.stanzaError, for: request) }
        }
    }
}

extension AccountError {
    /// What a client is told (XEP-0077 §3.3).
    fileprivate var stanzaError: StanzaError {
        let condition: StanzaError.Condition =
            switch self {
            case .unusableName, .unusablePassword: .notAcceptable
            case .taken: .conflict
            case .unknown: .itemNotFound
            case .tooMany: .resourceConstraint
            case .notStored, .offline: .internalServerError
            }
        return StanzaError(condition, text: self.description)
    }
}
