import COpenSSL

/// A buffer that OpenSSL reads from or writes to, freed with its owner.
@safe final class MemoryBIO {
    let pointer: OpaquePointer

    init(_ text: String = "") throws(TLSError) {
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw .fromOpenSSL("cannot make a buffer") }
        unsafe self.pointer = bio
        let bytes = Array(text.utf8)
        guard unsafe bytes.isEmpty || BIO_write(bio, bytes, Int32(bytes.count)) == Int32(bytes.count) else {
            throw .fromOpenSSL("cannot fill a buffer")
        }
    }

    deinit {
        unsafe BIO_free_all(self.pointer)
    }

    /// What has been written, taken out.
    var text: String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = unsafe BIO_read(self.pointer, &chunk, Int32(chunk.count))
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk.prefix(Int(count))
        }
    }
}
