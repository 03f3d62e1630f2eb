import CloudModel
import Foundation

/// Makes disks with `qemu-img`; blocks while it runs.
enum DiskTool {
    private struct Information: Decodable {
        struct Specific: Decodable {
            struct Details: Decodable {
                let dataFile: String?

                private enum CodingKeys: String, CodingKey {
                    case dataFile = "data-file"
                }
            }

            let data: Details?
        }

        let virtualSize: Int64
        let backingFile: String?
        let specific: Specific?

        private enum CodingKeys: String, CodingKey {
            case virtualSize = "virtual-size"
            case backingFile = "backing-filename"
            case specific = "format-specific"
        }
    }

    /// A disk to which a machine writes while it reads from `base` what it has not written.
    static func makeOverlay(
        _ path: String, on base: String, format: PreparedImage.DiskFormat, size: Mebibytes
    ) throws(DriverError) {
        let attempt = "make a disk on \(base)"
        let answer = try Self.run(["info", "--output=json", "-f", format.rawValue, base], attempt: attempt)
        let information: Information
        do {
            information = try JSONDecoder().decode(Information.self, from: answer)
        } catch {
            throw .failed(attempt: attempt, reason: "qemu-img said something unreadable: \(error)")
        }
        // An image from elsewhere that names a file of this host would let its guest read that file.
        guard information.backingFile == nil, information.specific?.data?.dataFile == nil else {
            throw .failed(
                attempt: attempt,
                reason: "the image refers to another file; flatten it with qemu-img convert")
        }
        guard information.virtualSize <= size.bytes else {
            let needed = (information.virtualSize + 1_048_575) / 1_048_576
            throw .failed(
                attempt: attempt,
                reason: "the image needs \(Mebibytes(needed)) of disk, the machine has \(size)")
        }
        _ = try Self.run(
            [
                "create", "-q", "-f", "qcow2", "-F", format.rawValue, "-b", base, path, String(size.bytes),
            ], attempt: attempt)
    }

    static func makeBlank(_ path: String, size: Mebibytes) throws(DriverError) {
        _ = try Self.run(
            ["create", "-q", "-f", "qcow2", path, String(size.bytes)], attempt: "make a disk of \(size)")
    }

    private static func run(_ arguments: [String], attempt: String) throws(DriverError) -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["qemu-img"] + arguments
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
            // A page at most on either, far below what a pipe holds: reading one after the other cannot lock up.
            let answer = try output.fileHandleForReading.readToEnd() ?? Data()
            let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw Self.refusal(String(decoding: complaint, as: UTF8.self), attempt: attempt)
            }
            return answer
        } catch let error as DriverError {
            throw error
        } catch {
            throw .failed(attempt: attempt, reason: "qemu-img cannot be run: \(error.localizedDescription)")
        }
    }

    private static func refusal(_ complaint: String, attempt: String) -> DriverError {
        let reason = complaint.split(separator: "\n").joined(separator: "; ")
        return reason.contains("No space left")
            ? .insufficientResources(reason: reason) : .failed(attempt: attempt, reason: reason)
    }
}
