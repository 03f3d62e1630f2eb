import Agent
import Synchronization

/// A host's `/proc` that a test writes.
final class LoadTexts: Sendable {
    private struct State {
        var files: [String: String] = [:]
        var space: LoadReader.Space?
    }

    private let state = Mutex(State())

    var reader: LoadReader {
        LoadReader(
            file: { path in self.state.withLock { $0.files[path] } },
            space: { self.state.withLock(\.space) })
    }

    subscript(path: String) -> String? {
        get { self.state.withLock { $0.files["/proc/\(path)"] } }
        set { self.state.withLock { $0.files["/proc/\(path)"] = newValue } }
    }

    func setSpace(total: UInt64, free: UInt64) {
        self.state.withLock { $0.space = LoadReader.Space(total: total, free: free) }
    }

    /// Texts as Linux writes them, of a host that has counted so much.
    func write(
        uptime: Double, busy: Int, idle: Int, sectors: Int = 0, diskMilliseconds: Int = 0, bytes: Int = 0
    ) {
        self["uptime"] = "\(uptime) 12.00\n"
        self["stat"] = """
            cpu  \(busy) 0 0 \(idle) 0 0 0 0 \(busy) 0
            cpu0 \(busy) 0 0 \(idle) 0 0 0 0 0 0
            intr 1 2 3

            """
        self["meminfo"] = """
            MemTotal:        1000 kB
            MemFree:          100 kB
            MemAvailable:     400 kB
            HugePages_Total:    0

            """
        self["diskstats"] = """
               8       0 sda 1 0 \(sectors) 0 1 0 \(2 * sectors) 0 0 \(diskMilliseconds) 0 0 0 0 0 0 0
               8       1 sda1 1 0 \(sectors) 0 1 0 \(2 * sectors) 0 0 \(diskMilliseconds) 0 0 0 0 0 0 0
             259       0 nvme0n1 1 0 0 0 0 0 0 0 0 0 0
             259       1 nvme0n1p1 1 0 9 0 0 0 9 0 0 9 0
             253       0 dm-0 1 0 \(sectors) 0 1 0 \(2 * sectors) 0 0 \(diskMilliseconds) 0 0 0 0 0 0 0
               7       0 loop0 1 0 5 0 1 0 5 0 0 5 0

            """
        self["net/dev"] = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets
                lo: 99999999    1    0    0    0     0          0         0 99999999       1
              eth0: \(bytes)       1    0    0    0     0          0         0  \(2 * bytes)       1
            wlan0:\(bytes) 1 0 0 0 0 0 0 0 1

            """
    }

    /// Microseconds of stalls.
    func writePressure(cpu: Int, memory: Int, io: Int) {
        for (name, total) in [("cpu", cpu), ("memory", memory), ("io", io)] {
            self["pressure/\(name)"] = """
                some avg10=0.00 avg60=0.00 avg300=0.00 total=\(total)
                full avg10=0.00 avg60=0.00 avg300=0.00 total=7

                """
        }
    }
}
