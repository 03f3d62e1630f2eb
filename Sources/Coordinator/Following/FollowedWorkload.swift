import CloudModel
import Placement
import Storage

/// A workload whose users are followed, as it is at one moment.
struct FollowedWorkload {
    let placement: StoredPlacement
    let wishes: FollowingWishes
    let memory: FollowingMemory
    /// How its users are answered since the last change.
    let responses: [PlaceResponse]
}

extension StoredPlacement {
    private static let changes: Set<WorkloadEvent.Kind> = [.added, .dropped, .moving]

    /// When the number or the places of its replicas were last changed, by whomever.
    var lastChange: Instant? { self.events.last { Self.changes.contains($0.kind) }?.at }

    func changes(withinTheHourOf now: Instant) -> [Instant] {
        self.events.filter { Self.changes.contains($0.kind) && $0.at.duration(to: now) < .seconds(3_600) }
            .map(\.at)
    }
}
