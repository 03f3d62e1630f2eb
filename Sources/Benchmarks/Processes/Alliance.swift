import Foundation

/// Real `tradewind` processes on this machine, allied with each other and ready for work.
struct Alliance: Sendable {
    struct Member: Sendable {
        let domain: String
        let process: ChildProcess
        let client: ControlClient
    }

    /// In the order of the plan, coordinators last.
    let members: [Member]
    /// What lies between all of them, if they are far apart.
    let relay: ChildProcess?
    /// A file that machines may boot from, at every site.
    let image: String

    /// The last process: the coordinator, if there is one.
    var coordinator: Member {
        get throws {
            guard let last = self.members.last else { throw BenchmarkFailure("no process was started") }
            return last
        }
    }

    /// Starts the processes, lets `body` measure, and ends them whatever happens.
    ///
    /// The folder with their logs is left where it is after a failure, which then names it.
    static func measure(
        _ plan: AlliancePlan, _ settings: BenchmarkSettings,
        _ body: (Alliance) async throws -> [Measurement]
    ) async throws -> [Measurement] {
        let starter = try await AllianceStarter(plan, settings)
        var children: [ChildProcess] = []
        do {
            let alliance = try await starter.start(&children)
            try await alliance.join(plan)
            let measurements = try await body(alliance)
            await Self.end(children)
            try FileManager.default.removeItem(atPath: starter.directory)
            return measurements
        } catch {
            await Self.end(children)
            if Task.isCancelled {
                try FileManager.default.removeItem(atPath: starter.directory)
                throw error
            }
            throw BenchmarkFailure("\(error)\nWhat the processes wrote is in \(starter.directory)")
        }
    }

    private static func end(_ children: [ChildProcess]) async {
        await withTaskGroup(of: Void.self) { group in
            for child in children { group.addTask { await child.end() } }
        }
    }

    /// Asks again and again until the answer is yes.
    static func wait(
        _ what: String, seconds: Int = 60, until isReached: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while try await !isReached() {
            guard ContinuousClock.now < deadline else {
                throw BenchmarkFailure("\(what): not within \(seconds) s")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Makes every two of them allies, or each of them one of the last, and waits until whoever plans knows what
    /// each site has free.
    private func join(_ plan: AlliancePlan) async throws {
        for (index, one) in self.members.enumerated() {
            let others = self.members[(index + 1)...]
            for other in plan.isStar ? others.suffix(1) : others { try await self.join(other, one) }
        }
        let planners = max(1, plan.coordinators.count)
        for planner in self.members.suffix(planners) {
            try await Self.wait("\(planner.domain) knows the capacity of all sites") {
                let sites = try await planner.client.get("/sites", as: [SiteView].self)
                let known = sites.count { $0.capacity != nil && $0.roundTrip != nil }
                return known >= self.members.count - planners
            }
        }
    }

    /// `host` lets `guest` use it.
    private func join(_ guest: Member, _ host: Member) async throws {
        try await guest.client.request("POST", "/sites/\(host.domain)/invitation")
        try await Self.wait("\(host.domain) hears of \(guest.domain)") {
            try await host.standing(of: guest) != nil
        }
        try await host.client.request(
            "POST", "/sites/\(guest.domain)/acceptance", ["permissions": "reservation,machine"])
        try await Self.wait("\(host.domain) and \(guest.domain) are allies") {
            let standings = (try await host.standing(of: guest), try await guest.standing(of: host))
            return standings == ("member", "member")
        }
    }
}

extension Alliance.Member {
    fileprivate func standing(of other: Self) async throws -> String? {
        try await self.client.get("/sites", as: [SiteView].self).first { $0.site == other.domain }?.standing
    }
}
