// TLS: function forms of the macros that Swift cannot call, and the callbacks that OpenSSL wants as C functions.
#pragma once
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <openssl/err.h>
#include <string.h>

// The chain is judged after the handshake by cssl_verify: a stream with an unproven peer is a matter of policy.
static inline int cssl_accept_any(X509_STORE_CTX *context, void *argument) {
    (void)context; (void)argument;
    return 1;
}

static inline void cssl_request_peer_certificate(SSL_CTX *context) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, cssl_accept_any, NULL);
}

static inline int cssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

typedef int (*cssl_server_name_callback)(SSL *ssl, int *alert, void *argument);

static inline void cssl_on_server_name(SSL_CTX *context, cssl_server_name_callback callback, void *argument) {
    SSL_CTX_set_tlsext_servername_callback(context, callback);
    SSL_CTX_set_tlsext_servername_arg(context, argument);
}

// XEP-0368: the one protocol a session serves, kept with the session, in wire form (a length byte and the name).
enum cssl_service { cssl_no_alpn = 0, cssl_xmpp_client = 1, cssl_xmpp_server = 2 };

static inline int cssl_on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                               const unsigned char *offered, unsigned int offered_length, void *argument) {
    (void)argument;
    static const unsigned char client[] = "\x0bxmpp-client", server[] = "\x0bxmpp-server";
    const unsigned char *served;
    switch ((enum cssl_service)(size_t)SSL_get_app_data(ssl)) {
    case cssl_xmpp_client: served = client; break;
    case cssl_xmpp_server: served = server; break;
    default: return SSL_TLSEXT_ERR_NOACK;
    }
    unsigned char *chosen = NULL;
    if (SSL_select_next_proto(&chosen, out_length, served, 12, offered, offered_length) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

// For a server session: the protocol it answers ALPN with, if any.
static inline void cssl_serve_alpn(SSL *ssl, int service) {
    SSL_set_app_data(ssl, (void *)(size_t)service);
}

// Settings every context shares: TLS 1.2 is the floor, AEAD suites only, nothing resumable, no renegotiation.
static inline int cssl_configure(SSL_CTX *context) {
    if (!SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)) return 0;
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET
        | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
        | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, cssl_on_alpn, NULL);
    if (!SSL_CTX_set_num_tickets(context, 0)) return 0;
    return SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
}

// Whether what every context must have switched off is off.
static inline int cssl_is_restricted(SSL_CTX *context) {
    uint64_t required = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION;
    return (SSL_CTX_get_options(context) & required) == required;
}

// Verifies a leaf against a store as a TLS server's certificate, whichever end presented it: public authorities no
// longer issue for clientAuth. Returns X509_V_OK or the reason.
static inline int cssl_verify(X509_STORE *store, X509 *leaf, STACK_OF(X509) *untrusted) {
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (context == NULL) return X509_V_ERR_OUT_OF_MEM;
    int result = X509_V_ERR_UNSPECIFIED;
    if (X509_STORE_CTX_init(context, store, leaf, untrusted)) {
        X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
        result = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
    }
    X509_STORE_CTX_free(context);
    return result;
}

// Seconds from 1970-01-01T00:00:00Z to a time in a certificate; 0 if it is none.
static inline int64_t cssl_seconds(const ASN1_TIME *time) {
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    int64_t result = epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, time)
        ? (int64_t)days * 86400 + seconds : 0;
    ASN1_TIME_free(epoch);
    return result;
}

// The common name of the issuer, or else its organization, in UTF-8 and cut to `capacity`; the length, 0 if there is none.
static inline size_t cssl_issuer(X509 *certificate, unsigned char *out, size_t capacity) {
    static const int kinds[] = { NID_commonName, NID_organizationName };
    for (int i = 0; i < 2; i++) {
        int index = X509_NAME_get_index_by_NID(X509_get_issuer_name(certificate), kinds[i], -1);
        if (index < 0) continue;
        unsigned char *text = NULL;
        int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(
            X509_NAME_get_entry(X509_get_issuer_name(certificate), index)));
        if (length < 0) continue;
        size_t kept = (size_t)length < capacity ? (size_t)length : capacity;
        memcpy(out, text, kept);
        OPENSSL_free(text);
        return kept;
    }
    return 0;
}

static inline int cssl_count(STACK_OF(X509) *certificates) {
    return certificates == NULL ? 0 : sk_X509_num(certificates);
}

// The certificates that a context shows beside its own; it keeps them.
static inline STACK_OF(X509) *cssl_shown_chain(SSL_CTX *context) {
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(context, &chain);
    return chain;
}

// Whether both contexts show the same certificate of their own and the same ones beside it, in the same order.
static inline int cssl_shows_same(SSL_CTX *one, SSL_CTX *other) {
    X509 *leaf = SSL_CTX_get0_certificate(one), *other_leaf = SSL_CTX_get0_certificate(other);
    if (leaf == NULL || other_leaf == NULL || X509_cmp(leaf, other_leaf) != 0) return 0;
    STACK_OF(X509) *chain = cssl_shown_chain(one), *other_chain = cssl_shown_chain(other);
    int count = cssl_count(chain);
    if (count != cssl_count(other_chain)) return 0;
    for (int i = 0; i < count; i++)
        if (X509_cmp(sk_X509_value(chain, i), sk_X509_value(other_chain, i)) != 0) return 0;
    return 1;
}

enum cssl_name_kind { cssl_name_dns, cssl_name_srv, cssl_name_xmpp };
typedef void (*cssl_name_sink)(enum cssl_name_kind kind, const unsigned char *bytes, size_t length, void *argument);

// Hands each subjectAltName that can prove a domain to `sink`; the common name is never looked at.
static inline void cssl_each_name(X509 *certificate, cssl_name_sink sink, void *argument) {
    GENERAL_NAMES *names = (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    if (names == NULL) return;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS) {
            sink(cssl_name_dns, ASN1_STRING_get0_data(name->d.dNSName),
                 (size_t)ASN1_STRING_length(name->d.dNSName), argument);
        } else if (name->type == GEN_OTHERNAME) {
            int nid = OBJ_obj2nid(name->d.otherName->type_id);
            ASN1_TYPE *value = name->d.otherName->value;
            ASN1_STRING *string = NULL;
            if (nid == NID_XmppAddr && value->type == V_ASN1_UTF8STRING) string = value->value.utf8string;
            if (nid == NID_SRVName && value->type == V_ASN1_IA5STRING) string = value->value.ia5string;
            if (string != NULL)
                sink(nid == NID_XmppAddr ? cssl_name_xmpp : cssl_name_srv, ASN1_STRING_get0_data(string),
                     (size_t)ASN1_STRING_length(string), argument);
        }
    }
    GENERAL_NAMES_free(names);
}

// The hash of a certificate for tls-server-end-point (RFC 5929 §4.1); 0 if its signature has no hash of its own.
static inline unsigned int cssl_end_point_binding(X509 *certificate, unsigned char *out) {
    int digest_nid = NID_undef;
    if (!X509_get_signature_info(certificate, &digest_nid, NULL, NULL, NULL) || digest_nid == NID_undef) return 0;
    const EVP_MD *digest = digest_nid == NID_md5 || digest_nid == NID_sha1
        ? EVP_sha256() : EVP_get_digestbynid(digest_nid);
    unsigned int length = 0;
    if (digest == NULL || !X509_digest(certificate, digest, out, &length)) return 0;
    return length;
}

// RFC 9266: 32 bytes into `out`; 0 unless TLS 1.3 or a TLS 1.2 session with extended master secret.
static inline int cssl_exporter_binding(SSL *ssl, unsigned char *out) {
    static const char label[] = "EXPORTER-Channel-Binding";
    if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) return 0;
    return SSL_export_keying_material(ssl, out, 32, label, sizeof(label) - 1, (const unsigned char *)"", 0, 1) == 1;
}

// RFC 5929 §3: the first Finished message of the handshake, the client's unless TLS 1.2 resumed a session. Some clients
// use it with TLS 1.3 too, for which nobody defined it; under the condition below it identifies the connection there
// as well. The length, 0 if it cannot be used.
static inline size_t cssl_unique_binding(SSL *ssl, int is_server, unsigned char *out, size_t capacity) {
    if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) return 0;
    size_t length = (!!is_server) != (SSL_session_reused(ssl) == 1)
        ? SSL_get_peer_finished(ssl, out, capacity) : SSL_get_finished(ssl, out, capacity);
    return length <= capacity ? length : 0;
}

// What a session reads from and writes to, for the time of one call: the caller's own memory, so that nothing is copied
// in between and an idle session keeps no buffers.
struct cssl_wire {
    // What came from the network and has not been read.
    const unsigned char *incoming;
    size_t incoming_length;
    // Takes each record that is to be sent.
    void (*send)(void *target, const unsigned char *bytes, size_t length);
    void *target;
};

static inline int cssl_wire_read(BIO *bio, char *out, int capacity) {
    struct cssl_wire *wire = (struct cssl_wire *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (wire->incoming_length == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t length = wire->incoming_length < (size_t)capacity ? wire->incoming_length : (size_t)capacity;
    memcpy(out, wire->incoming, length);
    wire->incoming += length;
    wire->incoming_length -= length;
    return (int)length;
}

static inline int cssl_wire_write(BIO *bio, const char *bytes, int length) {
    struct cssl_wire *wire = (struct cssl_wire *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (wire->target == NULL) return -1;
    if (length > 0) wire->send(wire->target, (const unsigned char *)bytes, (size_t)length);
    return length;
}

static inline long cssl_wire_control(BIO *bio, int command, long number, void *pointer) {
    (void)number; (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_PENDING: return (long)((struct cssl_wire *)BIO_get_data(bio))->incoming_length;
    default: return 0;
    }
}

static BIO_METHOD *cssl_wire_method = NULL;

static inline void cssl_make_wire_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    if (method == NULL) return;
    BIO_meth_set_read(method, cssl_wire_read);
    BIO_meth_set_write(method, cssl_wire_write);
    BIO_meth_set_ctrl(method, cssl_wire_control);
    cssl_wire_method = method;
}

// Has the session read from and write to `wire`, which must outlive it; 0 if there is no memory.
static inline int cssl_use_wire(SSL *ssl, struct cssl_wire *wire) {
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
    if (!CRYPTO_THREAD_run_once(&once, cssl_make_wire_method) || cssl_wire_method == NULL) return 0;
    BIO *bio = BIO_new(cssl_wire_method);
    if (bio == NULL) return 0;
    BIO_set_data(bio, wire);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return 1;
}
