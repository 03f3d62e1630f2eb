import CloudModel
import Cryptography
import Foundation
import MachineDrivers
import TestSupport
import Testing

@Suite
struct ImageStoreTests {
    private static let body = [UInt8](repeating: 7, count: 300_000)
    private static let digest = Hexadecimal.encode(HashFunction.sha256.digest(of: body))

    /// No machine uses an image.
    static let nothing: @Sendable () async -> Set<String> = { [] }

    /// A directory with an image in it, removed afterwards.
    private func inDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(
            atPath: directory + "/images", withIntermediateDirectories: true)
        try Data(Self.body).write(to: URL(fileURLWithPath: directory + "/images/base.raw"))
        try Data("secret".utf8).write(to: URL(fileURLWithPath: directory + "/secret"))
        defer {
            do {
                try FileManager.default.removeItem(atPath: directory)
            } catch {
                Issue.record(error)
            }
        }
        try await body(directory)
    }

    private func store(_ directory: String, downloadMax: Mebibytes = Mebibytes(1)) -> ImageStore {
        ImageStore(
            configuration: ImageStoreConfiguration(
                directories: [directory + "/images"], cache: directory + "/cache", downloadMax: downloadMax))
    }

    private func error(_ body: () async throws -> Void) async -> ImageError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? ImageError
        }
    }

    @Test("A path below an image directory is taken as it is, with its checksum if one is given")
    func path() async throws {
        try await self.inDirectory { directory in
            let path = directory + "/images/base.raw"
            let store = self.store(directory)
            for sha256 in [nil, Self.digest, Self.digest] {
                let image = try await store.prepare(
                    ImageReference(format: .raw, location: path, sha256: sha256), inUse: Self.nothing)
                #expect(image == .disk(path: path, format: .raw))
            }
            let wrong = String(repeating: "0", count: 64)
            let error = await self.error {
                _ = try await store.prepare(
                    ImageReference(format: .raw, location: path, sha256: wrong),
                    inUse: Self.nothing)
            }
            #expect(error == .wrongChecksum(location: path, expected: wrong, found: Self.digest))
            try Data("other".utf8).write(to: URL(fileURLWithPath: path))
            let changed = await self.error {
                _ = try await store.prepare(
                    ImageReference(format: .raw, location: path, sha256: Self.digest), inUse: Self.nothing)
            }
            guard case .wrongChecksum = changed else {
                Issue.record("a changed file was taken for the old one")
                return
            }
        }
    }

    @Test(
        "No path leads out of the image directories",
        arguments: ["/images/../secret", "/images/link", "/secret"])
    func escapes(path: String) async throws {
        try await self.inDirectory { directory in
            try FileManager.default.createSymbolicLink(
                atPath: directory + "/images/link", withDestinationPath: directory + "/secret")
            let error = await self.error {
                _ = try await self.store(directory).prepare(
                    ImageReference(format: .raw, location: directory + path), inUse: Self.nothing)
            }
            #expect(error == .outsideDirectories(path: directory + path))
        }
    }

    @Test("Requests at the same time share one download, and later ones need none")
    func download() async throws {
        try await self.inDirectory { directory in
            let server = try LoopbackServer(body: Self.body, declared: Self.body.count)
            server.start()
            defer { server.stop() }
            let store = self.store(directory)
            let image = ImageReference(format: .raw, location: server.url, sha256: Self.digest)
            let expected = PreparedImage.disk(path: "\(directory)/cache/\(Self.digest)", format: .raw)
            try await withThrowingTaskGroup(of: PreparedImage.self) { group in
                for _ in 0..<8 { group.addTask { try await store.prepare(image, inUse: Self.nothing) } }
                for try await prepared in group { #expect(prepared == expected) }
            }
            #expect(try await store.prepare(image, inUse: Self.nothing) == expected)
            #expect(server.count == 1)
            #expect(
                FileManager.default.contents(atPath: "\(directory)/cache/\(Self.digest)") == Data(Self.body))
        }
    }

    @Test("Nobody waits for a download from an address that somebody else named")
    func othersAddress() async throws {
        try await self.inDirectory { directory in
            let silent = try StalledServer()
            defer { silent.stop() }
            let server = try LoopbackServer(body: Self.body, declared: Self.body.count)
            server.start()
            defer { server.stop() }
            let store = self.store(directory)
            // Nobody answers: this download lasts until it is given up.
            let held = Task {
                await self.error {
                    _ = try await store.prepare(
                        ImageReference(format: .raw, location: silent.url, sha256: Self.digest),
                        inUse: Self.nothing)
                }
            }
            try await eventually("the first download has begun") { silent.count >= 1 }
            let prepared = try await store.prepare(
                ImageReference(format: .raw, location: server.url, sha256: Self.digest), inUse: Self.nothing)
            #expect(prepared == .disk(path: "\(directory)/cache/\(Self.digest)", format: .raw))
            held.cancel()
            #expect(await held.value != nil)
        }
    }

    @Test("A download whose checksum is wrong is told and leaves nothing behind")
    func wrongChecksum() async throws {
        try await self.inDirectory { directory in
            let server = try LoopbackServer(body: Self.body, declared: Self.body.count)
            server.start()
            defer { server.stop() }
            let wrong = String(repeating: "a", count: 64)
            let error = await self.error {
                _ = try await self.store(directory).prepare(
                    ImageReference(format: .raw, location: server.url, sha256: wrong), inUse: Self.nothing)
            }
            #expect(error == .wrongChecksum(location: server.url, expected: wrong, found: Self.digest))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory + "/cache").isEmpty)
        }
    }

    @Test("The size limit holds to the byte, whether the server tells the length or not")
    func sizeLimit() async throws {
        let limit = Mebibytes(1)
        for (count, isDeclared) in [
            (1_048_576, true), (1_048_576, false), (1_048_577, true), (1_048_577, false),
        ] {
            try await self.inDirectory { directory in
                let body = [UInt8](repeating: 1, count: count)
                let server = try LoopbackServer(body: body, declared: isDeclared ? count : nil)
                server.start()
                defer { server.stop() }
                let digest = Hexadecimal.encode(HashFunction.sha256.digest(of: body))
                let error = await self.error {
                    _ = try await self.store(directory, downloadMax: limit).prepare(
                        ImageReference(format: .raw, location: server.url, sha256: digest),
                        inUse: Self.nothing)
                }
                #expect(
                    error == (count > 1_048_576 ? .tooLarge(location: server.url, limit: limit) : nil))
            }
        }
    }

    @Test("A server that has no image, or is not there, is told apart from a wrong image")
    func noImage() async throws {
        try await self.inDirectory { directory in
            let server = try LoopbackServer(body: [], status: "404 Not Found", declared: 0)
            server.start()
            let image = ImageReference(format: .raw, location: server.url, sha256: Self.digest)
            let store = self.store(directory)
            let missing = await self.error { _ = try await store.prepare(image, inUse: Self.nothing) }
            #expect(
                missing == .notFound(location: server.url, reason: "the server answered 404"))
            server.stop()
            let gone = await self.error { _ = try await store.prepare(image, inUse: Self.nothing) }
            guard case .failed(server.url, _) = gone else {
                Issue.record("\(String(describing: gone))")
                return
            }
        }
    }

    @Test(
        "Only http and https are fetched",
        arguments: ["file:///etc/passwd", "ftp://a.test/b", "relative/path"])
    func schemes(location: String) async throws {
        try await self.inDirectory { directory in
            let error = await self.error {
                _ = try await self.store(directory).prepare(
                    ImageReference(format: .raw, location: location, sha256: Self.digest), inUse: Self.nothing
                )
            }
            guard case .failed(location, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test(
        "A full disk is told by name",
        .enabled(if: Prerequisite.allowsRoot, "mounting a small disk needs root"))
    func fullDisk() async throws {
        try await self.inDirectory { directory in
            let cache = directory + "/cache"
            try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
            try Command.run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", cache)
            let server = try LoopbackServer(body: Self.body, declared: Self.body.count)
            server.start()
            let error = await self.error {
                _ = try await self.store(directory).prepare(
                    ImageReference(format: .raw, location: server.url, sha256: Self.digest),
                    inUse: Self.nothing)
            }
            server.stop()
            #expect(error == .noRoom(location: server.url, directory: cache))
            #expect(try FileManager.default.contentsOfDirectory(atPath: cache).isEmpty)
            try Command.run("umount", "-l", cache)
        }
    }
}
