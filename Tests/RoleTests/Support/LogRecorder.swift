import Logging
import Synchronization

/// Keeps what is logged, as text.
final class LogRecorder: Sendable {
    struct Line: Sendable {
        let level: Logger.Level
        let message: String
        let metadata: Logger.Metadata
    }

    private let kept = Mutex<[Line]>([])

    var lines: [Line] { self.kept.withLock { $0 } }

    func count(_ message: String) -> Int {
        self.lines.count { $0.message.contains(message) }
    }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(recorder: self) }
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            self.recorder.kept.withLock { lines in
                lines.append(
                    Line(
                        level: event.level, message: "\(event.message)", metadata: event.metadata ?? [:]))
            }
        }
    }
}
