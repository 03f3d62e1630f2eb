import COpenSSL

/// Random numbers nobody can predict: keys, nonces, tokens, stream ids.
///
/// Only shells and roles make one; the pure floors take `inout some RandomNumberGenerator` or the bytes, so that a
/// seed replays them.
package struct SecureRandom: RandomNumberGenerator, Sendable {
    package init() {}

    package mutating func next() -> UInt64 {
        var number: UInt64 = 0
        let done = unsafe withUnsafeMutableBytes(of: &number) { buffer in
            unsafe RAND_bytes(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(buffer.count))
        }
        precondition(done == 1, "libcrypto has no source of randomness")
        return number
    }

    /// As many random bytes as asked for.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let done = unsafe RAND_bytes(&bytes, Int32(count))
        precondition(done == 1, "libcrypto has no source of randomness")
        return bytes
    }
}
