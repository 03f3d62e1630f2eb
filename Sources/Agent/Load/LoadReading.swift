import CloudModel

/// What a host had counted at one moment; two of them make a measurement.
struct LoadReading: Hashable, Sendable {
    /// Milliseconds since the host booted.
    private let uptime: Int64
    private let processors: KernelText.Processors?
    private let memory: Double?
    private let disks: KernelText.Disks?
    private let traffic: KernelText.Traffic?
    private let space: Double?
    /// Microseconds of stalls by the figure that they are for; none on a kernel that does not count them.
    private let stalls: [LoadFigure: UInt64]

    /// Nil where there is nothing to read.
    init?(_ reader: LoadReader) {
        guard let uptime = reader.file("/proc/uptime").flatMap(KernelText.uptime) else { return nil }
        self.uptime = uptime
        self.processors = reader.file("/proc/stat").flatMap(KernelText.processors)
        self.memory = reader.file("/proc/meminfo").flatMap(KernelText.memoryInUse)
        self.disks = reader.file("/proc/diskstats").flatMap(KernelText.disks)
        self.traffic = reader.file("/proc/net/dev").flatMap(KernelText.traffic)
        self.space = reader.space().flatMap { space in
            space.total > 0 ? 1 - Double(min(space.free, space.total)) / Double(space.total) : nil
        }
        let files: [(LoadFigure, String)] = [
            (.cpuPressure, "cpu"), (.memoryPressure, "memory"), (.ioPressure, "io"),
        ]
        var stalls: [LoadFigure: UInt64] = [:]
        for (figure, name) in files {
            stalls[figure] = reader.file("/proc/pressure/\(name)").flatMap(KernelText.stalled)
        }
        self.stalls = stalls
    }

    /// What happened between `earlier` and now; of counters that went back, as after a reboot, nothing is told.
    func sample(since earlier: LoadReading) -> LoadSample {
        var sample = LoadSample()
        sample[.memory] = self.memory
        sample[.disk] = self.space
        let milliseconds = Double(self.uptime - earlier.uptime)
        guard milliseconds > 0 else { return sample }
        if let now = self.processors, let before = earlier.processors, now.all > before.all {
            sample[.cpu] = Self.delta(now.busy, before.busy).map { min(1, $0 / Double(now.all - before.all)) }
        }
        if let now = self.disks, let before = earlier.disks {
            sample[.diskRead] = Self.delta(now.readBytes, before.readBytes).map { $0 * 1_000 / milliseconds }
            sample[.diskWrite] = Self.delta(now.writtenBytes, before.writtenBytes)
                .map { $0 * 1_000 / milliseconds }
            sample[.diskBusy] = now.busy.compactMap { name, busy in
                before.busy[name].flatMap { Self.delta(busy, $0) }.map { min(1, $0 / milliseconds) }
            }.max()
        }
        if let now = self.traffic, let before = earlier.traffic {
            sample[.networkIn] = Self.delta(now.received, before.received).map { $0 * 1_000 / milliseconds }
            sample[.networkOut] = Self.delta(now.sent, before.sent).map { $0 * 1_000 / milliseconds }
        }
        for (figure, stalled) in self.stalls {
            guard let before = earlier.stalls[figure] else { continue }
            sample[figure] = Self.delta(stalled, before).map { min(1, $0 / 1_000 / milliseconds) }
        }
        return sample
    }

    private static func delta(_ now: UInt64, _ before: UInt64) -> Double? {
        now >= before ? Double(now - before) : nil
    }
}
