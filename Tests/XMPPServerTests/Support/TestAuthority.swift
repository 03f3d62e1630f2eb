import Foundation
import XMPPTransport

/// A certificate authority for the tests of one process, made once with the `openssl` command.
final class TestAuthority: Sendable {
    struct CommandFailed: Error {
        let arguments: [String]
        let output: String
    }

    static let shared = Result { try TestAuthority() }

    let folder: URL

    private init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "tradewind-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        try self.openssl(
            ["req", "-x509", "-subj", "/CN=test authority", "-days", "2", "-out", "ca.crt"] + Self.key("ca"))
    }

    var trust: TrustAnchors { .file(self.folder.appending(path: "ca.crt").path) }

    func issue(_ domain: String, others: [String] = []) throws -> CertificateFiles {
        let name = "\(domain)-\(UUID().uuidString)"
        let names = ([domain] + others).map { "DNS:\($0)" }.joined(separator: ",")
        let extensions = "subjectAltName=\(names)\nextendedKeyUsage=serverAuth\n"
        try Data(extensions.utf8).write(to: self.folder.appending(path: "\(name).ext"))
        try self.openssl(["req", "-new", "-subj", "/CN=\(domain)", "-out", "\(name).csr"] + Self.key(name))
        try self.openssl([
            "x509", "-req", "-in", "\(name).csr", "-days", "2", "-extfile", "\(name).ext", "-out",
            "\(name).crt", "-CA", "ca.crt", "-CAkey", "ca.key", "-set_serial",
            "\(UInt32.random(in: 1...9_999_999))",
        ])
        return CertificateFiles(
            chain: self.folder.appending(path: "\(name).crt").path,
            key: self.folder.appending(path: "\(name).key").path)
    }

    private static func key(_ name: String) -> [String] {
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(name).key"]
    }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = self.folder
        let output = Pipe()
        process.standardError = output
        process.standardOutput = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CommandFailed(arguments: arguments, output: String(decoding: text, as: UTF8.self))
        }
    }
}
