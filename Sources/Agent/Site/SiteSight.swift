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
            switch event {
            case .changed(let id, let state, let reason):
                await self.apply { $0.observe(id, state, reason: reason, from: .event, now: $1) }
                if state == .failed { self.logFailure(of: id, reason: reason) }
            case .removed(let id):
                await self.apply { $0.removed(id, now: $1) }
            case .unavailable(let reason):
                self.logger.error("the hypervisor is out of reach", metadata: ["reason": "\(reason)"])
                await self.apply { ledger, _ in ledger.outage = reason }
            case .resynchronize:
                await self.resynchronize()
            }
        }
    }

    /// Lists hosts and machines anew; if that fails because the connection broke, another event follows.
    func resynchronize() async {
        let expected = await self.service.keeper.read(\.defined)
        do throws(DriverError) {
            let hosts = try await self.service.driver.hosts()
            let listing = try await self.service.driver.machines()
            await self.apply { ledger, now in
                ledger.outage = nil
                ledger.updateHosts(hosts)
                ledger.reconcile(listing, expecting: expected, now: now)
            }
            self.logger.info(
                "hypervisor in sight",
                metadata: [
                    "machines": "\(listing.count)",
                    "foreign": "\(listing.count { $0.definition == nil })",
                ])
        } catch {
            self.logger.warning("cannot list the machines", metadata: ["error": "\(error)"])
        }
    }

    /// Measures load and room, and ends holds that ran out, until cancelled.
    func measure() async throws {
        while true {
            try await Task.sleep(for: self.measureInterval)
            let hosts: [Host]?
            do throws(DriverError) {
                hosts = try await self.service.driver.hosts()
            } catch {
                // Whoever keeps the connection says so, once.
                hosts = nil
            }
            await self.apply { ledger, now in
                if let hosts { ledger.updateHosts(hosts) }
                ledger.expire(now: now)
            }
        }
    }

    private func apply(_ change: @escaping @Sendable (inout SiteLedger, Instant) -> Void) async {
        let now = self.service.now()
        do throws(SiteRefusal) {
            try await self.service.keeper.change { ledger throws(SiteRefusal) in change(&ledger, now) }
        } catch {
            // The next listing makes up for it.
            self.logger.error("cannot write down what happened", metadata: ["error": "\(error.message)"])
        }
    }

    private func logFailure(of id: MachineID, reason: String?) {
        self.logger.warning(
            "a machine ended by itself",
            metadata: ["machine": "\(id)", "reason": "\(reason ?? "unknown")"])
    }
}
