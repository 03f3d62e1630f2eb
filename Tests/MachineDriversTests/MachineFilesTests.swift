import CloudModel
import Foundation
import Testing

@testable import MachineDrivers

@Suite("Files of machines")
struct MachineFilesTests {
    /// A directory for machines, removed afterwards.
    private func inDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer {
            do {
                try FileManager.default.removeItem(atPath: directory)
            } catch {
                Issue.record(error)
            }
        }
        try await body(directory)
    }

    private func makeFile(_ name: String, of id: MachineID, in directory: String, _ bytes: Data) throws {
        try FileManager.default.createDirectory(
            atPath: "\(directory)/\(id)", withIntermediateDirectories: true)
        try bytes.write(to: URL(fileURLWithPath: "\(directory)/\(id)/\(name)"))
    }

    @Test("A console is cut beyond its limit, to the byte; its end can still be read", arguments: [0, 1])
    func consoleLimit(excess: Int) async throws {
        try await self.inDirectory { directory in
            let id = definition(seed: 31).id
            let files = MachineFiles(directory: directory)
            let limit = Mebibytes(1)
            let text = String(repeating: "x", count: Int(limit.bytes) + excess - 5) + "\nend\n"
            try self.makeFile("console.log", of: id, in: directory, Data(text.utf8))
            #expect(await files.cutConsoles(of: [id], beyond: limit).isEmpty)
            let path = files.consoleLog(of: id)
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
            #expect(size?.int64Value == (excess == 0 ? limit.bytes : 0))
            let before = try await files.consoleTail(of: id, limit: 1_000)
            #expect(before.text.hasSuffix("xx\nend\n") && before.text.utf8.count == 1_000)
            #expect(before.isTruncated)
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try file.seekToEnd()
            try file.write(contentsOf: Data("more\n".utf8))
            try file.close()
            let after = try await files.consoleTail(of: id, limit: 1_000)
            #expect(after.text.hasSuffix("xx\nend\nmore\n") && after.text.utf8.count == 1_000)
            // Again and again, never more than the limit and the kept end.
            #expect(await files.cutConsoles(of: [id], beyond: .zero).isEmpty)
            #expect(await files.cutConsoles(of: [id], beyond: .zero).isEmpty)
            #expect(try await files.consoleTail(of: id, limit: 5).text == "more\n")
        }
    }

    @Test("A console whose end cannot be kept is cut all the same, and so are the others")
    func consoleThatCannotBeKept() async throws {
        try await self.inDirectory { directory in
            let ids = [definition(seed: 34).id, definition(seed: 35).id]
            let files = MachineFiles(directory: directory)
            for id in ids { try self.makeFile("console.log", of: id, in: directory, Data("text".utf8)) }
            // A directory in its place stands for whatever may keep the end from being written.
            try FileManager.default.createDirectory(
                atPath: "\(directory)/\(ids[0])/console.kept/full", withIntermediateDirectories: true)
            let faults = await files.cutConsoles(of: Set(ids), beyond: .zero)
            #expect(faults.keys.sorted() == [ids[0]])
            #expect(faults[ids[0]]?.description.contains("was cut all the same") == true)
            for id in ids {
                let attributes = try FileManager.default.attributesOfItem(atPath: files.consoleLog(of: id))
                #expect((attributes[.size] as? NSNumber)?.intValue == 0)
            }
            #expect(try await files.consoleTail(of: ids[1], limit: 10).text == "text")
        }
    }

    @Test("Disks that no machine has do not count as room")
    func leftoverDisks() async throws {
        try await self.inDirectory { directory in
            let (known, leftover) = (definition(seed: 32).id, definition(seed: 33).id)
            let files = MachineFiles(directory: directory)
            let disk = Data(repeating: 1, count: 64 * 1_048_576)
            try self.makeFile("disk.qcow2", of: known, in: directory, disk)
            try self.makeFile("disk.qcow2", of: leftover, in: directory, disk)
            let both = try await files.capacity(with: [known, leftover])
            let one = try await files.capacity(with: [known])
            // What others write meanwhile is far less than the disk.
            #expect(both - one > Mebibytes(32))
        }
    }

    @Test("Deleting what has no definition clears its files away; the files of others stay")
    func leftoversOfDeletion() async throws {
        try await self.inDirectory { directory in
            let driver = LibvirtDriver(
                configuration: LibvirtConfiguration(
                    uri: "test:///default", filesDirectory: directory, reconnectMin: .milliseconds(10)))
            let id = definition(seed: 34).id
            try self.makeFile("disk.qcow2", of: id, in: directory, Data(count: 10))
            try await DriverSession.with(driver) { session in
                await #expect(throws: DriverError.notFound(id)) { try await session.driver.delete(id) }
                // The mock comes with a machine that is not ours.
                let foreign = try #require(try await session.driver.machines().first)
                #expect(foreign.definition == nil)
                try self.makeFile("disk.qcow2", of: foreign.id, in: directory, Data(count: 10))
                await #expect(throws: DriverError.notFound(foreign.id)) {
                    try await session.driver.delete(foreign.id)
                }
                #expect(FileManager.default.fileExists(atPath: "\(directory)/\(foreign.id)/disk.qcow2"))
            }
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/\(id)"))
        }
    }

    @Test(
        "A guest that stands still because its disk cannot be written says so",
        arguments: [(5, "the host's disk is full or failing"), (1, nil)] as [(Int32, String?)])
    func diskErrors(reason: Int32, text: String?) {
        // virDomainState and virDomainPausedReason: PAUSED is 3, IOERROR is 5, USER is 1.
        let state = LifecycleMapping.state(3, reason: reason)
        #expect(state.state == .suspended && state.reason == text)
        // virDomainEventType and virDomainEventSuspendedDetailType: SUSPENDED is 3, IOERROR is 2, PAUSED is 0.
        let id = definition(seed: 35).id
        let event = LifecycleMapping.event(3, detail: reason == 5 ? 2 : 0, of: id)
        #expect(event == .changed(id, .suspended, reason: text))
    }
}
