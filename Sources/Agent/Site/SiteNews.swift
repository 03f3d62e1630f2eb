import CloudModel
import Storage

/// Says each change of each machine's state, whoever holds it: for the feed of machines.
///
/// Level-triggered like the reports: of changes that follow each other faster than they can be told, the last is told.
struct SiteNews: Sendable {
    let service: SiteService
    /// Takes the states that changed; `isNews` is false for those that were there when the agent started.
    let tell: @Sendable (_ machines: [Machine], _ isNews: Bool) async -> Void

    /// Says what changes until cancelled.
    func run() async {
        var known: [MachineID: Int]?
        for await _ in self.service.keeper.changed.rings() {
            let entries = await self.service.keeper.read { ledger in
                ledger.machines.values.sorted {
                    ($0.machine.changed, $0.machine.id) < ($1.machine.changed, $1.machine.id)
                }
            }
            let before = known
            known = Dictionary(entries.map { ($0.machine.id, $0.revision) }, uniquingKeysWith: max)
            let changed = entries.filter { entry in
                guard let before else { return entry.machine.state != .deleted }
                return before[entry.machine.id] != entry.revision
            }
            if !changed.isEmpty { await self.tell(changed.map(\.machine), before != nil) }
        }
    }
}
