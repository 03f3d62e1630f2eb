import COpenSSL

/// Comparison of secrets whose duration tells nothing about where they differ.
package enum ConstantTime {
    /// Whether both hold the same bytes; only their lengths can be learnt from the time it takes.
    package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        unsafe left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
