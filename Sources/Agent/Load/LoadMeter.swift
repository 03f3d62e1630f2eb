package import CloudModel
import Threads

/// Measures what a site's hosts do, and keeps what was measured.
///
/// Runs where waiting for a file system harms nobody.
package actor LoadMeter {
    /// What a measurement comes to: what the site's account tells.
    package struct Account: Hashable, Sendable {
        /// Share of the processors in use over the last minute, 0…1.
        package let load: Double
        package let usage: LoadSummary
        package let heat: Heat?

        package init(load: Double, usage: LoadSummary, heat: Heat?) {
            self.load = load
            self.usage = usage
            self.heat = heat
        }
    }

    private let reader: LoadReader
    private var last: LoadReading?
    private var history = LoadHistory()
    private var watch: HeatWatch
    private let executor = BlockingExecutor(label: "tradewind.load-meter")

    package init(reader: LoadReader = .none, rules: HeatRules = HeatRules()) {
        self.reader = reader
        self.watch = HeatWatch(rules: rules)
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe self.executor.asUnownedSerialExecutor()
    }

    /// Measures now; where there is nothing to read, what the driver says of its `hosts` counts.
    package func measure(_ hosts: [Host], at now: Instant) -> Account {
        let reading = LoadReading(self.reader)
        defer { self.last = reading }
        let sample: LoadSample
        if let reading {
            guard let last else { return self.account(at: now, hosts) }
            sample = reading.sample(since: last)
        } else {
            sample = Self.sample(of: hosts)
        }
        if let mean = self.history.add(sample, at: now) { self.watch.take(mean, at: now) }
        return self.account(at: now, hosts)
    }

    /// What is known of the load now and lately; nil before the first measurement.
    package func report(of site: SiteID, at now: Instant) -> LoadReport? {
        self.history.report(of: site, heat: self.watch.heat(at: now))
    }

    private func account(at now: Instant, _ hosts: [Host]) -> Account {
        let mean = self.history.minute(at: now)
        return Account(
            load: mean[.cpu] ?? Self.sample(of: hosts)[.cpu] ?? 0,
            usage: LoadSummary(
                memory: mean[.memory], disk: mean[.disk], diskBusy: mean[.diskBusy],
                memoryPressure: mean[.memoryPressure], ioPressure: mean[.ioPressure]),
            heat: self.watch.heat(at: now))
    }

    /// What a driver knows of its hosts, each counted by its size.
    ///
    /// Not their memory: what a hypervisor calls free leaves out all that the host could give back at once.
    private static func sample(of hosts: [Host]) -> LoadSample {
        var sample = LoadSample()
        let processors = hosts.reduce(0) { $0 + $1.total.vcpus }
        if processors > 0 {
            let busy = hosts.reduce(0) { $0 + $1.load * Double($1.total.vcpus) }
            sample[.cpu] = min(1, max(0, busy / Double(processors)))
        }
        return sample
    }
}
