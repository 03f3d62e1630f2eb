import XML

/// Stanzas parsed into elements, against libxml2 that only calls back.
struct XMLBenchmark: Benchmark {
    /// Rounds of each side, taken in turns so that both meet the same disturbances.
    private static let rounds = 7
    /// How long a round goes on.
    private static let roundLength = Duration.milliseconds(500)
    /// What one read from a socket typically brings under load, in bytes.
    private static let chunkBytes = 16_384

    let name = "xml"
    let summary = "stanzas per second into elements, and of bare libxml2 SAX2 callbacks on the same bytes"

    func run(_: BenchmarkSettings) throws -> [Measurement] {
        let traffic = Traffic(chunkBytes: Self.chunkBytes)
        var ours: [Double] = []
        var bare: [Double] = []
        for _ in 0..<Self.rounds {
            bare.append(Self.rate(of: traffic, feed: BareParser(header: Traffic.header).feed))
            ours.append(try Self.rate(of: traffic, feed: Self.elementParser()))
        }
        let (element, callback) = (ours.quantile(0.5), bare.quantile(0.5))
        return [
            Measurement("into elements", element, unit: "stanzas/s"),
            Measurement("bare callbacks", callback, unit: "stanzas/s"),
            Measurement("ratio", element / callback),
            Measurement("into elements, bytes", element * traffic.bytesPerStanza / 1e6, unit: "MB/s"),
            Measurement("bytes per stanza", traffic.bytesPerStanza, unit: "B"),
        ]
    }

    private static func elementParser() throws -> ([UInt8]) throws -> Void {
        let parser = XMLStreamParser(limits: .server)
        parser.feed(Traffic.header)
        _ = try parser.next()
        return { chunk in
            parser.feed(chunk)
            while try parser.next() != nil {}
        }
    }

    /// Stanzas per second that `feed` takes.
    private static func rate(of traffic: Traffic, feed: ([UInt8]) throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        var stanzas = 0
        while clock.now - start < self.roundLength {
            for chunk in traffic.chunks { try feed(chunk) }
            stanzas += traffic.stanzaCount
        }
        return Double(stanzas) / (clock.now - start).inSeconds
    }
}
