import CloudModel
import Logging
import Storage
import Synchronization
import XMPP

/// Writes archived messages, all that wait in one transaction, and lets out what followed from them when they are safe.
///
/// Nobody is told of a message that is in no archive yet: a message is delivered, with its stanza-id, only after the
/// commit. What comes meanwhile goes into the next transaction, so the disk is waited for once for all of it. When a
/// write fails, the messages that waited for it go back to their senders, and everything else goes on.
final class ArchiveLane: Sendable {
    /// Carries out what was held, and refuses the messages that could not be archived.
    typealias Release = @Sendable (_ directives: [DomainDirective], _ refused: [Message]) -> Void

    /// What may be let out: a directive, or the word to somebody who waits that all before it is done.
    private enum Output: Sendable {
        case directive(DomainDirective)
        case call(@Sendable () -> Void)
        case passed(CheckedContinuation<Void, Never>)
    }

    let store: ArchiveStore
    private let limits: ArchiveLimits
    private let logger: Logger
    private let group: Mutex<CommitGroup<ArchiveEntry, Output>>
    private let resumes: Mutex<[String: @Sendable () -> Void]> = Mutex([:])
    private let growth: Mutex<ArchiveGrowth>
    private let release: Mutex<Release?> = Mutex(nil)
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    init(store: ArchiveStore, limits: ArchiveLimits, logger: Logger) {
        self.store = store
        self.limits = limits
        self.logger = logger
        self.group = Mutex(CommitGroup(limit: limits.waitingPerStream))
        self.growth = Mutex(ArchiveGrowth(limits: limits))
        (self.wake, self.waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Names who carries out what was held; once, before the first message.
    func attach(_ release: @escaping Release) {
        self.release.withLock { $0 = release }
    }

    // MARK: For the shell

    /// Takes what an event came to; returns what may be carried out at once.
    func admit(_ directives: [DomainDirective], of origin: String) -> [DomainDirective] {
        var entries: [ArchiveEntry] = []
        let others = directives.filter { directive in
            guard case .archive(let entry) = directive else { return true }
            entries.append(entry)
            return false
        }
        let (now, isWaiting) = self.group.withLock { group in
            if entries.isEmpty, group.isIdle { return (others, false) }
            let now = group.admit(entries, others.map(Output.directive), of: origin)
            return (now.isEmpty ? [] : others, now.isEmpty)
        }
        if isWaiting { self.waker.yield() }
        return now
    }

    /// Pauses an origin that has too much waiting, until it has less.
    func holdBack(_ origin: String, pause: () -> Void, resume: @escaping @Sendable () -> Void) {
        guard self.group.withLock({ $0.isFull(origin) }) else { return }
        // First the pause: it may have to be taken back at once.
        pause()
        let isHeld = self.group.withLock { group in
            guard group.holdBack(origin) else { return false }
            self.resumes.withLock { $0[origin] = resume }
            return true
        }
        if !isHeld { resume() }
    }

    /// Calls `body` once all that an origin has waiting has been written and let out; at once if it has nothing.
    ///
    /// Costs no more than its place in the next write, so that whoever asks without end holds up nobody.
    ///
    /// - Parameter mayGiveWay: whether it need not be called if the same is asked for again before.
    func afterAll(of origin: String, mayGiveWay: Bool, _ body: @escaping @Sendable () -> Void) {
        let isWaiting = self.group.withLock { $0.follow(.call(body), of: origin, mayGiveWay: mayGiveWay) }
        if isWaiting { self.waker.yield() } else { body() }
    }

    /// Returns when all that was admitted before has been written and let out.
    func settle() async {
        await withCheckedContinuation { continuation in
            let isWaiting = self.group.withLock { $0.follow(.passed(continuation)) }
            if isWaiting { self.waker.yield() } else { continuation.resume() }
        }
    }

    // MARK: Service

    /// Works until `finish()`, and then writes what is still waiting: nothing that was taken on is lost.
    func run() async {
        for await _ in self.wake { await self.drain() }
        await self.drain()
    }

    func finish() {
        self.waker.finish()
    }

    private func drain() async {
        while let batch = self.group.withLock({ $0.take() }) {
            let isWritten = await self.write(batch.entries)
            self.letOut(batch.outputs, isWritten: isWritten)
            let released = self.group.withLock { $0.finish(batch) }
            for origin in released {
                self.resumes.withLock { $0.removeValue(forKey: origin) }?()
            }
            await self.trim()
        }
    }

    private func write(_ entries: [ArchiveEntry]) async -> Bool {
        guard !entries.isEmpty else { return true }
        do {
            let records = try ArchiveRecord.records(of: entries)
            try await self.store.append(records)
            self.growth.withLock { growth in
                for record in records { growth.note(record.stanza.utf8.count, in: record.archive) }
            }
            return true
        } catch {
            self.logger.error(
                "Messages could not be archived and go back to their senders",
                metadata: ["messages": "\(entries.count)", "error": "\(error)"])
            return false
        }
    }

    private func letOut(_ outputs: [Output], isWritten: Bool) {
        var directives: [DomainDirective] = []
        var refused: [Message] = []
        var passed: [CheckedContinuation<Void, Never>] = []
        var calls: [@Sendable () -> Void] = []
        for output in outputs {
            switch output {
            case .call(let call): calls.append(call)
            case .directive(let directive):
                if !isWritten, let message = directive.message {
                    refused.append(message)
                } else {
                    directives.append(directive)
                }
            case .passed(let continuation): passed.append(continuation)
            }
        }
        if !directives.isEmpty || !refused.isEmpty { self.release.withLock { $0 }?(directives, refused) }
        for call in calls { call() }
        for continuation in passed { continuation.resume() }
    }

    // MARK: Retention

    /// Removes what is too old, and trims the archives that have grown.
    func prune(at now: Instant, by archive: MessageArchive) async {
        do {
            let horizon = MessageArchive.firstSequence(at: archive.horizon(at: now))
            try await self.store.removeAll(before: horizon)
            for archive in try await self.store.archives(above: self.limits.messages) {
                try await self.store.trim(archive, to: self.limits.messages)
            }
        } catch {
            self.logger.error("Old messages could not be removed", metadata: ["error": "\(error)"])
        }
    }

    private func trim() async {
        let due = self.growth.withLock { $0.take() }
        do {
            for archive in due.counted { try await self.store.trim(archive, to: self.limits.messages) }
            for archive in due.weighed { try await self.store.trim(archive, toBytes: self.limits.bytes) }
        } catch {
            self.logger.error("An archive could not be trimmed", metadata: ["error": "\(error)"])
        }
    }
}

extension DomainDirective {
    /// The message that is handed to somebody, if it is one.
    fileprivate var message: Message? {
        switch self {
        case .deliver(.message(let message), _), .serve(.message(let message)),
            .sendRemote(.message(let message)):
            message
        case .deliver, .serve, .sendRemote, .route, .close, .archive: nil
        }
    }
}
