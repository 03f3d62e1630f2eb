import CloudModel

/// What a change of a saga means, in words, for the workload's log.
extension PlacementSaga {
    /// What happened between `before` and now, replica by replica.
    package func narrate(since before: PlacementSaga) -> [KeepingNote] {
        var notes: [KeepingNote] = []
        for (old, new) in zip(before.replicas, self.replicas) where old != new {
            let machine = Self.machine(old, new)
            notes += Self.attempts(old, new)
            notes += Self.postponement(old, new)
            // Nothing comes after the end of a replica.
            if new.phase == .gone { notes += machine }
            notes += Self.phase(old, new)
            notes += self.growth(old, new)
            if new.phase != .gone { notes += machine }
        }
        return notes
    }

    private static func attempts(_ old: ReplicaPlacement, _ new: ReplicaPlacement) -> [KeepingNote] {
        guard old.epoch == new.epoch else { return [] }
        return new.attempts.dropFirst(old.attempts.count).map { attempt in
            KeepingNote(
                .refused, replica: new.index, site: attempt.site, "\(attempt.site): \(attempt.reason)")
        }
    }

    /// Told once for each epoch, however often it is waited.
    private static func postponement(_ old: ReplicaPlacement, _ new: ReplicaPlacement) -> [KeepingNote] {
        guard old.epoch == new.epoch, old.postponement == nil, new.postponement != nil,
            let trouble = new.trouble
        else { return [] }
        return [KeepingNote(.waiting, replica: new.index, site: old.hold?.site, trouble)]
    }

    private static func phase(_ old: ReplicaPlacement, _ new: ReplicaPlacement) -> [KeepingNote] {
        let index = new.index
        switch (old.phase, new.phase) {
        case (.placed, .placed): return []
        case (_, .placed(let hold, _)) where new.epoch < old.epoch:
            let why = new.trouble.map { ": \($0)" } ?? ""
            return [
                KeepingNote(
                    .waiting, replica: index, site: hold.site, "stays at \(hold.site) after all\(why)")
            ]
        case (_, .placed(let hold, _)):
            return [
                KeepingNote(
                    .placed, replica: index, site: hold.site, "placed at \(hold.site), epoch \(new.epoch)")
            ]
        case (.exhausted, .exhausted): return []
        case (_, .exhausted(let reason)):
            return [KeepingNote(.unplaceable, replica: index, site: nil, "no site takes it: \(reason)")]
        case (.gone, .gone): return []
        case (_, .gone): return [KeepingNote(.removed, replica: index, site: old.hold?.site, "removed")]
        case (_, _): return []
        }
    }

    /// Of a growth that came to nothing, which the replica with the reason tells.
    private func growth(_ old: ReplicaPlacement, _ new: ReplicaPlacement) -> [KeepingNote] {
        guard old.isWanted, !new.isWanted, new.phase == .gone, let reason = new.trouble else { return [] }
        let extent = self.isGang ? ", with all that were added" : ""
        return [
            KeepingNote(
                .dropped, replica: new.index, site: nil,
                "is given up again\(extent), as no site takes it: \(reason)")
        ]
    }

    private static func machine(_ old: ReplicaPlacement, _ new: ReplicaPlacement) -> [KeepingNote] {
        guard let machine = new.machine,
            old.machine?.id != machine.id || old.machine?.state != machine.state
        else { return [] }
        let why = machine.reason.map { ": \($0)" } ?? ""
        let note: (kind: WorkloadEvent.Kind, text: String)? =
            switch machine.state {
            case .running: (.running, "runs at \(machine.site)")
            case .failed: (.failed, "failed at \(machine.site)\(why)")
            case .stopped: (.stopped, "stopped at \(machine.site)\(why)")
            case .deleted: (.deleted, "its machine at \(machine.site) was deleted")
            case .creating, .starting, .suspended, .stopping: nil
            }
        guard let note else { return [] }
        return [KeepingNote(note.kind, replica: new.index, site: machine.site, note.text)]
    }
}
