/// Why a key or a parameter cannot be used: always the fault of whoever supplied it.
package enum CryptographyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A key or seed of the wrong size; both in bytes.
    case wrongLength(of: String, expected: Int, found: Int)
    /// A PBKDF2 iteration count outside `HashFunction.iterations`.
    case iterationsOutOfRange(Int)

    package var description: String {
        switch self {
        case .wrongLength(let what, let expected, let found):
            "\(what) has \(found) bytes, it must have \(expected)"
        case .iterationsOutOfRange(let count):
            "\(count) PBKDF2 iterations are outside \(HashFunction.iterations)"
        }
    }
}
