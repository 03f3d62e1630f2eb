import COpenSSL

extension HashFunction {
    /// HMAC (RFC 2104) of `bytes` under `key`, whose length is free.
    package func authenticationCode(for bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: self.digestLength)
        // An empty array has no storage, and a null key means "the key of last time" to libcrypto.
        let padded = key.isEmpty ? [0] : key
        let done = unsafe HMAC(
            self.algorithm, padded, Int32(padded.count), bytes, bytes.count, &code, nil)
        precondition(unsafe done != nil, "libcrypto offers no HMAC with \(self)")
        return code
    }
}
