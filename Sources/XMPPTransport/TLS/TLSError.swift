import COpenSSL

/// Why TLS could not be set up or broke off.
package struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, and on what.
    package let attempt: String
    /// OpenSSL's own words, oldest first.
    package let causes: [String]

    package init(_ attempt: String, causes: [String] = []) {
        self.attempt = attempt
        self.causes = causes
    }

    /// An error that carries, and clears, what OpenSSL has queued on this thread.
    static func fromOpenSSL(_ attempt: String) -> TLSError {
        var causes: [String] = []
        while true {
            let code = ERR_get_error()
            guard code != 0 else { break }
            var text = [CChar](repeating: 0, count: 256)
            unsafe ERR_error_string_n(code, &text, text.count)
            causes.append(
                String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        return TLSError(attempt, causes: causes)
    }

    package var description: String {
        self.causes.isEmpty ? self.attempt : "\(self.attempt): \(self.causes.joined(separator: "; "))"
    }
}
