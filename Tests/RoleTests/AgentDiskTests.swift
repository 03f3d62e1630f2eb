import Agent
import CloudModel
import Federation
import Foundation
import Storage
import TestSupport
import Testing

@Suite(.enabled(if: Prerequisite.allowsRoot, "mounting a small disk needs root"), .timeLimit(.minutes(2)))
struct AgentDiskTests {
    @Test("A full disk is told to whoever asked, and nothing is lost")
    func fullDisk() async throws {
        let directory = "/tmp/tw-full-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Self.run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory)
        defer {
            do {
                try Self.run("umount", "-l", directory)
                try FileManager.default.removeItem(atPath: directory)
            } catch {
                Issue.record(error)
            }
        }
        let database = try Database(path: directory + "/agent.sqlite")
        try await AgentHarness.with(database: database) { harness in
            let held = try await harness.agent.service.reserve(harness.request("web-1"))
            let filler = directory + "/filler"
            #expect(FileManager.default.createFile(atPath: filler, contents: nil))
            try Self.fill(filler)
            var refusal: SiteRefusal?
            // The log of the database has some room of its own left.
            for seed in 2..<200 as Range<UInt64> where refusal == nil {
                let request = harness.request("web-\(seed)", seed: seed)
                do throws(SiteRefusal) {
                    _ = try await harness.agent.service.reserve(request)
                    _ = try await harness.agent.service.release(
                        request.id, by: AgentHarness.coordinator, isAdmin: false)
                } catch {
                    refusal = error
                }
            }
            #expect(refusal?.reason == .outOfOrder)
            #expect(refusal?.message.contains("database") == true)
            try FileManager.default.removeItem(atPath: filler)
            let known = try await harness.agent.service.reservation(
                held.id, by: AgentHarness.coordinator, isAdmin: false)
            #expect(known == held)
            _ = try await harness.agent.service.reserve(harness.request("after", seed: 1_000))
        }
    }

    /// Writes until nothing more fits.
    private static func fill(_ path: String) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { file.closeFile() }
        for size in [65_536, 4_096, 512] {
            while true {
                do {
                    try file.write(contentsOf: Data(count: size))
                } catch {
                    break
                }
            }
        }
    }

    private static func run(_ command: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(command.joined(separator: " ")) failed")
    }
}
