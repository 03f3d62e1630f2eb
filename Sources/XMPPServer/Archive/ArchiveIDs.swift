import Cryptography
package import XMPP

/// Names for archived messages: opaque, not to be guessed, and checked when they come back (XEP-0313 §3.1, XEP-0359).
///
/// An id is the message's sequence with a code over it and its archive, so that one made up, or of another archive, is
/// known for what it is without a look at the disk, and nothing a client sent ever reaches a query but a number.
package struct ArchiveIDs: Hashable, Sendable {
    /// Bytes of the code: enough that nobody guesses one of a message he has not seen.
    static let codeLength = 8

    private let key: [UInt8]

    /// - Parameter key: secret, and the same for as long as the archives live.
    package init(key: [UInt8]) {
        self.key = key
    }

    package func id(of sequence: Int64, in archive: JID) -> String {
        let number = Self.bytes(sequence)
        return Hexadecimal.encode(self.code(number, archive) + number)
    }

    /// The sequence behind an id that this archive gave; nil for anything else.
    package func sequence(of id: String, in archive: JID) -> Int64? {
        guard id.utf8.count == 2 * (Self.codeLength + 8), let bytes = Hexadecimal.decode(id) else {
            return nil
        }
        let number = Array(bytes[Self.codeLength...])
        guard ConstantTime.areEqual(Array(bytes[..<Self.codeLength]), self.code(number, archive)) else {
            return nil
        }
        return number.reduce(0) { $0 << 8 | Int64($1) }
    }

    private func code(_ number: [UInt8], _ archive: JID) -> [UInt8] {
        let text = number + Array(archive.description.utf8)
        return Array(HashFunction.sha256.authenticationCode(for: text, key: self.key)[..<Self.codeLength])
    }

    private static func bytes(_ sequence: Int64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: sequence >> Int64($0)) }
    }
}
