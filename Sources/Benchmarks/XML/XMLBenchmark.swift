import XML

/// Stanzas parsed into elements, against libxml2 that only calls back.
///
/// Rates are stanzas for each second of the process's own CPU time, as the machine may have other work. The sides take
/// turns of a few milliseconds, so that both meet the same disturbances, and the ratio is that of neighbouring turns.
struct XMLBenchmark: Benchmark {
    /// Turns of each side.
    private static let rounds = 201
    /// CPU time of one turn.
    private static let turn = Duration.milliseconds(20)
    /// What one read from a socket typically brings under load, in bytes.
    private static let chunkBytes = 16_384

    let name = "xml"
    let summary = "stanzas per CPU second into elements, and of bare libxml2 SAX2 callbacks on the same bytes"

    func run(_: BenchmarkSettings) throws -> [Measurement] {
        let traffic = Traffic(chunkBytes: Self.chunkBytes)
        var ours: [Double] = []
        var bare: [Double] = []
        var ratios: [Double] = []
        for _ in 0..<Self.rounds {
            let callbacks = try Self.rate(of: traffic, feed: Self.bareParser())
            let elements = try Self.rate(of: traffic, feed: Self.elementParser())
            bare.append(callbacks)
            ours.append(elements)
            ratios.append(elements / callbacks)
        }
        let element = ours.quantile(0.5)
        return [
            Measurement("into elements, median", element, unit: "stanzas/s"),
            Measurement("bare callbacks, median", bare.quantile(0.5), unit: "stanzas/s"),
            Measurement("ratio, median of neighbours", ratios.quantile(0.5)),
            Measurement("ratio, lower quartile", ratios.quantile(0.25)),
            Measurement("ratio, upper quartile", ratios.quantile(0.75)),
            Measurement("into elements, bytes", element * traffic.bytesPerStanza / 1e6, unit: "MB/s"),
            Measurement("bytes per stanza", traffic.bytesPerStanza, unit: "B"),
        ]
    }

    private static func bareParser() -> ([UInt8]) -> Void {
        BareParser(header: Traffic.header).feed
    }

    private static func elementParser() throws -> ([UInt8]) throws -> Void {
        let parser = XMLStreamParser(limits: .server)
        parser.feed(Traffic.header)
        _ = try parser.next()
        return { chunk in
            parser.feed(chunk)
            while let event = try parser.next() {
                guard case .element = event else { throw BenchmarkFailure("the stream ended early") }
            }
        }
    }

    /// Stanzas per second of CPU time that `feed` takes.
    private static func rate(of traffic: Traffic, feed: ([UInt8]) throws -> Void) throws -> Double {
        let start = try ProcessUsage.ownCPUTime()
        var spent = Duration.zero
        var stanzas = 0
        while spent < self.turn {
            for chunk in traffic.chunks { try feed(chunk) }
            stanzas += traffic.stanzaCount
            spent = try ProcessUsage.ownCPUTime() - start
        }
        return Double(stanzas) / spent.inSeconds
    }
}
