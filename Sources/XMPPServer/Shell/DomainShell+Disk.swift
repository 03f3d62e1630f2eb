import CloudModel
import Logging
import Storage
import Synchronization
import XML
import XMPP

/// The steps that touch the disk. Each in its lane only.
extension DomainShell {
    func carryOut(_ step: DurableStep) async -> [DomainDirective] {
        switch step {
        case .changeRoster(let update): await self.write(update)
        case .changeBlockList(let update): await self.write(update)
        case .document(let step): await self.carryOut(step)
        case .changeAccount(let change): await self.carryOut(change)
        case .changePubSub(let update): await self.write(update)
        case .archive(let step): await self.carryOut(step)
        case .keep(let message, let account, let filed):
            await self.keep(message, for: account, filed: filed)
        case .takeKept(let id, let presence): await self.takeKept(for: id, presence)
        case .changeRoom(let change): await self.write(change)
        }
    }

    private func write(_ update: RosterUpdate) async -> [DomainDirective] {
        do {
            let owner = update.owner.local ?? ""
            if let item = update.change.item {
                try await self.store.save(
                    try RosterItemRecord(item, owner: owner), version: update.change.version)
            } else {
                try await self.store.removeItem(
                    contact: update.change.contact.description, from: owner, version: update.change.version)
            }
        } catch {
            self.logger.error(
                "A roster could not be written",
                metadata: ["owner": "\(update.owner)", "error": "\(error)"])
            return self.withDomain { $0.failed(update) }
        }
        return self.withDomain { $0.changed(update) }
    }

    private func write(_ change: RoomChange) async -> [DomainDirective] {
        do {
            try await self.emptyArchive(before: change)
            try await self.rooms.perform(change.write)
        } catch {
            self.logger.error(
                "A room could not be written", metadata: ["room": "\(change.room)", "error": "\(error)"])
            let now = self.now()
            return self.withDomain { $0.failed(change, at: now) }
        }
        let now = self.now()
        let (directives, overdue) = self.withDomain { domain in
            (domain.changed(change, at: now), domain.overdue(after: change))
        }
        if let overdue { await self.write(overdue, of: change.room) }
        return directives
    }

    /// Writes what happened to a room while it was first written.
    private func write(_ overdue: RoomWrite, of room: JID) async {
        do {
            try await self.rooms.perform(overdue)
        } catch {
            self.logger.error(
                "What changed in a room meanwhile could not be written and is lost with the next restart",
                metadata: ["room": "\(room)", "error": "\(error)"])
        }
    }

    private func write(_ update: BlockListUpdate) async -> [DomainDirective] {
        let account = update.request.account
        do {
            try await self.store.changeBlockList(
                of: account.local ?? "", adding: update.added.map(\.description),
                removing: update.removed.map(\.description))
        } catch {
            self.logger.error(
                "A block list could not be written",
                metadata: ["account": "\(account)", "error": "\(error)"])
            return self.withDomain { $0.failed(update) }
        }
        return self.withDomain { $0.changed(update) }
    }

    private func keep(
        _ message: Message, for account: JID, filed: [DomainDirective]
    ) async -> [DomainDirective] {
        var wasKept = false
        do {
            let text = try Stanza.message(message).element().serializedText()
            let record = OfflineMessageRecord(
                username: account.local ?? "", receivedAt: self.now().millisecondsSinceEpoch, stanza: text)
            wasKept = try await self.store.keep(
                record, limit: self.keptPerAccount, bytes: self.keptBytesPerAccount)
        } catch {
            self.logger.error(
                "A message could not be kept", metadata: ["account": "\(account)", "error": "\(error)"])
        }
        return self.withDomain { $0.kept(message, account: account, wasKept: wasKept, filed: filed) }
    }

    private func takeKept(for id: SessionID, _ presence: Presence) async -> [DomainDirective] {
        guard let account = self.withDomain({ $0.sessions[id]?.address.bare }) else { return [] }
        do {
            let (records, left) = try await self.store.messages(
                for: account.local ?? "", bytes: self.keptBytesPerAccount)
            let messages = records.compactMap { self.message(in: $0) }
            let directives = self.withDomain { domain in
                domain.took(messages, left: left, for: id, presence: presence)
            }
            guard let directives else { return [] }
            self.handedOut.withLock { $0 = records.compactMap(\.id) }
            return directives
        } catch {
            self.logger.error(
                "Kept messages could not be read; they stay where they are",
                metadata: ["account": "\(account)", "error": "\(error)"])
            return self.withDomain { domain in
                domain.sessions[id].map { domain.becomeAvailable($0, presence) } ?? []
            }
        }
    }

    /// Takes off the disk what has been handed out: whoever crashes before that hands it out once more.
    func forgetHandedOut() async {
        let ids = self.handedOut.withLock { ids in
            defer { ids = [] }
            return ids
        }
        guard !ids.isEmpty else { return }
        await self.archive?.settle()
        do {
            try await self.store.removeMessages(ids)
        } catch {
            self.logger.error(
                "Messages that were handed out could not be removed and will be handed out again",
                metadata: ["messages": "\(ids.count)", "error": "\(error)"])
        }
    }

    private func message(in record: OfflineMessageRecord) -> (receivedAt: Instant, message: Message)? {
        do {
            guard case .message(let message) = try Stanza(parsing: Element(parsing: record.stanza)) else {
                return nil
            }
            return (Instant(millisecondsSinceEpoch: record.receivedAt), message)
        } catch {
            self.logger.error(
                "A kept message cannot be read and is dropped",
                metadata: ["account": "\(record.username)", "error": "\(error)"])
            return nil
        }
    }
}
