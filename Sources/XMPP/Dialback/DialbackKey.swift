import Cryptography

/// The keys of server dialback, made so that nothing has to be remembered between making and checking
/// (XEP-0185).
package struct DialbackKey: Hashable, Sendable {
    package let text: String

    /// Makes the key for a stream from `originating` to `receiving`.
    ///
    /// The parts are kept apart by spaces, which no prepared domain can hold; only the last part, the stream
    /// id that a peer names, could, and nothing comes after it.
    package init(secret: [UInt8], receiving: String, originating: String, streamID: String) {
        let key = Hexadecimal.encode(HashFunction.sha256.digest(of: secret))
        let message = "\(receiving) \(originating) \(streamID)"
        self.text = Hexadecimal.encode(
            HashFunction.sha256.authenticationCode(for: Array(message.utf8), key: Array(key.utf8)))
    }

    /// Whether what a peer shows is this key, in constant time.
    package func matches(_ shown: String) -> Bool {
        ConstantTime.areEqual(Array(self.text.utf8), Array(shown.utf8))
    }
}
