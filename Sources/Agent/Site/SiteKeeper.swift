package import CloudModel
import Federation
import MachineDrivers
package import Storage

/// Holds the ledger and the disk behind it: a change counts once the disk has it, or not at all.
///
/// Runs where blocking harms nobody, and never suspends between looking and acting.
package actor SiteKeeper {
    /// Rings after each change.
    package nonisolated let changed = Bell()

    private var ledger: SiteLedger
    private let store: MachineStore
    private let executor = BlockingExecutor(label: "tradewind.site-keeper")

    /// Reads what the site has kept; `policy` counts until an admin has set another.
    package init(
        site: SiteID, rules: SiteRules, policy: AdmissionPolicy, store: MachineStore
    ) throws {
        self.store = store
        var ledger = SiteLedger(site: site, rules: rules, policy: policy, state: try store.load())
        ledger.outage = "it has not been reached yet"
        self.ledger = ledger
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe self.executor.asUnownedSerialExecutor()
    }

    package func read<Answer: Sendable>(_ look: @Sendable (SiteLedger) -> Answer) -> Answer {
        look(self.ledger)
    }

    /// Makes one step; a refusal leaves everything as it was and tells what the site really has.
    package func change<Answer: Sendable>(
        _ step: @Sendable (inout SiteLedger) throws(SiteRefusal) -> Answer
    ) throws(SiteRefusal) -> Answer {
        var next = self.ledger
        let answer: Answer
        do throws(SiteRefusal) {
            answer = try step(&next)
        } catch {
            var refusal = error
            refusal.capacity = self.ledger.capacity
            throw refusal
        }
        let changes = next.takeChanges()
        if !changes.isEmpty {
            do {
                try self.store.save(changes)
            } catch {
                throw SiteRefusal(
                    .outOfOrder, "\(self.ledger.site) could not write to its database: \(error)",
                    next: "its owner should look at the disk; nothing was changed")
            }
        }
        self.ledger = next
        self.changed.ring()
        return answer
    }
}
