import CloudModel
import Placement
import Storage

/// The applications a coordinator has in memory, and which workloads are their parts: pure, behind the coordinator's
/// lock.
struct ApplicationBook {
    private(set) var applications: [ApplicationID: StoredApplication] = [:]
    private var names: [String: ApplicationID] = [:]
    private var workloads: [ApplicationID: Set<WorkloadID>] = [:]
    /// The workloads that are, were or become the part of that name: `shop-web`.
    private var versions: [String: Set<WorkloadID>] = [:]
    /// Those to be looked at.
    private var due: Set<ApplicationID> = []
    /// Those that are not on disk as they are here.
    private var unstored: Set<ApplicationID> = []
    /// Parts that wait for a site, by name, and when it is looked for again.
    private var rests: [ApplicationID: [String: Instant]] = [:]
    /// When parts began to wait for a site, as their sagas have it and by the clock that never jumps.
    private var waits: [ApplicationID: [String: (since: Instant, uptime: Duration)]] = [:]
    private var watchers: [ApplicationID: [Int: AsyncStream<Void>.Continuation]] = [:]
    private var nextWatcher = 0

    // MARK: Applications

    mutating func load(_ stored: [StoredApplication]) {
        for var application in stored {
            application.saga.resume()
            self.applications[application.id] = application
            self.names[application.saga.name] = application.id
            self.due.insert(application.id)
        }
    }

    /// The application of that id or name.
    func application(named text: String) -> StoredApplication? {
        if let id = ApplicationID(text), let application = self.applications[id] { return application }
        return self.names[text].flatMap { self.applications[$0] }
    }

    /// Keeps a new application, or one as it is now.
    mutating func keep(_ application: StoredApplication) {
        var application = application
        application.revision += 1
        self.applications[application.id] = application
        self.names[application.saga.name] = application.id
        self.due.insert(application.id)
        self.unstored.insert(application.id)
    }

    /// Forgets one of which nothing is left; those who wait for it hear that it is gone.
    mutating func drop(_ id: ApplicationID) {
        guard let application = self.applications.removeValue(forKey: id) else { return }
        if self.names[application.saga.name] == id { self.names[application.saga.name] = nil }
        self.due.remove(id)
        self.unstored.remove(id)
        self.rests[id] = nil
        self.waits[id] = nil
        for watcher in (self.watchers.removeValue(forKey: id) ?? [:]).values { watcher.finish() }
    }

    func isStored(_ id: ApplicationID) -> Bool { !self.unstored.contains(id) }

    /// Notes that `application` is on disk, as it was when it was written.
    mutating func stored(_ application: StoredApplication) {
        if self.applications[application.id]?.revision == application.revision {
            self.unstored.remove(application.id)
        }
    }

    mutating func takeDue() -> [ApplicationID] {
        defer { self.due = [] }
        return self.due.filter { self.applications[$0] != nil }.sorted()
    }

    /// Looks at all of them again, so that nothing is forgotten that could not be done.
    mutating func makeAllDue() { self.due = Set(self.applications.keys) }

    /// No site is looked for for a part before `instant`.
    mutating func rest(_ id: ApplicationID, part: String, until instant: Instant) {
        self.rests[id, default: [:]][part] = instant
    }

    /// Looks for sites for all parts at once.
    mutating func wake(_ id: ApplicationID) { self.rests[id] = nil }

    func isResting(_ id: ApplicationID, part: String, at now: Instant) -> Bool {
        guard let end = self.rests[id]?[part] else { return false }
        // A clock that was set back must not keep it from being looked for.
        return now < end && now.duration(to: end) <= Coordinator.lookPause
    }

    /// Notes which parts of an application wait for a site by now.
    mutating func noteWaits(of id: ApplicationID, at uptime: Duration) {
        let before = self.waits[id] ?? [:]
        var waits: [String: (since: Instant, uptime: Duration)] = [:]
        for member in self.applications[id]?.saga.members ?? [] {
            guard let since = member.wait?.since else { continue }
            if let known = before[member.name], known.since == since {
                waits[member.name] = known
            } else {
                waits[member.name] = (since: since, uptime: uptime)
            }
        }
        self.waits[id] = waits
    }

    /// How long a part has waited for a site; no time of day that is set makes it longer or shorter.
    func waited(for part: String, of id: ApplicationID, at uptime: Duration) -> Duration {
        self.waits[id]?[part].map { uptime - $0.uptime } ?? .zero
    }

    // MARK: Parts

    mutating func note(_ workload: WorkloadID, as part: PartReference?) {
        guard let part else { return }
        self.workloads[part.application, default: []].insert(workload)
        self.versions[part.workloadName, default: []].insert(workload)
        self.due.insert(part.application)
    }

    mutating func forget(_ workload: WorkloadID, as part: PartReference?) {
        guard let part else { return }
        self.workloads[part.application]?.remove(workload)
        if self.workloads[part.application]?.isEmpty == true { self.workloads[part.application] = nil }
        self.versions[part.workloadName]?.remove(workload)
        if self.versions[part.workloadName]?.isEmpty == true { self.versions[part.workloadName] = nil }
    }

    func workloads(of id: ApplicationID) -> [WorkloadID] { (self.workloads[id] ?? []).sorted() }

    func workloads(called name: String) -> [WorkloadID] { (self.versions[name] ?? []).sorted() }

    // MARK: Watchers

    mutating func watch(_ id: ApplicationID, _ continuation: AsyncStream<Void>.Continuation) -> Int {
        self.nextWatcher += 1
        self.watchers[id, default: [:]][self.nextWatcher] = continuation
        return self.nextWatcher
    }

    mutating func unwatch(_ id: ApplicationID, _ number: Int) {
        self.watchers[id]?[number] = nil
        if self.watchers[id]?.isEmpty == true { self.watchers[id] = nil }
    }

    /// Those who wait for news of an application; told outside the lock.
    func watchers(of id: ApplicationID) -> [AsyncStream<Void>.Continuation] {
        Array((self.watchers[id] ?? [:]).values)
    }
}
