package import Foundation
package import XMPPTransport

/// A certificate authority for tests: makes certificates with the `openssl` command in a folder of its own.
package final class TestAuthority: Sendable {
    package enum Flaw: Sendable {
        case none
        case expired
        case selfSigned
    }

    package struct CommandFailed: Error {
        package let arguments: [String]
        package let output: String
    }

    /// One for all tests of a process that do not ask for an authority of their own.
    package static let shared = Result { try TestAuthority() }

    package let folder: URL

    package init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "tradewind-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        try self.openssl(
            ["req", "-x509", "-subj", "/CN=test authority", "-days", "2", "-out", "ca.crt"] + Self.key("ca"))
    }

    deinit {
        try? FileManager.default.removeItem(at: self.folder)
    }

    package var trust: TrustAnchors { .file(self.folder.appending(path: "ca.crt").path) }

    /// A certificate with the subjectAltName given, such as `DNS:a.test`, for TLS servers only.
    package func issue(
        _ domain: String, names: String? = nil, flaw: Flaw = .none
    ) throws -> CertificateFiles {
        let name = "\(domain)-\(UUID().uuidString)"
        let subject = ["-subj", "/CN=\(domain)"]
        let extensions = """
            subjectAltName=\(names ?? "DNS:\(domain)")
            extendedKeyUsage=serverAuth
            basicConstraints=CA:FALSE

            """
        try Data(extensions.utf8).write(to: self.folder.appending(path: "\(name).ext"))
        try self.openssl(["req", "-new", "-out", "\(name).csr"] + subject + Self.key(name))
        let signer =
            switch flaw {
            case .selfSigned: ["-key", "\(name).key"]
            case .none, .expired: ["-CA", "ca.crt", "-CAkey", "ca.key"]
            }
        let days = flaw == .expired ? "-1" : "2"
        try self.openssl(
            [
                "x509", "-req", "-in", "\(name).csr", "-days", days, "-extfile", "\(name).ext", "-out",
                "\(name).crt", "-set_serial", "\(UInt32.random(in: 1...9_999_999))",
            ]
                + signer)
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
