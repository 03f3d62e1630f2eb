import CloudModel
import Storage

/// Says each change of each machine's state, whoever holds it: for the feed of machines.
///
/// Level-triggered like the reports: of changes that follow each other faster than they can be told, the last is told.
struct SiteNews: Sendable {
    let service: SiteService
    /// Takes the states that changed; `isNews` is false for those that were there when the agent started.
    let tell: @Sendable (_ machines: [Machine], _ isNews: Bool) async -> Void

    /// Machines whose told state is remembered before the forgotten ones among them are looked for.
    private static let knownAtFirst = 1_024

    /// Says what changes until cancelled.
    func run() async {
        var known: [MachineID: Int]?
        var limit = Self.knownAtFirst
        for await _ in self.service.keeper.changed.rings() {
            guard var told = known.take() else {
                let entries = self.entries
                known = Dictionary(entries.map { ($0.machine.id, $0.revision) }, uniquingKeysWith: max)
                let present = entries.map(\.machine).filter { $0.state != .deleted }
                if !present.isEmpty { await self.tell(present, false) }
                continue
            }
            let changed = self.service.keeper.takeTouched()
                .filter { told[$0.machine.id] != $0.revision }
            for entry in changed { told[entry.machine.id] = entry.revision }
            if told.count > limit {
                let kept = Set(self.entries.map(\.machine.id))
                told = told.filter { kept.contains($0.key) }
                limit = max(Self.knownAtFirst, 2 * told.count)
            }
            known = told
            if !changed.isEmpty { await self.tell(changed.map(\.machine), true) }
        }
    }

    /// All machines, the oldest change first.
    private var entries: [SiteMachine] {
        self.service.keeper.read { ledger in
            ledger.machines.values.sorted {
                ($0.machine.changed, $0.machine.id) < ($1.machine.changed, $1.machine.id)
            }
        }
    }
}
