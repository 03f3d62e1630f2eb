import Foundation
import XML

/// A stream that never uses a name twice: libxml2 keeps every name for as long as one of its contexts lives.
struct NamesBenchmark: Benchmark {
    /// Stanzas fed at a time.
    private static let stanzasPerRead = 500
    /// What is sent of long names is this share of what is sent of short ones.
    private static let longShare = 1.0 / 100
    /// Bytes added to each long name.
    private static let longNameBytes = 1_000

    let name = "names"
    let summary = "stanzas with a name that never came before, through one stream parser"

    func run(_ settings: BenchmarkSettings) throws -> [Measurement] {
        let long = Int(Double(settings.names) * Self.longShare)
        return try Self.flood(names: settings.names, suffix: "", label: "short names")
            + Self.flood(
                names: long, suffix: String(repeating: "x", count: Self.longNameBytes),
                label: "names of 1,000 bytes")
    }

    private static func flood(names: Int, suffix: String, label: String) throws -> [Measurement] {
        let parser = XMLStreamParser(limits: .client)
        parser.feed(Traffic.header)
        _ = try parser.next()
        let process = ProcessInfo.processInfo.processIdentifier
        var before: Double?
        var highest = 0.0
        var cpu = Duration.zero
        for first in stride(from: 0, to: names, by: Self.stanzasPerRead) {
            let bytes = Array(
                (first..<(first + Self.stanzasPerRead)).map { "<n\($0)\(suffix)/>" }.joined().utf8)
            let start = try ProcessUsage.ownCPUTime()
            parser.feed(bytes)
            while try parser.next() != nil {}
            cpu += try ProcessUsage.ownCPUTime() - start
            let memory = try ProcessUsage(of: process).memory
            // The first read is part of what is there before: what makes the bytes needs memory too.
            before = before ?? memory
            highest = max(highest, memory)
        }
        return [
            Measurement("\(label): sent", Double(names)),
            Measurement("\(label): fresh contexts", Double(parser.recycleCount)),
            Measurement("\(label): memory, highest over first", highest - (before ?? 0), unit: "MiB"),
            Measurement(
                "\(label): CPU of the parser for one", cpu.inSeconds / Double(names) * 1e6, unit: "µs"),
        ]
    }
}
