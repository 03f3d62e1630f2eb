import CloudModel
import Operations
import Placement
import Storage

/// What a coordinator has in memory: pure, kept behind the coordinator's lock.
struct CoordinatorState {
    struct Key: Hashable {
        let owner: String
        let key: String
    }

    /// A directive and the workload it is for.
    struct Step: Hashable {
        let workload: WorkloadID
        let directive: PlacementSaga.Directive
    }

    /// A change that must be stored before its steps are taken.
    struct Change {
        let placement: StoredPlacement
        /// Whether the placement is not on disk yet as it is here.
        var isNew = true
        /// The replicas that changed.
        let replicas: [Int]
        let directives: [PlacementSaga.Directive]
        var events: [WorkloadEvent] = []
    }

    private(set) var placements: [WorkloadID: StoredPlacement] = [:]
    private var keys: [Key: WorkloadID] = [:]
    /// Those that are not removed; no two have the same name.
    private var names: [String: WorkloadID] = [:]
    /// No removed workload was changed before this moment; nil if none is removed.
    private var firstRemoval: Instant?
    /// The sites, and what was asked of them since their reports.
    var siteIndex: SiteIndex
    var choice = ChoiceWidth()
    var silence = SilentSites()
    var isLoaded = false
    var applications = ApplicationBook()
    /// Who must be apart from whom.
    private(set) var apart = ApartBook()
    /// Decides what keeps workloads at their replicas.
    let keeper: Keeper
    /// Workloads for which no other site was found, and when to look again.
    var looks: [WorkloadID: Instant] = [:]
    /// The workload for which a site was looked for last, if the review could not look for all: those after it come
    /// first in the next one.
    var lastLook: WaitingRank?
    /// The workload for which a better site was looked for last; nil if all had their turn.
    var lastBalanced: WorkloadID?
    /// Whose turn it is to look for moves.
    var looking = CallerTurns()
    /// Whose turn it is to have an application planned.
    var planning = CallerTurns()
    var moves = MoveMemory()
    /// The revisions of each workload that are not known to be on disk.
    private var unstored: [WorkloadID: Set<Int>] = [:]
    /// The revision of each workload's last resizing, or of its removal, while that is not known to be on disk.
    private var whole: [WorkloadID: Int] = [:]
    /// Removed workloads of which nothing is kept any more, as there were too many, except maybe on disk.
    private(set) var forgotten: Set<WorkloadID> = []
    var leases = LeaseBook()
    var following = FollowingDesk()
    /// Where parts could go that are bound to the one a site was looked for last, and are still to be placed.
    var openings: Openings?
    /// Steps that nobody has taken up yet; at most two for each replica that is kept.
    private(set) var pending: [Step] = []
    /// Under no workload: those who wait for news of any.
    private var watchers: [WorkloadID?: [Int: AsyncStream<Void>.Continuation]] = [:]
    private var nextWatcher = 0
    var feed = EventFeed()
    var watcherCount = WatcherCount()

    init(keeper: Keeper, rules: PlanningRules) {
        self.keeper = keeper
        self.siteIndex = SiteIndex(rules: rules)
    }

    // MARK: Workloads

    /// Takes up what was stored, and what was under way in it.
    mutating func load(_ stored: [StoredPlacement]) {
        for var placement in stored {
            if !placement.saga.isSettled {
                for directive in placement.saga.resume() {
                    self.pending.append(Step(workload: placement.id, directive: directive))
                }
            }
            self.add(placement)
        }
        self.isLoaded = true
    }

    /// Unavailable until what was stored has been read: nothing of it would be found.
    func requireLoaded() throws(OperationError) {
        guard self.isLoaded else {
            throw OperationError(.unavailable, "the coordinator is starting", next: "ask again in a moment")
        }
    }

    mutating func add(_ placement: StoredPlacement) {
        self.placements[placement.id] = placement
        if let key = placement.idempotencyKey {
            self.keys[Key(owner: placement.owner, key: key)] = placement.id
        }
        self.moves.note(placement.events, of: placement.id)
        self.index(placement)
    }

    /// Keeps `names` and `firstRemoval` true to a placement that is new or has changed.
    private mutating func index(_ placement: StoredPlacement) {
        self.applications.note(placement.id, as: placement.specification.part)
        self.apart.note(placement)
        let name = placement.specification.name
        guard placement.saga.state == .removed else {
            self.names[name] = placement.id
            return
        }
        if self.names[name] == placement.id { self.names[name] = nil }
        self.firstRemoval = min(self.firstRemoval ?? placement.changed, placement.changed)
    }

    mutating func drop(_ id: WorkloadID) {
        guard let placement = self.placements.removeValue(forKey: id) else { return }
        let name = placement.specification.name
        if self.names[name] == id { self.names[name] = nil }
        if let key = placement.idempotencyKey { self.keys[Key(owner: placement.owner, key: key)] = nil }
        self.looks[id] = nil
        self.unstored[id] = nil
        self.whole[id] = nil
        self.applications.forget(id, as: placement.specification.part)
        self.apart.forget(placement)
        self.leases.forget(id)
        self.moves.forget(id)
        self.following.forget(id)
        self.feed.forget(id)
        for watcher in (self.watchers[id] ?? [:]).values { watcher.finish() }
    }

    /// How many workloads there are that are not removed.
    var liveCount: Int { self.names.count }

    /// Forgets workloads removed before `instant`, and of the others the oldest beyond `limit`; then a sixteenth of it
    /// more, so that not each call looks again.
    mutating func forget(removedBefore instant: Instant, keeping limit: Int) {
        let count = self.placements.count - self.liveCount
        let surplus = count > limit ? count - limit + limit / 16 : 0
        guard surplus > 0 || self.firstRemoval.map({ $0 < instant }) == true else { return }
        let removed = self.placements.values.filter { $0.saga.state == .removed }
            .sorted { ($0.changed, $0.id) < ($1.changed, $1.id) }
        self.firstRemoval = nil
        for (offset, placement) in removed.enumerated() {
            if offset < surplus {
                self.forgotten.insert(placement.id)
                self.drop(placement.id)
            } else if placement.changed < instant {
                self.drop(placement.id)
            } else {
                self.firstRemoval = self.firstRemoval ?? placement.changed
            }
        }
    }

    /// Notes that nothing is left on disk of workloads that were forgotten.
    mutating func erased(_ workloads: Set<WorkloadID>) { self.forgotten.subtract(workloads) }

    /// What happened until then may belong to workloads that were forgotten because `limit` was exceeded; nil if so few
    /// removed ones are stored that none need have been.
    static func forgottenUntil(_ stored: [StoredPlacement], keeping limit: Int) -> Instant? {
        let removals = stored.filter { $0.saga.state == .removed }.map(\.changed)
        return removals.count >= limit - limit / 16 ? removals.min() : nil
    }

    /// The workload that `owner` asked for under `key`.
    func workload(owner: String, key: String) -> StoredPlacement? {
        self.keys[Key(owner: owner, key: key)].flatMap { self.placements[$0] }
    }

    /// The workload of that id or, among those not removed, of that name.
    func workload(named text: String) -> StoredPlacement? {
        if let id = WorkloadID(text), let placement = self.placements[id] { return placement }
        return self.workload(ofName: text)
    }

    /// The workload of that name that is not removed.
    func workload(ofName name: String) -> StoredPlacement? {
        self.names[name].flatMap { self.placements[$0] }
    }

    /// Applies `change` to a workload's saga, and has its log say `notes` about that; nil if there is no such
    /// workload, or nothing changed and nothing is to be said.
    mutating func change(
        _ id: WorkloadID, now: Instant, under circumstances: Circumstances? = nil,
        explained notes: [KeepingNote] = [],
        _ change: (inout PlacementSaga) -> [PlacementSaga.Directive]
    ) -> Change? {
        guard var placement = self.placements[id] else { return nil }
        let before = placement.saga
        var directives = change(&placement.saga)
        let isResized = placement.saga.wantedCount != before.wantedCount
        if isResized { placement.specify() }
        let explanation = placement.log(notes, at: now)
        var events =
            explanation
            + self.keep(
                &placement, since: before, circumstances ?? Circumstances(now: now), &directives)
        guard placement.saga != before || !notes.isEmpty else {
            return directives.isEmpty
                ? nil : Change(placement: placement, isNew: false, replicas: [], directives: directives)
        }
        placement.revision += 1
        placement.changed = now
        events = self.number(events, of: &placement, now: now)
        self.moves.note(events, of: id)
        self.placements[id] = placement
        self.unstored[id, default: []].insert(placement.revision)
        self.index(placement)
        if isResized || placement.saga.isRemoving != before.isRemoving { self.whole[id] = placement.revision }
        // Until a resizing or a removal is on disk each change brings all of it there: it is stored as a whole or not at
        // all, whichever change comes first.
        let isWhole = self.whole[id] != nil
        let replicas = placement.saga.replicas.indices.filter { index in
            isWhole || !before.replicas.indices.contains(index)
                || before.replicas[index] != placement.saga.replicas[index]
        }
        return Change(placement: placement, replicas: replicas, directives: directives, events: events)
    }

    /// Notes that a change is on disk.
    mutating func stored(_ change: Change) {
        guard change.isNew else { return }
        self.feed.stored(change.events)
        let id = change.placement.id
        self.unstored[id]?.remove(change.placement.revision)
        if self.unstored[id]?.isEmpty == true { self.unstored[id] = nil }
        if let revision = self.whole[id], revision <= change.placement.revision { self.whole[id] = nil }
    }

    /// Whether all that is known of a workload is on disk, and so is known again after a crash.
    func isStored(_ id: WorkloadID) -> Bool { self.unstored[id] == nil }

    // MARK: Steps

    mutating func schedule(_ directives: [PlacementSaga.Directive], for workload: WorkloadID) {
        self.pending += directives.map { Step(workload: workload, directive: $0) }
    }

    mutating func takePending() -> [Step] {
        defer { self.pending = [] }
        return self.pending
    }

    // MARK: Watchers

    mutating func watch(_ id: WorkloadID?, _ continuation: AsyncStream<Void>.Continuation) -> Int {
        self.nextWatcher += 1
        self.watchers[id, default: [:]][self.nextWatcher] = continuation
        return self.nextWatcher
    }

    mutating func unwatch(_ id: WorkloadID?, _ number: Int) {
        self.watchers[id]?[number] = nil
        if self.watchers[id]?.isEmpty == true { self.watchers[id] = nil }
    }

    /// Those who wait for news of a workload; told outside the lock.
    func watchers(of id: WorkloadID) -> [AsyncStream<Void>.Continuation] {
        [id, nil].flatMap { self.watchers[$0]?.values.map(\.self) ?? [] }
    }
}

extension StoredPlacement {
    /// The workload as its owner sees it.
    var workload: Workload {
        Workload(
            id: self.id, owner: self.owner, specification: self.specification, state: self.saga.state,
            reason: self.saga.reason, replicas: self.saga.replicaStates, created: self.created,
            events: self.events)
    }
}
