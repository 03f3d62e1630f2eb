import Foundation
import Testing

/// A program that a test needs beside itself.
enum Command {
    /// Runs it to its end; fails the test if it fails.
    static func run(_ words: String...) throws {
        let process = try Self.start(words)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(words.joined(separator: " ")) failed")
    }

    static func start(_ words: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }
}
