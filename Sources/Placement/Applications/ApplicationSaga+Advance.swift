package import CloudModel

extension ApplicationSaga {
    /// What is to be done now, `workloads` being all that are marked as parts of this application; those in
    /// `fallenBack` have fewer replicas than they were given last, as no site took the others.
    ///
    /// The saga MUST be stored before the directives are carried out.
    package mutating func advance(
        over workloads: [Workload], fallenBack: Set<WorkloadID> = []
    ) -> [Directive] {
        let parts = Dictionary(grouping: workloads.filter(\.isLeft)) { $0.specification.part?.part ?? "" }
        self.members.removeAll { !$0.isWanted && parts[$0.name] == nil }
        var directives: [Directive] = []
        for index in self.members.indices {
            let member = self.members[index]
            let versions = (parts[member.name] ?? []).sorted { $0.generation < $1.generation }
            guard member.isWanted, !member.isGivenUp, self.phase != .removing else {
                if self.dependents(of: member, among: parts).isEmpty {
                    directives += Self.removal(of: versions)
                }
                continue
            }
            let current = versions.last { $0.generation == member.generation }
            if let current, current.runningReplicas > 0 { self.members[index].hasRun = true }
            if self.phase == .applied {
                let isAlone = versions.allSatisfy { $0.id == current?.id }
                if isAlone, current?.isRunning ?? true { self.members[index].formerAfter = [] }
                directives += self.progress(of: index, as: current, among: parts, fallenBack)
            }
            directives += Self.removal(
                of: Self.superseded(versions, by: current, generation: member.generation))
        }
        return directives
    }

    /// Whether the application is removed and nothing of it is left.
    package func isGone(over workloads: [Workload]) -> Bool {
        self.phase == .removing && !workloads.contains(where: \.isLeft)
    }

    /// What brings one wanted part on.
    private mutating func progress(
        of index: Int, as current: Workload?, among parts: [String: [Workload]],
        _ fallenBack: Set<WorkloadID>
    ) -> [Directive] {
        let member = self.members[index]
        guard let current else {
            guard self.waited(for: member, among: parts).isEmpty else {
                // A site is waited for only while it is this part's turn.
                self.members[index].wait = nil
                return []
            }
            // After one refusal nothing more is begun: its owner has to change something first.
            guard !member.isPlaced, !self.hasRefusal else { return [] }
            return [.place(part: member.name, generation: member.generation)]
        }
        let directives = self.resizing(of: index, as: current, fallenBack)
        // What its owner wants changed comes first.
        guard directives.isEmpty, self.mayBeRetried(member, as: current), !self.hasRefusal else {
            return directives
        }
        return [.retry(part: member.name, current.id)]
    }

    /// Whether some wanted part was refused for good.
    private var hasRefusal: Bool { self.members.contains { $0.isWanted && $0.refusal != nil } }

    /// Whether sites that have all refused a part are asked again.
    func mayBeRetried(_ member: Member, as current: Workload) -> Bool {
        self.phase == .applied && member.refusal == nil && !member.isGivenUp && current.isTurnedAway
    }

    /// What gives one part the number of replicas that the document says.
    private mutating func resizing(
        of index: Int, as current: Workload, _ fallenBack: Set<WorkloadID>
    ) -> [Directive] {
        let member = self.members[index]
        let count = member.part.workload.replicas
        let number = current.specification.replicas
        if number == count { self.members[index].number = count }
        // What was accepted may still be refused by every site; a number that it was given by somebody else stays.
        let isReached = number == count && current.runningReplicas >= count
        let hasFallenBack = number != count && member.number == count && fallenBack.contains(current.id)
        let isOverruled = number != count && number != member.number && !fallenBack.contains(current.id)
        if hasFallenBack { self.members[index].hasFallenBack = true }
        // Taken on at last: it only has to come up, however long that lasts.
        if number == count, current.state == .placed { self.members[index].wait = nil }
        guard member.isResizing, current.isLive, !isReached, !isOverruled else {
            self.members[index].isResizing = false
            // What every site has refused is waited for until one has taken it.
            if current.state != .placing, !current.isTurnedAway { self.members[index].wait = nil }
            return []
        }
        return number == count ? [] : [.resize(part: member.name, current.id, to: count)]
    }

    /// The parts that must run, or have their sites, before `member` can be placed.
    func waited(for member: Member, among parts: [String: [Workload]]) -> [String] {
        func current(_ name: String) -> Workload? {
            let generation = self[part: name]?.generation
            let versions = parts[name] ?? []
            // While a part is replaced the one before still serves.
            return versions.first { $0.generation == generation && $0.isLive }
                ?? versions.first { $0.isLive && $0.runningReplicas > 0 }
        }
        let notRunning = member.part.after.filter { !(current($0)?.isRunning ?? false) }
        let nowhere = member.part.bounds.map(\.part).filter { !(current($0)?.hasSites ?? false) }
        return Set(notRunning + nowhere).sorted()
    }

    /// The parts that come after this one and still have something anywhere; until another one has taken over, what
    /// serves may still need what it came after in the document before.
    func dependents(of member: Member, among parts: [String: [Workload]]) -> [Member] {
        self.members.filter { other in
            guard other.name != member.name, parts[other.name] != nil else { return false }
            let mayServe = other.isWanted && !other.isGivenUp && self.phase != .removing
            let former = mayServe ? other.formerAfter : []
            return other.part.after.contains(member.name) || former.contains(member.name)
        }
    }

    /// The workloads that another one has taken over from, or never will: until it runs, the one that serves stays.
    private static func superseded(
        _ versions: [Workload], by current: Workload?, generation: Int
    ) -> [Workload] {
        let others = versions.filter { $0.id != current?.id }
        guard current?.isRunning != true else { return others }
        let serving = Self.serving(others, before: generation)
        return others.filter { $0.id != serving?.id }
    }

    /// Of the workloads of a part, the latest that has a running replica; if none has, the first of those before
    /// `generation` that may have machines: they may be starting or shut down, with all that is on their disks.
    static func serving(_ versions: [Workload], before generation: Int = .max) -> Workload? {
        let live = versions.filter(\.isLive).sorted { $0.generation < $1.generation }
        return live.last { $0.runningReplicas > 0 }
            ?? live.first { $0.mayHaveMachines && $0.generation < generation }
    }

    private static func removal(of workloads: [Workload]) -> [Directive] {
        workloads.filter(\.isLive).map { .remove($0.id) }
    }
}
