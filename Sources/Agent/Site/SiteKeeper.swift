package import CloudModel
import Federation
package import Logging
package import Storage
import Synchronization
import Threads

/// Holds the ledger and the disk behind it: a change counts once the disk has it, or not at all.
///
/// Runs where blocking harms nobody. Changes that come while the disk is busy are written together: each is made on top
/// of those before it, none is answered before all of them are on disk, and if they cannot be written all of them fail.
/// Whoever reads sees only what is on disk, but for acknowledgements, which count before they are; and waits neither for
/// it nor for a thread of the keeper.
package actor SiteKeeper {
    private struct Durable {
        var ledger: SiteLedger
        /// Machines written since `takeTouched` was called last.
        var touched: Set<MachineID> = []
    }

    /// Rings after each change.
    package nonisolated let changed = Bell()

    /// What the disk has, and what holders have acknowledged since.
    private let durable: Mutex<Durable>
    /// What it will have once `steps` are written; nil while nothing waits.
    private var next: SiteLedger?
    private var steps: [SiteChanges] = []
    /// Acknowledgements that count already and are written with the next step; of each machine the last.
    private var acknowledgements: [MachineID: SiteMachine] = [:]
    /// Those whose steps are among `steps`, but for the first, who writes; they learn why they were not written.
    private var followers: [CheckedContinuation<SiteRefusal?, Never>] = []
    /// Whether the last write failed: the log is told when that begins and when it ends.
    private var isDiskAtFault = false
    private let store: MachineStore
    private let logger: Logger
    private let executor = BlockingExecutor(label: "tradewind.site-keeper")

    /// Reads what the site has kept; `policy` counts until an admin has set another.
    package init(
        site: SiteID, rules: SiteRules, policy: AdmissionPolicy, store: MachineStore, logger: Logger
    ) throws {
        self.store = store
        self.logger = logger
        var ledger = SiteLedger(site: site, rules: rules, policy: policy, state: try store.load())
        ledger.outage = "it has not been reached yet"
        self.durable = Mutex(Durable(ledger: ledger))
    }

    private nonisolated var ledger: SiteLedger { self.durable.withLock(\.ledger) }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe self.executor.asUnownedSerialExecutor()
    }

    package nonisolated func read<Answer: Sendable>(
        _ look: @Sendable (SiteLedger) -> Answer
    ) -> Answer {
        look(self.ledger)
    }

    /// The machines that have changed since the last call, deleted ones included, the oldest change first.
    ///
    /// For one reader; what nobody asks for is never more than there are machines.
    package nonisolated func takeTouched() -> [SiteMachine] {
        let taken = self.durable.withLock { durable in
            defer { durable.touched = [] }
            return durable
        }
        return taken.touched.compactMap { taken.ledger.machines[$0] }
            .sorted { ($0.machine.changed, $0.machine.id) < ($1.machine.changed, $1.machine.id) }
    }

    /// Makes one step; a refusal leaves everything as it was and tells what the site really has.
    package func change<Answer: Sendable>(
        _ step: @Sendable (inout SiteLedger) throws(SiteRefusal) -> Answer
    ) async throws(SiteRefusal) -> Answer {
        let before = self.next ?? self.ledger
        var after = before
        let answer: Answer
        do throws(SiteRefusal) {
            answer = try step(&after)
        } catch {
            var refusal = error
            refusal.capacity = before.capacity
            throw refusal
        }
        let changes = after.takeChanges()
        if changes.isEmpty, self.next == nil {
            self.durable.withLock { $0.ledger = after }
            self.changed.ring()
            return answer
        }
        let isFirst = self.next == nil
        self.next = after
        if !changes.isEmpty { self.steps.append(changes) }
        let failure = await isFirst ? self.write() : self.follow()
        if let failure { throw failure }
        return answer
    }

    /// Notes that the holder of a machine knows of `revision`; nobody is told.
    ///
    /// That goes to disk with the next change: if the agent ends before, the holder is told a second time, and takes
    /// that for what it is.
    package func acknowledged(_ id: MachineID, revision: Int) {
        let changes = self.durable.withLock { durable in
            durable.ledger.reported(id, revision: revision)
            return durable.ledger.takeChanges()
        }
        guard var next else {
            self.acknowledgements.merge(changes.machines) { _, new in new }
            return
        }
        next.reported(id, revision: revision)
        self.steps.append(next.takeChanges())
        self.next = next
    }

    private func follow() async -> SiteRefusal? {
        await withCheckedContinuation { self.followers.append($0) }
    }

    /// Writes what has gathered; why it could not be written, or nil.
    private func write() async -> SiteRefusal? {
        // Whoever came while the disk was busy is in the queue behind us, and joins now.
        await Task.yield()
        guard let next else { return nil }
        let (steps, followers) = (self.steps, self.followers)
        self.next = nil
        self.steps = []
        self.followers = []
        var failure: SiteRefusal?
        do {
            let generation = try self.store.save(
                [SiteChanges(machines: self.acknowledgements)] + steps)
            self.acknowledgements = [:]
            var written = next
            written.written(as: generation)
            self.durable.withLock { [written] durable in
                durable.ledger = written
                for step in steps { durable.touched.formUnion(step.machines.keys) }
            }
            if self.isDiskAtFault { self.logger.notice("the site's database takes changes again") }
            self.isDiskAtFault = false
        } catch {
            if !self.isDiskAtFault {
                self.logger.error(
                    "the site's database takes no changes; everything stays as it is until it does",
                    metadata: ["error": "\(error)"])
            }
            self.isDiskAtFault = true
            // What the database says is for the owner, not for whoever asked.
            failure = SiteRefusal(
                .outOfOrder, "\(self.ledger.site) could not write to its database",
                next: "its owner should look at the log and the disk; nothing was changed")
        }
        for follower in followers { follower.resume(returning: failure) }
        if failure == nil { self.changed.ring() }
        return failure
    }
}
