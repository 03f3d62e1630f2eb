/* openssl_memory.c: what OpenSSL itself keeps for one idle TLS 1.3 server session, with the settings of the server.
 *
 *   cc -O2 -o openssl_memory openssl_memory.c -lssl -lcrypto
 *   openssl_memory CERTIFICATE KEY
 *
 * Counts every allocation OpenSSL makes while the server's end is at work, and prints bytes for each session. */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { sessions = 200, header = 16 };
static long counted;
static int is_server;

/* Each block remembers its size, and on whose behalf it was asked for. */
static void *note(char *block, size_t size) {
  if (!block) return NULL;
  ((size_t *)block)[0] = size;
  ((size_t *)block)[1] = is_server;
  if (is_server) counted += size;
  return block + header;
}
static void forget(void *pointer) {
  size_t *block = (size_t *)((char *)pointer - header);
  if (block[1]) counted -= block[0];
}
static void *allocate(size_t size, const char *file, int line) { (void)file, (void)line; return note(malloc(size + header), size); }
static void release(void *pointer, const char *file, int line) {
  (void)file, (void)line;
  if (!pointer) return;
  forget(pointer);
  free((char *)pointer - header);
}
static void *resize(void *pointer, size_t size, const char *file, int line) {
  void *larger = allocate(size, file, line);
  if (pointer && larger) {
    size_t old = ((size_t *)((char *)pointer - header))[0];
    memcpy(larger, pointer, old < size ? old : size);
    release(pointer, file, line);
  }
  return larger;
}

static SSL_CTX *context(const char *certificate, const char *key) {
  SSL_CTX *made = SSL_CTX_new(TLS_method());
  SSL_CTX_set_options(made, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(made, 0);
  if (certificate && (SSL_CTX_use_certificate_chain_file(made, certificate) != 1
      || SSL_CTX_use_PrivateKey_file(made, key, SSL_FILETYPE_PEM) != 1)) { fprintf(stderr, "cannot use %s\n", certificate); exit(1); }
  return made;
}

static void carry(SSL *from, SSL *to) {
  char bytes[20000];
  int count;
  while ((count = BIO_read(SSL_get_wbio(from), bytes, sizeof bytes)) > 0) BIO_write(SSL_get_rbio(to), bytes, count);
}

int main(int count, char **values) {
  CRYPTO_set_mem_functions(allocate, resize, release);
  if (count != 3) return 2;
  SSL_CTX *server_context = context(values[1], values[2]), *client_context = context(NULL, NULL);
  long first = 0;
  for (int i = 0; i <= sessions; i++) {
    SSL *client = SSL_new(client_context);
    SSL_set_bio(client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(client);
    is_server = 1;
    SSL *server = SSL_new(server_context);
    SSL_set_bio(server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(server);
    is_server = 0;
    for (int round = 0; round < 4; round++) {
      SSL_do_handshake(client);
      is_server = 1;
      carry(client, server);
      SSL_do_handshake(server);
      is_server = 0;
      carry(server, client);
    }
    char text[200] = "";
    SSL_write(client, text, sizeof text);
    is_server = 1;
    carry(client, server);
    if (SSL_read(server, text, sizeof text) != sizeof text || SSL_write(server, text, sizeof text) != sizeof text) {
      fprintf(stderr, "the session does not work\n");
      return 1;
    }
    is_server = 0;
    carry(server, client);
    if (i == 0) first = counted; /* what is made once for the process */
  }
  printf("%ld\n", (counted - first) / sessions);
  return 0;
}
