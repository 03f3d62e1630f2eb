import Foundation
import Synchronization

/// A program that was started here and is ended here.
///
/// It stays the same one when it is killed and started again.
final class ChildProcess: Sendable {
    /// How long a process may take to end when it is asked to; then it is killed.
    private static let patienceSeconds = 15

    private let executable: String
    private let arguments: [String]
    private let log: String
    private let current: Mutex<Process>

    private var process: Process { self.current.withLock { $0 } }
    var id: Int32 { self.process.processIdentifier }
    var isRunning: Bool { self.process.isRunning }

    /// Starts a program; all it writes goes to the file `log`, which is made anew.
    init(_ executable: String, _ arguments: [String], log: String) throws {
        guard FileManager.default.createFile(atPath: log, contents: nil) else {
            throw ChildProcess.unwritable(log)
        }
        self.executable = executable
        self.arguments = arguments
        self.log = log
        self.current = Mutex(try ChildProcess.start(executable, arguments, log))
    }

    private static func start(_ executable: String, _ arguments: [String], _ log: String) throws -> Process {
        guard let file = FileHandle(forWritingAtPath: log) else { throw Self.unwritable(log) }
        try file.seekToEnd()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = file
        process.standardError = file
        try process.run()
        return process
    }

    private static func unwritable(_ log: String) -> BenchmarkFailure {
        BenchmarkFailure("\(log) cannot be written; is there room, and may you write there?")
    }

    /// Kills the process in the middle of whatever it does, and starts it again; it goes on writing to its log.
    func killAndRestart() async throws {
        try self.signal(SIGKILL)
        await self.waitForEnd()
        let next = try Self.start(self.executable, self.arguments, self.log)
        self.current.withLock { $0 = next }
    }

    /// Runs a program to its end, which must be a success.
    static func run(_ executable: String, _ arguments: [String], log: String) async throws {
        let child = try ChildProcess(executable, arguments, log: log)
        await child.waitForEnd()
        guard child.process.terminationStatus == 0 else {
            let words = try String(contentsOfFile: log, encoding: .utf8)
            throw BenchmarkFailure(
                "\(([executable] + arguments).joined(separator: " ")) failed:\n\(words)")
        }
    }

    /// Lets the process do nothing and answer nobody until `thaw`: its connections stay open.
    func freeze() throws { try self.signal(SIGSTOP) }

    func thaw() throws { try self.signal(SIGCONT) }

    func signal(_ number: Int32) throws {
        guard kill(self.process.processIdentifier, number) == 0 else {
            throw BenchmarkFailure("signal \(number) to \(self.process.processIdentifier): errno \(errno)")
        }
    }

    /// Asks the process to end, waits for that, and kills it if it takes too long.
    ///
    /// Not cut short by cancellation: nothing may stay behind.
    func end() async {
        self.process.terminate()
        let process = self.process
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(Self.patienceSeconds)) {
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }
        await self.waitForEnd()
    }

    private func waitForEnd() async {
        let process = self.process
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                process.waitUntilExit()
                continuation.resume()
            }
        }
    }
}
