import COpenSSL

/// A private key in OpenSSL's hands, freed with its owner.
@safe final class PrivateKey {
    let pointer: OpaquePointer

    /// A new P-256 key.
    init() throws(TLSError) {
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else {
            throw .fromOpenSSL("cannot make a key")
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard unsafe EVP_PKEY_keygen_init(context) == 1,
            unsafe EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            unsafe EVP_PKEY_generate(context, &key) == 1, let key = unsafe key
        else { throw .fromOpenSSL("cannot make a key") }
        unsafe self.pointer = key
    }

    init(pem: String) throws(TLSError) {
        let bio = try MemoryBIO(pem)
        guard let key = unsafe PEM_read_bio_PrivateKey(bio.pointer, nil, nil, nil) else {
            throw .fromOpenSSL("cannot read the private key")
        }
        unsafe self.pointer = key
    }

    deinit {
        unsafe EVP_PKEY_free(self.pointer)
    }

    /// PKCS #8, not encrypted.
    var pem: String {
        get throws(TLSError) {
            let bio = try MemoryBIO()
            guard unsafe PEM_write_bio_PrivateKey(bio.pointer, self.pointer, nil, nil, 0, nil, nil) == 1
            else {
                throw .fromOpenSSL("cannot write the private key")
            }
            return bio.text
        }
    }
}
