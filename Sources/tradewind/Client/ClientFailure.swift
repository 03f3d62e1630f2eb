import ArgumentParser
import Foundation
import Operations

/// An operation's error as the command line tells it.
struct ClientFailure: CustomStringConvertible {
    let error: OperationError

    init(_ error: OperationError) {
        self.error = error
    }

    /// For scripts: 2 wrong arguments, 3 not allowed, 4 not found, 5 refused or in conflict, 6 out of reach, 7 not
    /// confirmed, 1 everything else.
    var exitCode: ExitCode {
        switch self.error.code {
        case .badRequest, .tooLarge: ExitCode(2)
        case .unauthenticated, .forbidden: ExitCode(3)
        case .notFound, .notOffered: ExitCode(4)
        case .conflict, .keyReused, .refused: ExitCode(5)
        case .unavailable, .timeout, .tooMany: ExitCode(6)
        case .unconfirmed: ExitCode(7)
        case .cancelled, .internalError: ExitCode(1)
        }
    }

    /// Writes the error to standard error; the code to end with.
    func told() -> ExitCode {
        FileHandle.standardError.write(Data("\(self.description)\n".utf8))
        return self.exitCode
    }

    var description: String {
        var text = "\(self.error.code.title): \(self.error.message)"
        if let site = self.error.site { text = "\(site): \(text)" }
        if let next = self.error.next { text += "\nNext: \(next)" }
        return text
    }
}
