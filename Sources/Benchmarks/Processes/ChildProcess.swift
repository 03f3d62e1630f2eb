import Foundation

/// A program that was started here and is ended here.
struct ChildProcess: Sendable {
    /// How long a process may take to end when it is asked to; then it is killed.
    private static let patienceSeconds = 15

    private let process: Process

    var id: Int32 { self.process.processIdentifier }
    var isRunning: Bool { self.process.isRunning }

    /// Starts a program; all it writes goes to the file `log`, which is made anew.
    init(_ executable: String, _ arguments: [String], log: String) throws {
        guard FileManager.default.createFile(atPath: log, contents: nil),
            let file = FileHandle(forWritingAtPath: log)
        else { throw BenchmarkFailure("\(log) cannot be written; is there room, and may you write there?") }
        self.process = Process()
        self.process.executableURL = URL(fileURLWithPath: executable)
        self.process.arguments = arguments
        self.process.standardInput = FileHandle.nullDevice
        self.process.standardOutput = file
        self.process.standardError = file
        try self.process.run()
    }

    /// Runs a program to its end, which must be a success.
    static func run(_ executable: String, _ arguments: [String], log: String) async throws {
        let child = try Self(executable, arguments, log: log)
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

    private func signal(_ number: Int32) throws {
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
