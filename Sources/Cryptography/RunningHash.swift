import COpenSSL

/// A digest of bytes that arrive in pieces, such as an image while it is downloaded.
@safe package struct RunningHash: ~Copyable {
    private let function: HashFunction
    private let context: OpaquePointer

    package init(_ function: HashFunction) {
        guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("libcrypto is out of memory") }
        self.function = function
        unsafe self.context = context
        let done = unsafe EVP_DigestInit_ex(context, function.algorithm, nil)
        precondition(done == 1, "libcrypto offers no \(function)")
    }

    deinit { unsafe EVP_MD_CTX_free(self.context) }

    package mutating func update(_ bytes: borrowing RawSpan) {
        let done = unsafe bytes.withUnsafeBytes { bytes in
            unsafe EVP_DigestUpdate(self.context, bytes.baseAddress, bytes.count)
        }
        precondition(done == 1, "libcrypto could not go on with \(self.function)")
    }

    package mutating func update(_ bytes: [UInt8]) {
        unsafe self.update(bytes.span.bytes)
    }

    /// The digest of everything fed so far.
    package consuming func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: self.function.digestLength)
        let done = unsafe EVP_DigestFinal_ex(self.context, &digest, nil)
        precondition(done == 1, "libcrypto could not end \(self.function)")
        return digest
    }
}
