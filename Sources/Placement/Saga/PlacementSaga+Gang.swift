import CloudModel

/// All or nothing: held everywhere before anything is committed anywhere.
extension PlacementSaga {
    /// A replica of a gang is held; the machines are asked for once all are.
    ///
    /// A replica that is placed anew later waits for nobody, as the others run.
    mutating func reserved(_ hold: Hold, replica index: Int) -> [Directive] {
        if self.replicas[index].isReserved == true { return [] }
        self.replicas[index].phase = .reserving(hold)
        self.replicas[index].turn += 1
        self.replicas[index].isReserved = true
        guard self.replicas.allSatisfy(\.isSecured) else { return [] }
        var directives: [Directive] = []
        for index in self.replicas.indices where self.replicas[index].isReserved == true {
            guard let hold = self.replicas[index].hold else { continue }
            directives += self.enter(.committing(hold, asked: 0), replica: index)
        }
        return directives
    }

    /// No site is left to try; of a gang that was never whole nothing is kept then.
    mutating func exhaust(_ reason: String, replica index: Int) -> [Directive] {
        var directives = self.enter(.exhausted(reason), replica: index)
        guard self.isGang, self.replicas[index].epoch == ReplicaPlacement.firstEpoch else {
            return directives
        }
        for other in self.replicas.indices where other != index {
            switch self.replicas[other].phase {
            case .exhausted:
                // One that was placed before would be placed anew by itself.
                guard self.replicas[other].epoch > ReplicaPlacement.firstEpoch else { break }
                directives += self.giveUp(replica: other)
            case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing, .placed, .releasing,
                .deleting, .gone, .replacing:
                directives += self.giveUp(replica: other)
            }
        }
        return directives
    }
}

extension ReplicaPlacement {
    static let firstEpoch = 1

    /// Whether its site holds the capacity for it, or has made the machine, as far as is known.
    fileprivate var isSecured: Bool {
        if self.epoch > Self.firstEpoch { return true }
        switch self.phase {
        case .reserving: return self.isReserved == true
        case .committing, .verifying, .placed, .replacing: return true
        case .planning, .doubting, .withdrawing, .releasing, .deleting, .exhausted, .gone: return false
        }
    }
}
