import COpenSSL

/// An X.509 certificate while it is being put together (RFC 5280).
@safe final class CertificateBuilder {
    private let pointer: OpaquePointer

    /// A certificate of version 3 that counts from an hour ago, for clocks that differ.
    init(subject: String, key: PrivateKey, serial: [UInt8], days: Int) throws(TLSError) {
        guard let certificate = unsafe X509_new() else { throw .fromOpenSSL("cannot make a certificate") }
        unsafe self.pointer = certificate
        let number = unsafe BN_bin2bn(serial, Int32(serial.count), nil)
        defer { unsafe BN_free(number) }
        guard unsafe X509_set_version(certificate, 2) == 1,
            unsafe BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil,
            unsafe X509_gmtime_adj(X509_getm_notBefore(certificate), -3_600) != nil,
            unsafe X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86_400) != nil,
            unsafe X509_set_pubkey(certificate, key.pointer) == 1,
            unsafe X509_NAME_add_entry_by_txt(
                X509_get_subject_name(certificate), "CN", utf8Text, subject, -1, -1, 0) == 1
        else { throw .fromOpenSSL("cannot fill in the certificate of \(subject)") }
    }

    deinit {
        unsafe X509_free(self.pointer)
    }

    /// Adds an extension in OpenSSL's own notation.
    func add(_ identifier: Int32, _ value: String) throws(TLSError) {
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, self.pointer, self.pointer, nil, nil, 0)
        guard let item = unsafe X509V3_EXT_conf_nid(nil, &context, identifier, value) else {
            throw .fromOpenSSL("cannot write the extension \(value)")
        }
        defer { unsafe X509_EXTENSION_free(item) }
        guard unsafe X509_add_ext(self.pointer, item, -1) == 1 else {
            throw .fromOpenSSL("cannot add the extension \(value)")
        }
    }

    /// Signs in the name of the certificate in `issuer` (PEM), or in its own.
    func sign(with key: PrivateKey, issuedBy issuer: String?) throws(TLSError) {
        if let issuer {
            let bio = try MemoryBIO(issuer)
            guard let parent = unsafe PEM_read_bio_X509(bio.pointer, nil, nil, nil) else {
                throw .fromOpenSSL("cannot read the authority's certificate")
            }
            defer { unsafe X509_free(parent) }
            guard unsafe X509_set_issuer_name(self.pointer, X509_get_subject_name(parent)) == 1 else {
                throw .fromOpenSSL("cannot name the issuer")
            }
        } else {
            guard
                unsafe X509_set_issuer_name(self.pointer, X509_get_subject_name(self.pointer)) == 1
            else { throw .fromOpenSSL("cannot name the issuer") }
        }
        guard unsafe X509_sign(self.pointer, key.pointer, EVP_sha256()) > 0 else {
            throw .fromOpenSSL("cannot sign the certificate")
        }
    }

    var pem: String {
        get throws(TLSError) {
            let bio = try MemoryBIO()
            guard unsafe PEM_write_bio_X509(bio.pointer, self.pointer) == 1 else {
                throw .fromOpenSSL("cannot write the certificate")
            }
            return bio.text
        }
    }
}

/// `MBSTRING_UTF8` of asn1.h, a macro that Swift does not import.
private let utf8Text: Int32 = 0x1000
