import CloudModel
import Cryptography
import Federation
import Operations
import Storage

extension AgentOperations {
    /// Reserves and commits at once: an admin at his own site needs no second thought.
    func create(
        _ invocation: Invocation, _ progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        let specification = try MachineSpecification(invocation)
        let accepted = try await self.asked { () throws(SiteRefusal) in
            let id = try await self.reservationID(invocation)
            _ = try await self.service.reserve(
                SiteLedger.Request(
                    id: id, holder: invocation.holder, specification: specification, replica: nil))
            return try await self.service.commit(
                id, by: invocation.holder, isAdmin: invocation.isAdmin,
                starting: invocation["start"]?.bool ?? true)
        }
        return try self.result(await self.waitUntilSettled(accepted, progress))
    }

    /// Waits until the machine runs, has stopped or failed, and tells each state on the way, from the one
    /// it was accepted in.
    func waitUntilSettled(_ machine: Machine, _ progress: @escaping ProgressSink) async -> Machine {
        let site = self.service.site
        let name = machine.specification.name
        return await withTaskGroup(of: Machine?.self) { group in
            group.addTask {
                func tell(_ state: MachineState) async {
                    await progress(Progress(site: site, text: "machine \(name) is \(state.rawValue)"))
                }
                // It may run already when it is first looked at.
                await tell(machine.state)
                var last = machine
                for await _ in self.service.keeper.changed.rings() {
                    guard let now = self.service.keeper.read({ $0.machines[machine.id]?.machine })
                    else { return nil }
                    if now.state != last.state { await tell(now.state) }
                    last = now
                    switch now.state {
                    case .creating, .starting: continue
                    case .running, .suspended, .stopping, .stopped, .failed, .deleted: return now
                    }
                }
                return last
            }
            group.addTask {
                do {
                    try await Task.sleep(for: Self.bootWaitMax)
                } catch {
                    return nil
                }
                return self.service.keeper.read { $0.machines[machine.id]?.machine }
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? machine
        }
    }

    func result(_ machine: Machine) throws(OperationError) -> OperationResult {
        let name = machine.specification.name
        let why = machine.reason.map { ": \($0)" } ?? ""
        return try OperationResult(
            site: self.service.site, encoding: machine,
            message: "machine \(name) at \(self.service.site) is \(machine.state.rawValue)\(why)")
    }

    /// Runs what may be refused and turns the refusal into the error that faces show.
    func asked<Answer>(
        _ body: () async throws(SiteRefusal) -> Answer
    ) async throws(OperationError) -> Answer {
        do throws(SiteRefusal) {
            return try await body()
        } catch {
            throw OperationError(
                error.reason.operationCode, error.message, next: error.next, site: self.service.site)
        }
    }

    /// The same key of the same caller gives the same reservation, and so one machine.
    ///
    /// After one that ended without a machine, as the disk was full or the agent killed, comes the next: what failed may
    /// be asked for again with its key.
    private func reservationID(_ invocation: Invocation) async throws(SiteRefusal) -> ReservationID {
        guard let key = invocation.idempotencyKey else {
            var generator = SecureRandom()
            return ReservationID(randomUsing: &generator)
        }
        let name = "\(invocation.caller.address)\n\(key)"
        return try await self.service.firstOpen { number in
            // No address is empty, so none stands where a number may.
            let text = number == 0 ? name : "\n\(number)\n\(name)"
            var words = DigestWords(HashFunction.sha256.digest(of: Array(text.utf8)))
            return ReservationID(randomUsing: &words)
        }
    }

    /// The words of a digest, one after the other.
    private struct DigestWords: RandomNumberGenerator {
        private var bytes: ArraySlice<UInt8>

        init(_ digest: [UInt8]) {
            self.bytes = digest[...]
        }

        mutating func next() -> UInt64 {
            let word = self.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            self.bytes = self.bytes.dropFirst(8)
            return word
        }
    }
}

extension Invocation {
    /// The holder that the caller is.
    var holder: SiteID { SiteID(self.caller.address) }

    /// Whether the caller acts for the whole site.
    var isAdmin: Bool {
        switch self.scope {
        case .site: true
        case .own: false
        }
    }
}

extension Refusal.Reason {
    /// The code that faces show.
    fileprivate var operationCode: OperationError.Code {
        switch self {
        case .noRoom, .policy, .hot, .quota, .expired, .other: .refused
        case .notGranted: .forbidden
        case .badRequest: .badRequest
        case .conflict: .conflict
        case .notFound: .notFound
        case .outOfOrder: .unavailable
        }
    }
}
