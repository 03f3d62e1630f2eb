import CloudModel
import Federation
import Logging
import MachineDrivers
import Storage

/// Keeps the ledger true to what the hypervisors say: events as they happen, listings when events may be missing.
struct SiteSight: Sendable {
    let service: SiteService
    /// How often the hosts are measured.
    let measureInterval: Duration
    let logger: Logger

    /// Follows events until cancelled.
    func follow(_ events: AsyncStream<DriverEvent>) async {
        for await event in events {
            self.service.listing.hear()
            switch event {
            case .changed(let id, let state, let reason):
                await self.note { $0.observe(id, state, reason: reason, from: .event, now: $1) }
                if state == .failed { self.logFailure(of: id, reason: reason) }
            case .removed(let id):
                await self.note { $0.vanished(id, now: $1) }
            case .unavailable(let reason):
                self.logger.error("the hypervisor is out of reach", metadata: ["reason": "\(reason)"])
                await self.note { ledger, _ in ledger.outage = reason }
            case .resynchronize:
                await self.list()
            }
        }
    }

    /// Measures load and room, lists the machines if that is due, and ends holds that ran out, until cancelled.
    func measure() async throws {
        while true {
            try await Task.sleep(for: self.measureInterval)
            if self.service.listing.isDue {
                await self.list()
            } else {
                await self.measureHosts()
            }
            // A hold that cannot be ended now is ended the next time.
            _ = await self.apply { ledger, now in ledger.expire(now: now) }
        }
    }

    private func measureHosts() async {
        let hosts: [Host]
        do throws(DriverError) {
            hosts = try await self.service.driver.hosts()
        } catch {
            // Whoever keeps the connection says so, once.
            return
        }
        let account = await self.service.meter.measure(hosts, at: self.service.now())
        _ = await self.apply { ledger, _ in
            ledger.updateHosts(hosts)
            ledger.account = account
        }
    }

    /// Lists hosts and machines anew; if that comes to nothing, it is tried again when the hosts are measured next.
    private func list() async {
        let listing = self.service.listing
        let number = listing.begin()
        let expected = self.service.keeper.read(\.defined)
        do throws(DriverError) {
            let hosts = try await self.service.driver.hosts()
            let account = await self.service.meter.measure(hosts, at: self.service.now())
            let machines = try await self.service.driver.machines()
            let isTaken = await self.apply { ledger, now in
                let isLatest = listing.isLatest(number)
                // Where machines come and go all the time, hosts are measured all the same; a site that has never seen
                // its machines offers nothing yet.
                if isLatest || ledger.isMeasured { ledger.updateHosts(hosts) }
                ledger.account = account
                guard isLatest else { return false }
                ledger.outage = nil
                ledger.reconcile(machines, expecting: expected, now: now)
                return true
            }
            guard isTaken == true else { return listing.demand() }
            listing.succeed()
            self.logger.info(
                "hypervisor in sight",
                metadata: [
                    "machines": "\(machines.count)",
                    "foreign": "\(machines.count { $0.definition == nil })",
                ])
        } catch {
            guard listing.fail() else { return }
            self.logger.warning(
                "cannot list the machines; it is tried until it works", metadata: ["error": "\(error)"])
        }
    }

    /// Writes down what happened; if the disk does not take it, a listing makes up for it.
    private func note(_ change: @escaping @Sendable (inout SiteLedger, Instant) -> Void) async {
        if await self.apply(change) == nil { self.service.listing.demand() }
    }

    /// Nil if the disk did not take it, which the keeper has told the log.
    private func apply<Answer: Sendable>(
        _ change: @escaping @Sendable (inout SiteLedger, Instant) -> Answer
    ) async -> Answer? {
        let now = self.service.now()
        do throws(SiteRefusal) {
            return try await self.service.keeper.change { ledger throws(SiteRefusal) in
                change(&ledger, now)
            }
        } catch {
            return nil
        }
    }

    private func logFailure(of id: MachineID, reason: String?) {
        self.logger.warning(
            "a machine ended by itself",
            metadata: ["machine": "\(id)", "reason": "\(reason ?? "unknown")"])
    }
}
