import CloudModel
import Foundation
import Threads

/// The directory of each machine: its disk and the log of its serial console.
actor MachineFiles {
    private let directory: String
    private let executor = BlockingExecutor(label: "tradewind.machine-files")

    init(directory: String) {
        self.directory = directory
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe self.executor.asUnownedSerialExecutor()
    }

    nonisolated func path(of id: MachineID) -> String {
        "\(self.directory)/\(id)"
    }

    nonisolated func consoleLog(of id: MachineID) -> String {
        self.path(of: id) + "/console.log"
    }

    nonisolated private func keptConsole(of id: MachineID) -> String {
        self.path(of: id) + "/console.kept"
    }

    /// Makes the directory and, if the machine has a disk, the disk; the devices to attach.
    func make(
        _ definition: MachineDefinition, from image: PreparedImage, serialConsole: String
    ) throws(DriverError) -> DomainXML.Devices {
        let path = self.path(of: definition.id)
        do {
            // Reachable for the user that guests run as; the files in it are made readable by libvirt.
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        } catch {
            throw .failed(attempt: "make \(path)", reason: error.localizedDescription)
        }
        let disk = path + "/disk.qcow2"
        let size = definition.specification.resources.disk
        var devices = DomainXML.Devices(
            disk: size > .zero ? disk : nil, consoleLog: self.consoleLog(of: definition.id), kernel: nil)
        switch image {
        case .disk(let base, let format):
            try DiskTool.makeOverlay(disk, on: base, format: format, size: size)
        case .kernel(let kernel, let initramfs, let commandLine):
            if size > .zero { try DiskTool.makeBlank(disk, size: size) }
            // The guest learns its name, whatever else its command line says.
            let words =
                (commandLine ?? "console=\(serialConsole) quiet")
                + " tradewind.name=\(definition.specification.name)"
            devices.kernel = DomainXML.Devices.Kernel(
                path: kernel, initramfs: initramfs, commandLine: words)
        }
        return devices
    }

    /// Removes the machine's directory; it may be gone already.
    func remove(_ id: MachineID) throws(DriverError) {
        let path = self.path(of: id)
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw .failed(attempt: "remove \(path)", reason: error.localizedDescription)
        }
    }

    /// What is left of the console before it was last cut, and what came since.
    func consoleTail(of id: MachineID, limit: Int) throws(DriverError) -> ConsoleTail {
        let (newest, isWhole) = try Self.end(of: self.consoleLog(of: id), atMost: limit)
        var bytes = newest
        var isTruncated = !isWhole
        if newest.count < limit {
            let (older, _) = try Self.end(of: self.keptConsole(of: id), atMost: limit - newest.count)
            // What was kept is itself only the end of what there was.
            isTruncated = isTruncated || !older.isEmpty
            bytes = older + newest
        }
        return ConsoleTail(
            text: String(decoding: bytes, as: UTF8.self), isTruncated: isTruncated, limit: limit)
    }

    /// Cuts each console that has grown beyond `limit`; what went wrong is returned, and stops nothing else.
    ///
    /// Its end is kept beside it.
    /// The hypervisor appends to the file, so it goes on at the beginning of the emptied one. What a guest writes
    /// between the two steps is lost. A full disk may not take the end before the cut has made room for it.
    func cutConsoles(of machines: Set<MachineID>, beyond limit: Mebibytes) -> [MachineID: DriverError] {
        var faults: [MachineID: DriverError] = [:]
        for id in machines {
            let path = self.consoleLog(of: id)
            var status = stat()
            guard unsafe stat(path, &status) == 0, Int64(status.st_size) > limit.bytes else { continue }
            do throws(DriverError) {
                try self.cutConsole(of: id, at: path)
            } catch {
                faults[id] = error
            }
        }
        return faults
    }

    private func cutConsole(of id: MachineID, at path: String) throws(DriverError) {
        let (end, _) = try Self.end(of: path, atMost: ConsoleTail.limit)
        let isKept: Bool
        do throws(DriverError) {
            try self.keep(end, of: id)
            isKept = true
        } catch {
            isKept = false
        }
        guard unsafe truncate(path, 0) == 0 else {
            throw .failed(attempt: "cut \(path)", reason: ImageFiles.systemError(errno))
        }
        guard !isKept else { return }
        do throws(DriverError) {
            try self.keep(end, of: id)
        } catch {
            throw .failed(attempt: "keep the end of \(path), which was cut all the same", reason: "\(error)")
        }
    }

    private func keep(_ end: Data, of id: MachineID) throws(DriverError) {
        let path = self.keptConsole(of: id)
        do {
            try end.write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw .failed(attempt: "keep the end of a console as \(path)", reason: error.localizedDescription)
        }
    }

    /// The last bytes of a file, and whether that is all of it; nothing if there is no such file.
    private static func end(
        of path: String, atMost limit: Int
    ) throws(DriverError) -> (bytes: Data, isWhole: Bool) {
        guard FileManager.default.fileExists(atPath: path) else { return (Data(), true) }
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { file.closeFile() }
            let length = try file.seekToEnd()
            let start = length > UInt64(limit) ? length - UInt64(limit) : 0
            try file.seek(toOffset: start)
            return (try file.read(upToCount: limit) ?? Data(), start == 0)
        } catch {
            throw .failed(attempt: "read \(path)", reason: error.localizedDescription)
        }
    }

    /// How much disk machines may use in all: what is free now, and what `machines` have taken already.
    ///
    /// What an interrupted deletion or creation has left is neither free nor anybody's.
    func capacity(with machines: Set<MachineID>) throws(DriverError) -> Mebibytes {
        do {
            let files = FileManager.default
            try files.createDirectory(
                atPath: self.directory, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755])
            let free = try files.attributesOfFileSystem(forPath: self.directory)[.systemFreeSize] as? NSNumber
            var bytes = free?.int64Value ?? 0
            for machine in machines.sorted() {
                bytes += Self.allocated(self.path(of: machine) + "/disk.qcow2")
            }
            return Mebibytes(bytes / 1_048_576)
        } catch {
            throw .failed(attempt: "measure \(self.directory)", reason: error.localizedDescription)
        }
    }

    /// Bytes that a sparse file really takes; zero if there is none.
    private static func allocated(_ path: String) -> Int64 {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return 0 }
        return Int64(status.st_blocks) * 512
    }
}
