package import CloudModel
import Cryptography
package import Operations
import Synchronization

/// Performs a request that has an idempotency key once, whichever face it comes by, and answers its repetitions alike.
///
/// A key belongs to its caller at this process. It stands for one request: with another one it is refused. What failed
/// was not performed, and may be asked for again. What only reads is performed each time. The outcomes are kept in
/// memory, within bounds and for a day; what must outlive the process, such as the placing of a workload, keeps its
/// keys by itself.
package final class OncePerformer: OperationGatekeeper {
    /// What a key stands for.
    struct Request: Hashable, Sendable {
        private let operation: String
        /// A digest is enough to tell whether they are others, and they may be large.
        private let arguments: [UInt8]
        private let site: SiteID?
        /// An outcome is not for those whose grant has changed since.
        private let scope: Grant.Scope

        init(_ invocation: Invocation, scope: Grant.Scope) {
            var arguments = Value.Object()
            for (name, value) in invocation.arguments { arguments[name] = value }
            let text = Value.object(arguments.sortedByName()).json()
            self.operation = invocation.operation
            self.arguments = HashFunction.sha256.digest(of: Array(text.utf8))
            self.site = invocation.site
            self.scope = scope
        }
    }

    typealias Memory = InvokeMemory<
        Request, OperationResult, CheckedContinuation<OperationResult?, any Error>
    >

    private let performer: any OperationGatekeeper
    private let memory: Mutex<Memory>
    /// The number of the last request that may have to wait.
    private let lastNumber = Mutex(0)
    private let now: @Sendable () -> Instant

    package convenience init(
        _ performer: any OperationGatekeeper, now: @escaping @Sendable () -> Instant
    ) {
        self.init(performer, limits: Memory.Limits(), now: now)
    }

    init(
        _ performer: any OperationGatekeeper, limits: Memory.Limits, now: @escaping @Sendable () -> Instant
    ) {
        self.performer = performer
        self.memory = Mutex(Memory(limits: limits))
        self.now = now
    }

    package func authorize(_ invocation: Invocation) async throws(OperationError) -> Grant.Scope {
        try await self.performer.authorize(invocation)
    }

    package func perform(
        _ invocation: Invocation, progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        guard let key = invocation.idempotencyKey,
            Catalogue.operation(invocation.operation)?.effect != .reads
        else {
            return try await self.performer.perform(invocation, progress: progress)
        }
        let name = Memory.Key(caller: invocation.caller.address, key: key)
        // Also of what was performed long ago nothing is told without a grant.
        let request = Request(invocation, scope: try await self.performer.authorize(invocation))
        if let known = try await self.outcome(of: request, under: name) { return known }
        do throws(OperationError) {
            let result = try await self.performer.perform(invocation, progress: progress)
            let cost = Self.entryCost + result.value.cost
            let now = self.now()
            let waiters = self.memory.withLock { $0.finish(name, result, cost: cost, now: now) }
            for waiter in waiters { waiter.resume(returning: result) }
            return result
        } catch {
            let now = self.now()
            let waiters = self.memory.withLock { $0.finish(name, nil, cost: 0, now: now) }
            for waiter in waiters { waiter.resume(throwing: error) }
            throw error
        }
    }

    /// What an entry costs besides its outcome, in bytes.
    private static let entryCost = 256

    /// What came of the same request before, waiting for it if it is under way; nil if it is to be performed now.
    private func outcome(
        of request: Request, under name: Memory.Key
    ) async throws(OperationError) -> OperationResult? {
        let number = self.lastNumber.withLock { last in
            last += 1
            return last
        }
        do {
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let now = self.now()
                    let step = self.memory.withLock {
                        $0.begin(name, request, waiter: continuation, number: number, now: now)
                    }
                    switch step {
                    case .perform: continuation.resume(returning: nil)
                    // A caller who was gone before the waiting began has nobody to end it.
                    case .wait: if Task.isCancelled { self.leave(name, number) }
                    case .known(let result): continuation.resume(returning: result)
                    case .differs: continuation.resume(throwing: OperationError.reused(key: name.key))
                    case .tooMany: continuation.resume(throwing: self.tooMany())
                    }
                }
            } onCancel: {
                self.leave(name, number)
            }
        } catch let error as OperationError {
            throw error
        } catch {
            throw OperationError(.internalError, "\(error)")
        }
    }

    private func leave(_ name: Memory.Key, _ number: Int) {
        let waiter = self.memory.withLock { $0.leave(name, number: number) }
        waiter?.resume(
            throwing: OperationError(
                .cancelled, "nobody waits any longer for what the key \(name.key.quoted) stands for"))
    }

    private func tooMany() -> OperationError {
        let limit = self.memory.withLock { $0.limits.openPerCaller }
        return OperationError(
            .tooMany, "\(limit) of your requests with a key are under way already",
            next: "wait until some of them are done")
    }
}

extension Value {
    /// About what it takes to keep it in memory, in bytes.
    fileprivate var cost: Int {
        switch self {
        case .null, .bool, .integer, .double: 16
        case .string(let text): 32 + text.utf8.count
        case .array(let elements): elements.reduce(32) { $0 + $1.cost }
        case .object(let object):
            object.members.reduce(32) { $0 + 32 + $1.name.utf8.count + $1.value.cost }
        }
    }
}
