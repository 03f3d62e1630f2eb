import CloudModel
import Placement
import Storage

/// What following the users needs of what the coordinator keeps, and what it leaves there.
extension CoordinatorState {
    /// The workloads whose users are followed, in the order of their turns.
    var followed: [WorkloadID] {
        let followed = self.placements.values.filter {
            $0.specification.following != nil && !$0.saga.isRemoving
        }
        return self.following.turns(of: followed.map(\.id).sorted())
    }

    /// What is known of a workload and its users now; nil if they are not followed any more.
    func followed(_ id: WorkloadID, at now: Instant) -> FollowedWorkload? {
        guard let placement = self.placements[id], let wishes = placement.specification.following else {
            return nil
        }
        var memory = self.following.memory(of: id)
        memory.note(changes: placement.changes(withinTheHourOf: now))
        // One of the future is from before the clock was set back.
        let since = [placement.lastChange, memory.changes.last].compactMap { $0 }.filter { $0 <= now }.max()
        let responses = self.following.responses(
            of: id, percentile: wishes.percentile, at: now, since: since)
        return FollowedWorkload(
            placement: placement, wishes: wishes, memory: memory, responses: responses ?? [])
    }

    /// The best site for another replica near `place`, or why there is none.
    mutating func site(
        for place: Audience.Place?, of placement: StoredPlacement, now: Instant, _ planner: Planner,
        using generator: inout some RandomNumberGenerator
    ) -> (SiteID?, refusal: String) {
        self.following.searched(for: placement.id)
        let request = self.growth(of: placement, by: 1, near: place.map { Audience(near: $0) })
        do throws(SpecificationError) {
            switch try self.choose(request, now: now, planner, using: &generator) {
            case .sites(let assignments): return (assignments.first?.site, "no site is known")
            case .nowhere(let plan): return (nil, plan.lines.prefix(3).joined(separator: "; "))
            }
        } catch {
            return (nil, "\(error)")
        }
    }

    /// Keeps what following a workload has come to, as long as there is that.
    mutating func remember(_ memory: FollowingMemory, of id: WorkloadID) {
        guard self.placements[id] != nil else { return }
        self.following.remember(memory, of: id)
    }
}
