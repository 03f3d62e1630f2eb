import CloudModel
import Logging
import Storage
import XMPP

/// The steps that read and write archives and nodes. Each in its lane only.
extension DomainShell {
    func carryOut(_ step: ArchiveStep) async -> [DomainDirective] {
        guard let archive = self.archive else { return self.withDomain { $0.failed(step) } }
        do {
            switch step {
            case .read(let reading):
                // What this stream sent just before is to be found.
                await archive.settle()
                let page = try await archive.store.page(reading.selection)
                let now = self.now()
                return self.withDomain { $0.answered(reading, page, at: now) }
            case .describe(let iq, let session, let owner):
                await archive.settle()
                let horizon = self.withDomain { $0.archive?.horizon(at: self.now()) }
                let ends = try await archive.store.ends(
                    of: owner.description, from: horizon?.millisecondsSinceEpoch ?? 0)
                let now = self.now()
                return self.withDomain { $0.answered(iq, session, archive: owner, ends: ends, at: now) }
            case .setPreferences(let preferences, let request):
                let standard = self.withDomain { $0.archive?.standard } ?? .always
                try await archive.store.save(
                    StoredArchivePreferences(preferences, of: request.account, standard: standard))
                return self.withDomain { $0.changed(preferences, request) }
            }
        } catch {
            self.logger.error("An archive cannot be reached", metadata: ["error": "\(error)"])
            return self.withDomain { $0.failed(step) }
        }
    }

    /// Removes what is archived of a room that begins or ends to stay.
    func emptyArchive(before change: RoomChange) async throws {
        guard let archive = self.archive,
            self.withDomain({ $0.rooms?.needsEmptyArchive(before: change) ?? false })
        else { return }
        await archive.settle()
        try await archive.store.remove(change.room.description)
    }

    func write(_ update: PubSubUpdate) async -> [DomainDirective] {
        do {
            try await self.pubSubStore.apply(
                update.outcome.changes, for: update.service.address.description)
        } catch {
            self.logger.error(
                "A node could not be written",
                metadata: ["owner": "\(update.service.address)", "error": "\(error)"])
            return self.withDomain { $0.failed(update) }
        }
        return self.withDomain { $0.changed(update, at: self.now()) }
    }
}
