extension String {
    /// Bytes that fit into a string without memory of its own.
    private static let inlineBytes = 15

    /// The text that `bytes`, which libxml2 hands over in UTF-8, stand for.
    ///
    /// Most values are short. For those the standard library's decoder takes byte after byte; this does not.
    init(copying bytes: UnsafeBufferPointer<UInt8>) {
        if bytes.count <= Self.inlineBytes {
            unsafe self.init(unsafeUninitializedCapacity: bytes.count) { buffer in
                _ = unsafe buffer.update(fromContentsOf: bytes)
                return bytes.count
            }
        } else {
            unsafe self.init(decoding: bytes, as: UTF8.self)
        }
    }
}
