/// One thing that is measured of what a site's hosts really do.
package enum LoadFigure: String, Hashable, Codable, Sendable, CaseIterable {
    /// Share of the processors in use.
    case cpu
    /// Share of the memory that nobody could be given.
    case memory
    /// Share of the space for machines' disks that is taken.
    case disk
    /// Share of the time in which the busiest disk had something to do.
    case diskBusy = "disk-busy"
    /// Bytes a second.
    case diskRead = "disk-read"
    /// Bytes a second.
    case diskWrite = "disk-write"
    /// Bytes a second, over all interfaces but the loopback.
    case networkIn = "network-in"
    /// Bytes a second, over all interfaces but the loopback.
    case networkOut = "network-out"
    /// Share of the time in which some task waited for a processor (Linux pressure stall information).
    case cpuPressure = "cpu-pressure"
    /// Share of the time in which some task waited for memory.
    case memoryPressure = "memory-pressure"
    /// Share of the time in which some task waited for a disk.
    case ioPressure = "io-pressure"

    package enum Unit: String, Hashable, Codable, Sendable {
        /// 0…1
        case share
        case bytesPerSecond = "bytes-per-second"
    }

    package var unit: Unit {
        switch self {
        case .cpu, .memory, .disk, .diskBusy, .cpuPressure, .memoryPressure, .ioPressure: .share
        case .diskRead, .diskWrite, .networkIn, .networkOut: .bytesPerSecond
        }
    }

    /// As people read it.
    package var title: String {
        switch self {
        case .cpu: "CPU"
        case .memory: "memory"
        case .disk: "disk space"
        case .diskBusy: "disk busy"
        case .diskRead: "disk read"
        case .diskWrite: "disk written"
        case .networkIn: "network in"
        case .networkOut: "network out"
        case .cpuPressure: "CPU pressure"
        case .memoryPressure: "memory pressure"
        case .ioPressure: "I/O pressure"
        }
    }

    /// `96 %`, or `1.2 MB/s`.
    package func text(_ value: Double) -> String {
        switch self.unit {
        case .share: return "\(Self.whole(value * 100)) %"
        case .bytesPerSecond:
            for (size, name) in [(1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s")] where value >= size {
                let tenths = Self.whole(value / size * 10)
                return "\(tenths / 10).\(tenths % 10) \(name)"
            }
            return "\(Self.whole(value)) B/s"
        }
    }

    private static func whole(_ value: Double) -> Int64 {
        value.isFinite && value.magnitude < 1e15 ? Int64(value.rounded()) : 0
    }
}
