import Cryptography

/// The formulas of RFC 5802 §3 and the shape of its messages (§7), used by both sides.
enum SCRAM {
    /// The longest message that is looked at, in bytes: far more than any name and nonce need.
    static let longestMessage = 8_192

    static func saltedPassword(
        _ password: String, salt: [UInt8], iterations: Int, hash: HashFunction
    ) throws(SCRAMError) -> [UInt8] {
        guard let prepared = OpaqueString.prepare(password[...]) else { throw .unusablePassword }
        do {
            return try hash.derivedKey(
                password: Array(prepared.utf8), salt: salt, iterations: iterations,
                length: hash.digestLength)
        } catch {
            throw .unusableIterations
        }
    }

    static func clientKey(_ saltedPassword: [UInt8], _ hash: HashFunction) -> [UInt8] {
        hash.authenticationCode(for: Array("Client Key".utf8), key: saltedPassword)
    }

    static func serverKey(_ saltedPassword: [UInt8], _ hash: HashFunction) -> [UInt8] {
        hash.authenticationCode(for: Array("Server Key".utf8), key: saltedPassword)
    }

    static func exclusiveOr(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        zip(left, right).map { $0 ^ $1 }
    }

    /// The text of a message; nil if it is too long or not UTF-8.
    static func text(_ message: [UInt8]) -> String? {
        guard message.count <= Self.longestMessage else { return nil }
        return String(validating: message, as: UTF8.self)
    }

    /// The attributes of a message, `k=value` between commas; nil if it is not made so.
    static func attributes(_ text: Substring) -> [(key: Character, value: Substring)]? {
        var result: [(key: Character, value: Substring)] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let key = part.first, key.isASCII, key.isLetter, part.dropFirst().first == "=" else {
                return nil
            }
            result.append((key, part.dropFirst(2)))
        }
        return result
    }

    /// Whether the text can be a nonce: printable, without a comma, and not empty (RFC 5802 §7).
    static func isNonce(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ",") }
    }

    /// A name as messages spell it.
    static func escaped(_ name: String) -> String {
        name.reduce(into: "") { text, character in
            switch character {
            case "=": text += "=3D"
            case ",": text += "=2C"
            default: text.append(character)
            }
        }
    }

    /// A name out of a message; nil if an `=` starts neither of the two escapes.
    static func unescaped(_ text: Substring) -> String? {
        var result = ""
        var rest = text
        while let character = rest.popFirst() {
            guard character == "=" else {
                result.append(character)
                continue
            }
            switch rest.prefix(2) {
            case "3D": result.append("=")
            case "2C": result.append(",")
            default: return nil
            }
            rest = rest.dropFirst(2)
        }
        return result
    }
}
