import CloudModel
import Operations
import Placement
import Storage
import Synchronization

/// Waiting for an application to get somewhere, with news on the way.
extension Coordinator {
    /// The application once `goal` is reached or `part` runs, one of them has failed, it is cancelled or gone, or the
    /// coordinator's patience has run out; a part that is under way does not fail by another one.
    func wait(
        for application: StoredApplication, until goal: Goal, orRunning part: String? = nil,
        telling progress: @escaping ProgressSink
    ) async -> Application {
        let id = application.id
        let (news, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = self.state.withLock { state -> Int? in
            // One that is gone has nobody to end the waiting.
            state.applications.applications[id] == nil ? nil : state.applications.watch(id, continuation)
        }
        if let number {
            continuation.yield()
            await self.withPatience {
                await self.follow(application, until: goal, orRunning: part, news, telling: progress)
            }
            self.state.withLock { $0.applications.unwatch(id, number) }
        }
        return self.report(on: application)
    }

    /// The application as it is now, with what happened to it; one that is gone as that.
    func report(on application: StoredApplication) -> Application {
        self.state.withLock { state in
            guard let known = state.applications.applications[application.id] else {
                return Application(
                    id: application.id, name: application.saga.name, owner: application.owner,
                    state: .removed, reason: nil, parts: [], created: application.created)
            }
            var report = state.report(on: known)
            report.events = state.events(of: known.id)
            return report
        }
    }

    private func follow(
        _ application: StoredApplication, until goal: Goal, orRunning part: String?,
        _ news: AsyncStream<Void>, telling progress: ProgressSink
    ) async {
        var told: [String: String] = [:]
        for await _ in news {
            let (report, isPlaced) = self.state.withLock { state -> (Application?, Bool) in
                guard let known = state.applications.applications[application.id] else { return (nil, false) }
                return (state.report(on: known), known.saga.isPlaced(over: state.parts(of: known.id)))
            }
            guard let report else { return }
            let running = report.parts.count { $0.state == .running }
            for part in report.parts where told[part.name] != part.text {
                told[part.name] = part.text
                await progress(
                    Progress(
                        site: self.configuration.address,
                        text: "\(report.name): \(part.name) \(part.text)\(Self.places(of: part))",
                        step: running, of: report.parts.count))
            }
            if let waited = report.parts.first(where: { $0.name == part }) {
                if waited.isSettled { return }
                // What another part has failed by says nothing of one that is under way itself.
                if report.state == .failed, waited.isUnderWay { continue }
            }
            if goal.isReached(by: report.state, isPlaced: isPlaced) { return }
        }
    }

    /// ` at paris.test, tokyo.test`; empty for a part that is nowhere.
    static func places(of part: Application.Part) -> String {
        part.sites.isEmpty ? "" : " at " + part.sites.map(\.description).joined(separator: ", ")
    }
}

extension Application.Part {
    /// Whether nothing more is to be waited for of this part.
    fileprivate var isSettled: Bool {
        switch self.state {
        case .running, .failed, .cancelled, .removing, .removed: true
        case .waiting, .placing, .starting, .replacing: false
        }
    }

    /// Whether it has been begun, and so goes on in an application that has failed.
    fileprivate var isUnderWay: Bool {
        switch self.state {
        case .placing, .starting: self.workload != nil
        case .waiting, .running, .replacing, .cancelled, .failed, .removing, .removed: false
        }
    }
}

extension Goal {
    /// Whether nothing more is to be waited for.
    fileprivate func isReached(by state: Application.State, isPlaced: Bool) -> Bool {
        switch (self, state) {
        case (.removed, let state): state == .removed
        case (.accepted, _), (_, .running), (_, .failed), (_, .cancelled), (_, .removing), (_, .removed): true
        case (.placed, .applying): isPlaced
        case (.running, .applying): false
        }
    }
}
