import Foundation
import Storage

/// Messages archived, durably, in transactions of one and of many.
struct ArchiveBenchmark: Benchmark {
    /// Messages in one transaction: alone, what twenty pairs with four messages on the way can have waiting (each is in
    /// two archives), and what a flood has.
    private static let groups = [1, 160, 1_000]
    /// How long each size goes on.
    private static let roundLength = Duration.seconds(3)
    /// Archives that share the messages.
    private static let archives = 40

    let name = "archive"
    let summary = "messages per second into a file of archives, each transaction waited for"

    func run(_: BenchmarkSettings) async throws -> [Measurement] {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "tradewind-archive-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer {
            do {
                try FileManager.default.removeItem(at: folder)
            } catch {
                FileHandle.standardError.write(Data("\(folder.path) could not be removed: \(error)\n".utf8))
            }
        }
        let store = ArchiveStore(
            database: try Database(path: folder.appending(path: "archive.sqlite").path))
        var measurements: [Measurement] = []
        var sequence: Int64 = 1
        for size in Self.groups {
            let clock = ContinuousClock()
            let start = clock.now
            var written = 0
            while clock.now - start < Self.roundLength {
                try await store.append(Self.records(size, from: &sequence))
                written += size
            }
            measurements.append(
                Measurement(
                    "groups of \(size)", Double(written) / (clock.now - start).inSeconds,
                    unit: "messages/s"))
        }
        measurements.append(try await Self.reading(store, upTo: sequence))
        return measurements
    }

    private static func records(_ count: Int, from sequence: inout Int64) -> [ArchiveRecord] {
        (0..<count).map { _ in
            defer { sequence += 1 }
            let user = sequence % Int64(Self.archives)
            return ArchiveRecord(
                sequence: sequence, archive: "u\(user)@paris.test", receivedAt: sequence,
                peer: "u\((user + 1) % Int64(Self.archives))@paris.test", peerResource: "desk",
                stanza: Self.stanza)
        }
    }

    /// Pages of fifty from all over an archive.
    private static func reading(_ store: ArchiveStore, upTo last: Int64) async throws -> Measurement {
        let clock = ContinuousClock()
        let start = clock.now
        var pages = 0
        while clock.now - start < Self.roundLength {
            var selection = ArchiveSelection(archive: "u7@paris.test", limit: 50)
            selection.from = last / 97 * Int64(pages % 97)
            _ = try await store.page(selection)
            pages += 1
        }
        return Measurement(
            "pages of 50", Double(pages) / (clock.now - start).inSeconds, unit: "pages/s")
    }

    private static let stanza =
        "<message xmlns='jabber:client' from='u1@paris.test/desk' to='u2@paris.test/desk' id='m1.000000000' "
        + "type='chat'><body>" + String(repeating: "x", count: 64) + "</body></message>"
}
