package import CloudModel

/// How an application stands, as its owner sees it.
extension ApplicationSaga {
    /// The state that follows from its parts.
    package func state(over workloads: [Workload]) -> Application.State {
        switch self.phase {
        case .removing: return workloads.contains(where: \.isLeft) ? .removing : .removed
        case .cancelled: return .cancelled
        case .applied: break
        }
        if !self.troubles(over: workloads).isEmpty { return .failed }
        let isRunning = self.members.allSatisfy { member in
            guard member.isWanted else { return false }
            let versions = Self.versions(of: member, in: workloads)
            return versions.allSatisfy { $0.generation == member.generation && $0.isRunning }
                && !versions.isEmpty && !member.isResizing
        }
        return isRunning ? .running : .applying
    }

    /// Whether every part that is wanted has its machines, running or about to.
    package func isPlaced(over workloads: [Workload]) -> Bool {
        self.members.filter(\.isWanted).allSatisfy { member in
            Self.versions(of: member, in: workloads).contains { version in
                version.generation == member.generation && version.state == .placed && !member.isResizing
            }
        }
    }

    /// What keeps parts from running, one sentence each; nothing is tried about these any more.
    package func troubles(over workloads: [Workload]) -> [String] {
        self.members.filter(\.isWanted).compactMap { member in
            if let refusal = member.refusal { return "\(member.name): \(refusal)" }
            let versions = Self.versions(of: member, in: workloads)
            guard let current = versions.last(where: { $0.generation == member.generation }) else {
                let isMissing = member.isPlaced && !member.isGivenUp
                return isMissing ? "\(member.name): its workload was removed by hand" : nil
            }
            switch current.state {
            case .failed where self.mayBeRetried(member, as: current): return nil
            case .failed: return "\(member.name): \(current.reason ?? "no site takes it")"
            case .removing where !member.isGivenUp && self.phase == .applied:
                return "\(member.name): its workload was removed by hand"
            case .placing, .placed, .removing, .removed: return nil
            }
        }
    }

    /// What parts wait for that could not be placed yet, one sentence each; tried again by itself.
    package var waits: [String] {
        self.members.filter(\.isWanted).compactMap { member in
            member.wait.map { "\(member.name) waits for a site: \($0.reason)" }
        }
    }

    /// Each part, in the order of the document.
    package func parts(over workloads: [Workload]) -> [Application.Part] {
        let grouped = Dictionary(grouping: workloads.filter(\.isLeft)) { $0.specification.part?.part ?? "" }
        return self.members.map { member in
            let versions = Self.versions(of: member, in: workloads)
            let current = versions.last { $0.generation == member.generation } ?? versions.last
            let (state, text) = self.standing(of: member, as: current, among: grouped)
            return Application.Part(
                name: member.name, state: state, text: text, workload: current?.id,
                replicas: current?.specification.replicas ?? member.part.workload.replicas,
                running: current?.runningReplicas ?? 0,
                sites: Set((current?.replicas ?? []).compactMap(\.site)).sorted())
        }
    }

    private static func versions(of member: Member, in workloads: [Workload]) -> [Workload] {
        workloads.filter { $0.specification.part?.part == member.name && $0.isLeft }
            .sorted { $0.generation < $1.generation }
    }

    private func standing(
        of member: Member, as current: Workload?, among parts: [String: [Workload]]
    ) -> (Application.Part.State, String) {
        if self.phase == .removing || !member.isWanted {
            if current?.state == .removing { return (.removing, "being removed") }
            let others = self.dependents(of: member, among: parts)
            return current == nil
                ? (.removed, "removed")
                : (.removing, "to be removed after \(others.map(\.name).joined(separator: ", "))")
        }
        if member.isGivenUp { return (.cancelled, "cancelled") }
        if member.refusal != nil { return (.failed, "cannot be placed") }
        guard let current else {
            if member.isPlaced { return (.removed, "removed by hand") }
            if self.phase == .cancelled { return (.cancelled, "cancelled") }
            if member.wait != nil { return (.waiting, "waits for a site") }
            let waited = self.waited(for: member, among: parts)
            return waited.isEmpty
                ? (.placing, "about to be placed") : (.waiting, "waits for \(waited.joined(separator: ", "))")
        }
        guard current.generation == member.generation else { return (.replacing, "being replaced") }
        switch current.state {
        case .placing: return (.placing, "being placed")
        case .placed where member.isResizing:
            return (.starting, "being resized to \(member.part.workload.replicas)")
        case .placed: return current.isRunning ? (.running, "running") : (.starting, "starting")
        case .failed where self.mayBeRetried(member, as: current): return (.waiting, "waits for a site")
        case .failed: return (.failed, "failed")
        case .removing: return (.removing, "removed by hand")
        case .removed: return (.removed, "removed by hand")
        }
    }
}
