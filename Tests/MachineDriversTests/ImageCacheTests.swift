import CloudModel
import Cryptography
import Foundation
import MachineDrivers
import TestSupport
import Testing

@Suite("The image cache")
struct ImageCacheTests {
    /// Half of the smallest cache there is.
    private static let half = 524_288

    private struct Image: Sendable {
        let server: LoopbackServer
        let digest: String

        init(_ byte: UInt8, count: Int = ImageCacheTests.half) throws {
            let body = [UInt8](repeating: byte, count: count)
            self.server = try LoopbackServer(body: body, declared: count)
            self.digest = Hexadecimal.encode(HashFunction.sha256.digest(of: body))
            self.server.start()
        }

        var reference: ImageReference {
            ImageReference(format: .raw, location: self.server.url, sha256: self.digest)
        }
    }

    /// A store whose cache holds one MiB.
    private func withStore(_ body: (ImageStore, String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer {
            do {
                try FileManager.default.removeItem(atPath: directory)
            } catch {
                Issue.record(error)
            }
        }
        try await body(Self.store(directory), directory)
    }

    private static func store(_ directory: String) -> ImageStore {
        ImageStore(
            configuration: ImageStoreConfiguration(
                directories: [], cache: directory, cacheMax: Mebibytes(1)))
    }

    private func cached(_ directory: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: directory))
    }

    @Test("Beyond its limit, to the byte, those go that were not used for the longest time")
    func leastRecentlyUsed() async throws {
        try await self.withStore { store, directory in
            let images = try (1...3).map { try Image($0) }
            let small = try Image(9, count: 1)
            defer { for image in images + [small] { image.server.stop() } }
            for image in images.prefix(2) {
                _ = try await store.prepare(image.reference, inUse: ImageStoreTests.nothing)
            }
            #expect(try self.cached(directory) == [images[0].digest, images[1].digest])
            // Used again, the first is younger than the second.
            _ = try await store.prepare(images[0].reference, inUse: ImageStoreTests.nothing)
            _ = try await store.prepare(small.reference, inUse: ImageStoreTests.nothing)
            #expect(try self.cached(directory) == [images[0].digest, small.digest])
            _ = try await store.prepare(images[2].reference, inUse: ImageStoreTests.nothing)
            #expect(try self.cached(directory) == [small.digest, images[2].digest])
            #expect(images[0].server.count == 1)
        }
    }

    @Test("What a machine uses never goes; if nothing else is left, the new image is refused")
    func inUse() async throws {
        try await self.withStore { store, directory in
            let images = try (1...3).map { try Image($0) }
            defer { for image in images { image.server.stop() } }
            let used = Set(images.prefix(2).map(\.digest))
            for image in images.prefix(2) {
                _ = try await store.prepare(image.reference, inUse: ImageStoreTests.nothing)
            }
            await #expect(
                throws: ImageError.cacheFull(location: images[2].server.url, limit: Mebibytes(1))
            ) {
                _ = try await store.prepare(images[2].reference) { used }
            }
            #expect(try self.cached(directory) == used)
            _ = try await store.prepare(images[2].reference) { [images[1].digest] }
            #expect(try self.cached(directory) == [images[1].digest, images[2].digest])
        }
    }

    @Test("An image that somebody comes for while room is made stays")
    func usedMeanwhile() async throws {
        try await self.withStore { store, directory in
            let images = try (1...3).map { try Image($0) }
            defer { for image in images { image.server.stop() } }
            for image in images.prefix(2) {
                _ = try await store.prepare(image.reference, inUse: ImageStoreTests.nothing)
            }
            let oldest = images[0].reference
            _ = try await store.prepare(images[2].reference) {
                do {
                    _ = try await store.prepare(oldest, inUse: ImageStoreTests.nothing)
                } catch {
                    Issue.record(error)
                }
                return []
            }
            #expect(try self.cached(directory) == [images[0].digest, images[2].digest])
        }
    }

    @Test("What a killed process left half done is cleared away, and a later process knows the cache")
    func leftovers() async throws {
        try await self.withStore { store, directory in
            let images = try (1...3).map { try Image($0) }
            defer { for image in images { image.server.stop() } }
            for image in images.prefix(2) {
                _ = try await store.prepare(image.reference, inUse: ImageStoreTests.nothing)
            }
            let part = directory + "/" + String(repeating: "a", count: 64) + ".part"
            #expect(FileManager.default.createFile(atPath: part, contents: Data(count: 10)))
            // Its uses are counted in the file's time, so let one be clearly older.
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1)],
                ofItemAtPath: directory + "/" + images[1].digest)
            _ = try await Self.store(directory).prepare(
                images[2].reference, inUse: ImageStoreTests.nothing)
            #expect(try self.cached(directory) == [images[0].digest, images[2].digest])
        }
    }

    @Test("Whoever is cancelled does not wait for the download of another", arguments: [true, false])
    func cancellation(isFirst: Bool) async throws {
        try await self.withStore { store, _ in
            let stalled = try StalledServer()
            defer { stalled.stop() }
            let image = ImageReference(
                format: .raw, location: stalled.url, sha256: String(repeating: "0", count: 64))
            let tasks = (0..<2).map { _ in
                Task {
                    let error = await #expect(throws: ImageError.self) {
                        _ = try await store.prepare(image, inUse: ImageStoreTests.nothing)
                    }
                    #expect(error == .givenUp(location: stalled.url))
                }
            }
            try await eventually("the download has begun") { stalled.count >= 1 }
            // The server never answers, so only their own cancellation can end them, one after the other.
            for task in isFirst ? tasks : tasks.reversed() {
                task.cancel()
                await task.value
            }
        }
    }
}
