import Foundation

/// What Linux says a process has used (proc(5)).
struct ProcessUsage: Sendable {
    /// User and system time since the process began, in seconds.
    let cpu: Double
    /// Resident memory in MiB.
    let memory: Double
    /// What of it is not a mapped file, and so this process's alone, in MiB.
    let ownMemory: Double

    init(of process: Int32) throws {
        let stat = try Self.read("/proc/\(process)/stat")
        // The second field, the name in parentheses, may hold anything; fields are counted after it.
        let fields = stat.suffix(from: stat.lastIndex(of: ")") ?? stat.startIndex).split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw BenchmarkFailure("/proc/\(process)/stat has another form than proc(5) says")
        }
        self.cpu = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        let status = try Self.read("/proc/\(process)/status")
        self.memory = try Self.mebibytes("VmRSS:", of: status)
        self.ownMemory = try Self.mebibytes("RssAnon:", of: status)
    }

    private static func mebibytes(_ field: String, of status: String) throws -> Double {
        let line = status.split(separator: "\n").first { $0.hasPrefix(field) }
        guard let words = line?.split(whereSeparator: \.isWhitespace), words.count > 1,
            let kibibytes = Double(words[1])
        else { throw BenchmarkFailure("/proc/PID/status has no \(field) as proc(5) says") }
        return kibibytes / 1_024
    }

    /// What this process has run on processors since it began, in all its threads.
    static func ownCPUTime() throws -> Duration {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else {
            throw BenchmarkFailure("clock_gettime: \(unsafe String(cString: strerror(errno)))")
        }
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// The machine's load average over the last minute.
    static func load() throws -> Double {
        guard let load = Double(try Self.read("/proc/loadavg").prefix { $0 != " " }) else {
            throw BenchmarkFailure("/proc/loadavg has another form than proc(5) says")
        }
        return load
    }

    private static func read(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }
}
