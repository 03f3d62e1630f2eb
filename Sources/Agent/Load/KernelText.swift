/// Reads the texts in which Linux tells what it has counted (proc(5), Documentation/accounting/psi.rst).
enum KernelText {
    /// Time that processors had, in ticks.
    struct Processors: Hashable, Sendable {
        var all: UInt64
        var busy: UInt64
    }

    /// What block devices did.
    struct Disks: Hashable, Sendable {
        var readBytes: UInt64 = 0
        var writtenBytes: UInt64 = 0
        /// Milliseconds in which each had something to do, by name.
        var busy: [String: UInt64] = [:]
    }

    /// Bytes that came in and went out.
    struct Traffic: Hashable, Sendable {
        var received: UInt64 = 0
        var sent: UInt64 = 0
    }

    /// The first line of `/proc/stat`; guests' time is part of what counts as busy already.
    static func processors(_ text: String) -> Processors? {
        guard let words = Self.words(text.split(separator: "\n").first), words.first == "cpu" else {
            return nil
        }
        // user, nice, system, idle, I/O wait, interrupts, soft interrupts, stolen; guests are counted in user.
        let times = words.dropFirst().prefix(8).compactMap { UInt64($0) }
        guard times.count >= 4 else { return nil }
        let idle = times[3] &+ (times.count > 4 ? times[4] : 0)
        let all = times.reduce(0, &+)
        return Processors(all: all, busy: all &- idle)
    }

    /// The share of the memory that could not be given to anybody, from `/proc/meminfo`.
    static func memoryInUse(_ text: String) -> Double? {
        var amounts: [Substring: UInt64] = [:]
        for line in text.split(separator: "\n") {
            let words = Self.words(line) ?? []
            guard words.count >= 2, let amount = UInt64(words[1]) else { continue }
            amounts[words[0]] = amount
        }
        guard let total = amounts["MemTotal:"], let available = amounts["MemAvailable:"], total > 0 else {
            return nil
        }
        return 1 - Double(min(available, total)) / Double(total)
    }

    /// Whole disks in `/proc/diskstats`: what they pass on to each other and their parts would count twice.
    static func disks(_ text: String) -> Disks? {
        var disks = Disks()
        for line in text.split(separator: "\n") {
            let words = Self.words(line) ?? []
            guard words.count >= 13, Self.isWholeDisk(words[2]), let read = UInt64(words[5]),
                let written = UInt64(words[9]), let busy = UInt64(words[12])
            else { continue }
            // A sector is 512 bytes here, whatever the device has.
            disks.readBytes &+= read &* 512
            disks.writtenBytes &+= written &* 512
            disks.busy[String(words[2])] = busy
        }
        return disks.busy.isEmpty ? nil : disks
    }

    /// All interfaces in `/proc/net/dev` but the loopback.
    static func traffic(_ text: String) -> Traffic? {
        var traffic = Traffic()
        var isKnown = false
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = Self.words(line[..<colon])?.first ?? ""
            let words = Self.words(line[line.index(after: colon)...]) ?? []
            guard name != "lo", words.count >= 9, let received = UInt64(words[0]),
                let sent = UInt64(words[8])
            else { continue }
            traffic.received &+= received
            traffic.sent &+= sent
            isKnown = true
        }
        return isKnown ? traffic : nil
    }

    /// Microseconds in which some task was stalled, from a file below `/proc/pressure`.
    static func stalled(_ text: String) -> UInt64? {
        for line in text.split(separator: "\n") {
            let words = Self.words(line) ?? []
            guard words.first == "some", let total = words.first(where: { $0.hasPrefix("total=") }) else {
                continue
            }
            return UInt64(total.dropFirst("total=".count))
        }
        return nil
    }

    /// Milliseconds since the host booted, from `/proc/uptime`.
    static func uptime(_ text: String) -> Int64? {
        guard let seconds = Self.words(text[...])?.first.flatMap({ Double($0) }),
            (0..<1e12).contains(seconds)
        else { return nil }
        return Int64(seconds * 1_000)
    }

    private static func words(_ line: Substring?) -> [Substring]? {
        line?.split { $0 == " " || $0 == "\t" || $0 == "\n" }
    }

    /// Not a part of a disk (`sda1`, `nvme0n1p2`), nor what is made of disks (`dm-0`, `md0`, `loop0`) or of memory.
    static func isWholeDisk(_ name: Substring) -> Bool {
        for prefix in ["sd", "vd", "hd", "xvd"] where name.hasPrefix(prefix) {
            let rest = name.dropFirst(prefix.count)
            return !rest.isEmpty && rest.allSatisfy { $0.isLowercase && $0.isASCII }
        }
        for prefix in ["nvme", "mmcblk"] where name.hasPrefix(prefix) {
            return !name.dropFirst(prefix.count).contains("p")
        }
        return false
    }
}
