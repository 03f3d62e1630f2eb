package import CloudModel

/// Brings an application to what its document says, and keeps the order in which that is done.
///
/// It holds what is wanted; what there is comes in with each call: the workloads that are marked as its parts. So a
/// coordinator that is killed at any moment goes on by looking, and does nothing twice: a part is placed under a key
/// of its own, a workload is resized to a number and removed by its id.
///
/// ```
/// part wanted ── those it comes after run, those it is bound to have sites ──► place ──► running
/// part changed ── another workload is placed beside the old one and runs ──► the old one is removed
/// part no longer wanted ── nothing that comes after it is left ──► removed
/// ```
package struct ApplicationSaga: Hashable, Codable, Sendable {
    package enum Phase: String, Hashable, Codable, Sendable {
        case applied
        /// Nothing more is placed.
        case cancelled
        case removing
    }

    /// A part, and how far it has come.
    package struct Member: Hashable, Codable, Sendable {
        package var part: ApplicationSpecification.Part
        /// Whether the document names it.
        package var isWanted: Bool
        /// Which workload is this part: the one with this number.
        package var generation: Int
        /// Tells the request to place it from every other of this application, earlier parts of that name included.
        package fileprivate(set) var ticket: Int
        /// Whether that workload was taken on.
        package var isPlaced: Bool
        /// Whether the number of its replicas is to be made what the document says.
        package var isResizing: Bool
        /// Whether it was given up before it ran.
        package var isGivenUp: Bool
        /// Why it could not be placed or resized, and what to do.
        package var refusal: String?
        /// Since when it waits for a site that may take it later, and for what; nil if it does not.
        package var wait: Wait?
        /// The number of replicas that its workload had when the document was applied, or was given for it since.
        var number: Int?
        /// Whether no site took what it was given then.
        package var hasFallenBack = false
        /// Whether a replica of its workload has run.
        var hasRun = false
        /// What it came after in earlier documents and is still there, while a workload of these is left.
        package internal(set) var formerAfter: [String] = []

        init(_ part: ApplicationSpecification.Part, generation: Int, ticket: Int) {
            self.part = part
            self.isWanted = true
            self.generation = generation
            self.ticket = ticket
            self.isPlaced = false
            self.isResizing = false
            self.isGivenUp = false
        }

        package var name: String { self.part.name }

        /// Whether the workload of its generation can be what `wanted` asks for, though there is none yet.
        ///
        /// What was refused outright never came to be, so its number is free; what waits may be placed at any moment.
        fileprivate func mayStillBecome(_ wanted: ApplicationSpecification.Part) -> Bool {
            guard !self.isPlaced, !self.isGivenUp else { return false }
            return self.refusal != nil
                || (self.part.workload == wanted.workload && self.part.bounds == wanted.bounds)
        }
    }

    package struct Wait: Hashable, Codable, Sendable {
        package let since: Instant
        package let reason: String
    }

    /// What happened to a directive; one of which the document says something else by now changes nothing.
    package enum Event: Hashable, Sendable {
        case placed(part: String, generation: Int)
        case refused(part: String, generation: Int, reason: String)
        /// It cannot be done now, and will be tried again.
        case postponed(part: String, generation: Int, reason: String, at: Instant)
        /// The coordinator takes it on; each site that is asked may still refuse.
        case resized(part: String, to: Int, at: Instant)
        case resizeRefused(part: String, to: Int, reason: String)
    }

    /// What to do next; each may be repeated.
    package enum Directive: Hashable, Sendable {
        case place(part: String, generation: Int)
        case resize(part: String, WorkloadID, to: Int)
        /// Asks again for what of it every site has refused.
        case retry(part: String, WorkloadID)
        case remove(WorkloadID)
    }

    package let id: ApplicationID
    package let name: String
    package private(set) var phase: Phase
    /// In the order of the document, then those that it no longer names.
    package internal(set) var members: [Member]
    private var lastTicket: Int

    package init(id: ApplicationID, name: String) {
        self.id = id
        self.name = name
        self.phase = .applied
        self.members = []
        self.lastTicket = 0
    }

    /// What is wanted.
    package var specification: ApplicationSpecification {
        ApplicationSpecification(name: self.name, parts: self.members.filter(\.isWanted).map(\.part))
    }

    package subscript(part name: String) -> Member? { self.members.first { $0.name == name } }

    /// The workload that a part is to be.
    package func workload(of part: String, generation: Int) -> WorkloadSpecification? {
        self[part: part].map { self.specification.workload(of: $0.part, as: self.id, generation: generation) }
    }

    // MARK: What its owner wants

    /// Wants what a document says; what is there and fits stays.
    package mutating func apply(_ wanted: ApplicationSpecification, over workloads: [Workload]) {
        self.phase = .applied
        let there = Set(workloads.compactMap { $0.specification.part?.part })
        var members: [Member] = []
        for part in wanted.parts {
            let before = self[part: part.name]
            let versions = workloads.filter { $0.specification.part?.part == part.name }
            var member = Member(
                part, generation: before?.generation ?? 1, ticket: before?.ticket ?? self.nextTicket())
            if let kept = self.kept(for: part, of: wanted, among: versions) {
                member.generation = kept.generation
                member.isPlaced = true
                member.isResizing = part.hasAnotherNumber(than: kept)
                member.number = kept.specification.replicas
                member.hasRun = before?.generation == kept.generation && before?.hasRun == true
            } else if let before, !versions.isEmpty || !before.mayStillBecome(part) {
                member.generation = 1 + max(before.generation, versions.map(\.generation).max() ?? 0)
                member.ticket = self.nextTicket()
            }
            if let before, !versions.isEmpty, before.part.after != part.after || !before.formerAfter.isEmpty {
                member.formerAfter = there.intersection(before.formerAfter + before.part.after).sorted()
            }
            members.append(member)
        }
        for var member in self.members where wanted[part: member.name] == nil {
            member.isWanted = false
            members.append(member)
        }
        self.members = members
    }

    private mutating func nextTicket() -> Int {
        self.lastTicket += 1
        return self.lastTicket
    }

    /// The workload that is what `part` asks for already, its number of replicas apart.
    func kept(
        for part: ApplicationSpecification.Part, of wanted: ApplicationSpecification,
        among workloads: [Workload]
    ) -> Workload? {
        let current = self[part: part.name]?.generation
        let fitting = workloads.filter { workload in
            let specification = wanted.workload(of: part, as: self.id, generation: workload.generation)
            let isOfUse = workload.generation == current ? workload.state != .failed : false
            return workload.isLive && workload.isAlike(specification)
                && (isOfUse || workload.runningReplicas > 0)
        }
        return fitting.first { $0.generation == current } ?? fitting.max { $0.generation < $1.generation }
    }

    /// Gives up what has not run yet; of a part that was being replaced, the workload before stays.
    ///
    /// One that is shut down or has crashed has its disk, and stays like one that runs.
    package mutating func cancel(over workloads: [Workload]) {
        guard self.phase == .applied else { return }
        self.phase = .cancelled
        for index in self.members.indices where self.members[index].isWanted {
            let member = self.members[index]
            let versions = workloads.filter { $0.specification.part?.part == member.name && $0.isLive }
            let current = versions.first { $0.generation == member.generation }
            let others = versions.filter { $0.generation != member.generation }
            let stays =
                current.flatMap { $0.runningReplicas > 0 ? $0 : nil }
                ?? Self.serving(others, before: member.generation)
                ?? current.flatMap { member.hasRun && $0.mayHaveMachines ? $0 : nil }
            if let stays {
                self.members[index].generation = stays.generation
            } else {
                self.members[index].isGivenUp = true
            }
            self.members[index].isResizing = false
            self.members[index].wait = nil
        }
    }

    /// Begins every waiting anew: what was not looked for while the coordinator was down has not been waited for.
    package mutating func resume() {
        for index in self.members.indices { self.members[index].wait = nil }
    }

    package mutating func remove() {
        self.phase = .removing
    }

    /// Takes in what became of a directive; what concerns an earlier generation changes nothing.
    package mutating func handle(_ event: Event) {
        switch event {
        case .placed(let part, let generation):
            self.update(part) { member in
                guard member.generation == generation else { return }
                member.isPlaced = true
                member.wait = nil
            }
        case .refused(let part, let generation, let reason):
            self.update(part) { member in
                guard member.generation == generation else { return }
                member.refusal = reason
                member.wait = nil
            }
        case .postponed(let part, let generation, let reason, let now):
            self.update(part) { member in
                guard member.generation == generation else { return }
                member.wait = Wait(since: member.wait?.since ?? now, reason: reason)
            }
        case .resized(let part, let count, let now):
            let name = self[part: part].flatMap { self.workload(of: part, generation: $0.generation)?.name }
            self.update(part) { member in
                // Another number may be wanted by now, but it was not somebody else who gave it this one.
                member.number = count
                guard member.part.workload.replicas == count else { return }
                if !member.hasFallenBack {
                    member.wait = nil
                } else if member.wait == nil {
                    let reason = "no site has taken all of \(count) replicas"
                    member.wait = Wait(
                        since: now, reason: "\(reason) (workload show \(name ?? part) says why)")
                }
            }
        case .resizeRefused(let part, let count, let reason):
            self.update(part) { member in
                guard member.part.workload.replicas == count, member.isResizing else { return }
                member.isResizing = false
                member.refusal = reason
                member.wait = nil
            }
        }
    }

    private mutating func update(_ part: String, _ change: (inout Member) -> Void) {
        if let index = self.members.firstIndex(where: { $0.name == part }) { change(&self.members[index]) }
    }
}
