package import Logging
import Synchronization

/// Keeps what is logged, as text.
package final class LogRecorder: Sendable {
    package struct Line: Sendable {
        package let level: Logger.Level
        package let message: String
        package let metadata: Logger.Metadata
    }

    private let kept = Mutex<[Line]>([])

    package init() {}

    package var lines: [Line] { self.kept.withLock { $0 } }

    package func count(_ message: String) -> Int {
        self.lines.count { $0.message.contains(message) }
    }

    package var logger: Logger {
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
