import CloudModel
import Storage
import Testing
import XML
import XMPP

@testable import XMPPServer

/// A domain with a disk that always works and streams that remember what was written to them.
struct DomainBench {
    var domain: LocalDomain
    /// What each session got, in order.
    private(set) var inboxes: [SessionID: [Stanza]] = [:]
    private(set) var served: [Stanza] = []
    private(set) var remote: [Stanza] = []
    private(set) var closed: [SessionID: StreamError] = [:]
    private(set) var disk: [JID: [Message]] = [:]
    /// What was archived, in order.
    private(set) var archived: [ArchiveEntry] = []
    private(set) var documents: [JID: [DocumentName: String]] = [:]
    private(set) var passwords: [JID: String] = [:]
    /// Whether writing fails.
    var isDiskFull = false
    var now = Instant(millisecondsSinceEpoch: 1_000_000)

    init(
        accounts: [String] = ["alice", "bob"], features: [DomainFeature] = DomainFeature.all,
        keptPerAccount: Int = 100, documentLimits: DocumentLimits = DocumentLimits(),
        contacts: ContactAddresses = ContactAddresses()
    ) {
        self.domain = LocalDomain(
            address: Self.domainAddress, profile: ServiceProfile(), features: FeatureTable(features),
            keptPerAccount: keptPerAccount, documentLimits: documentLimits, contacts: contacts,
            startedAt: Instant(millisecondsSinceEpoch: 400_000))
        for account in accounts { self.domain.add(account: Self.local(account)) }
    }

    static let domainAddress = JID(preparedLocal: nil, domain: "paris.test", resource: nil)

    static func local(_ name: String) -> JID {
        JID(preparedLocal: name, domain: "paris.test", resource: nil)
    }

    /// Connects a client and, unless it is to stay silent, makes it available and interested.
    mutating func connect(
        _ name: String, _ resource: String = "desk", priority: Int8? = 0, isInterested: Bool = true
    ) throws -> ClientSession {
        let (session, directives) = try self.domain.bind(account: Self.local(name), resource: resource)
        self.perform(directives)
        if isInterested {
            self.send(
                .iq(IQ(to: nil, id: "roster", body: .get(RosterQuery(version: nil, items: []).element))),
                from: session)
        }
        if let priority { self.send(.presence(Self.available(priority)), from: session) }
        return session
    }

    static func available(_ priority: Int8) -> Presence {
        Presence(
            to: nil,
            payloads: [Element("priority", namespace: Namespace.client, text: String(priority))])
    }

    mutating func send(_ stanza: Stanza, from session: ClientSession) {
        self.handle(.fromClient(stanza, session.id))
    }

    mutating func handle(_ event: DomainEvent) {
        switch self.domain.handle(event, at: self.now) {
        case .done(let directives): self.perform(directives)
        case .durable(let step): self.perform(self.carryOut(step))
        }
    }

    /// What the session has got since the last call.
    mutating func take(_ session: ClientSession) -> [Stanza] {
        defer { self.inboxes[session.id] = nil }
        return self.inboxes[session.id] ?? []
    }

    mutating func takeRemote() -> [Stanza] {
        defer { self.remote = [] }
        return self.remote
    }

    mutating func takeServed() -> [Stanza] {
        defer { self.served = [] }
        return self.served
    }

    private mutating func carryOut(_ step: DurableStep) -> [DomainDirective] {
        switch step {
        case .changeRoster(let update):
            return self.isDiskFull ? self.domain.failed(update) : self.domain.changed(update)
        case .document(let step): return self.carryOut(step)
        case .changeAccount(let change): return self.carryOut(change)
        case .changeBlockList(let update):
            return self.isDiskFull ? self.domain.failed(update) : self.domain.changed(update)
        case .changePubSub(let update):
            return self.isDiskFull
                ? self.domain.failed(update) : self.domain.changed(update, at: self.now)
        case .archive(let step): return self.carryOut(step)
        case .keep(let message, let account, let filed):
            if !self.isDiskFull { self.disk[account, default: []].append(message) }
            return self.domain.kept(message, account: account, wasKept: !self.isDiskFull, filed: filed)
        case .changeRoom(let change):
            return self.isDiskFull
                ? self.domain.failed(change, at: self.now) : self.domain.changed(change, at: self.now)
        case .takeKept(let id, let presence):
            guard let account = self.domain.sessions[id]?.address.bare else { return [] }
            let messages = (self.disk[account] ?? []).map { (receivedAt: self.now, message: $0) }
            guard let directives = self.domain.took(messages, for: id, presence: presence) else { return [] }
            self.disk[account] = nil
            return directives
        }
    }

    /// An archive as simple as can be.
    private mutating func carryOut(_ step: ArchiveStep) -> [DomainDirective] {
        guard !self.isDiskFull else { return self.domain.failed(step) }
        switch step {
        case .setPreferences(let preferences, let request):
            return self.domain.changed(preferences, request)
        case .describe(let iq, let session, let archive):
            let records = self.records { $0.archive == archive.description }
            let ends = records.first.flatMap { first in records.last.map { (first: first, last: $0) } }
            return self.domain.answered(iq, session, archive: archive, ends: ends, at: self.now)
        case .read(let reading):
            let wanted = reading.selection
            let all = self.records { record in
                record.archive == wanted.archive && record.receivedAt >= wanted.from ?? .min
                    && record.receivedAt <= wanted.until ?? .max
                    && record.peer == wanted.peer ?? record.peer
                    && (wanted.peerResource == nil || record.peerResource == wanted.peerResource)
                    && record.sequence > wanted.after ?? .min && record.sequence < wanted.before ?? .max
                    && wanted.sequences?.contains(record.sequence) ?? true
            }
            let side: [ArchiveRecord]
            var isFromEnd = false
            switch wanted.position {
            case .first: side = all
            case .after(let sequence): side = all.filter { $0.sequence > sequence }
            case .before(let sequence):
                side = all.filter { $0.sequence < sequence }
                isFromEnd = true
            case .last:
                side = all
                isFromEnd = true
            }
            let page = isFromEnd ? side.suffix(wanted.limit) : side.prefix(wanted.limit)
            return self.domain.answered(
                reading,
                wanted.limit == 0
                    ? .count(all.count) : .messages(Array(page), isComplete: page.count == side.count),
                at: self.now)
        }
    }

    private func records(_ isWanted: (ArchiveRecord) -> Bool) -> [ArchiveRecord] {
        do {
            return try ArchiveRecord.records(of: self.archived).filter(isWanted)
        } catch {
            Issue.record("a message cannot be printed: \(error)")
            return []
        }
    }

    private mutating func carryOut(_ step: DocumentStep) -> [DomainDirective] {
        if self.isDiskFull { return self.domain.failed(step) }
        switch step {
        case .read(let name, let request):
            let text = self.documents[request.account]?[name]
            return self.domain.found(text.flatMap { try? Element(parsing: $0) }, name, for: request)
        case .write(let drafts, let request):
            for draft in drafts { self.documents[request.account, default: [:]][draft.name] = draft.text }
            return self.domain.wrote(drafts, for: request)
        }
    }

    private mutating func carryOut(_ change: AccountChange) -> [DomainDirective] {
        let problem = self.isDiskFull ? StanzaError(.internalServerError) : nil
        switch change {
        case .setPassword(let password, let request):
            if let refusal = self.domain.beginPasswordChange(request) {
                return self.domain.answers(to: request, .error(refusal))
            }
            if problem == nil { self.passwords[request.account] = password }
            return self.domain.changedPassword(problem, for: request)
        case .delete(let request): return self.domain.deletedAccount(problem, for: request)
        }
    }

    /// Carries out what came of something else than an event.
    mutating func carryOut(_ directives: [DomainDirective]) { self.perform(directives) }

    private mutating func perform(_ directives: [DomainDirective]) {
        for directive in directives {
            switch directive {
            case .deliver(let stanza, let sessions):
                for session in sessions { self.inboxes[session, default: []].append(stanza) }
            case .serve(let stanza): self.served.append(stanza)
            case .sendRemote(let stanza): self.remote.append(stanza)
            case .route(let stanza): self.handle(.routed(stanza))
            case .archive(let entry): self.archived.append(entry)
            case .close(let id, let error): self.closed[id] = error
            }
        }
    }
}

extension Stanza {
    var presenceValue: Presence? {
        if case .presence(let presence) = self { presence } else { nil }
    }

    var messageValue: Message? {
        if case .message(let message) = self { message } else { nil }
    }

    var iqValue: IQ? {
        if case .iq(let iq) = self { iq } else { nil }
    }

    var errorCondition: StanzaError.Condition? {
        switch self {
        case .message(let message): message.error?.condition
        case .presence(let presence): presence.error?.condition
        case .iq(let iq):
            switch iq.body {
            case .error(let error): error.condition
            case .get, .set, .result: nil
            }
        }
    }
}
