/* xload.c: XMPP message load for servers on loopback; one thread, epoll.
 *
 *   cc -O2 -o xload xload.c -lssl -lcrypto
 *   xload -A 127.0.0.2 -D a.test [-B 127.0.0.3 -E b.test] -n PAIRS -w WINDOW -s SECONDS [options]
 *
 * Each pair: sender u<I>@D writes chat messages to receiver u<I+PAIRS>@E, WINDOW of them on the way at any time.
 *   -A, -B ADDRESS   where senders and receivers connect; -D, -E their domains
 *   -l BYTES         length of the body (64)
 *   -t 0|1|2         plain TCP, STARTTLS, direct TLS (port 5223); -p PORT
 *   -u, -P           prefix of the accounts' names (u) and their password (secret); -o FIRST, the first one's number
 *   -R               register the accounts in-band (XEP-0077) first
 *   -i               log in only and hold the sessions for SECONDS
 *   -a INFLIGHT      measure logins: log in, drop all connections, log in again with so many at a time
 *   -r RATE          so many messages a second in all, answered or not, instead of a window
 *   -k               send no presence
 *   -j               print JSON
 * Logs in with SCRAM-SHA-256, else SCRAM-SHA-1, else PLAIN, whatever the server offers. Salted passwords are kept
 * (RFC 5802 §5.1 allows it), so a second login costs this program next to nothing.
 * Refuses any address outside of 127.0.0.0/8. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum state { FEATURES_CLEAR, TLS_WAIT, HANDSHAKE, FEATURES_AUTH, REGISTER, AUTH, FEATURES_BIND, BIND, READY, DEAD };
struct connection {
  int fd, id, wants_write;
  enum state state;
  SSL *ssl;
  char *in, *out;
  int in_length, in_capacity, out_length, out_capacity, out_offset;
  long sent, received;
  const char *domain, *address;
  const EVP_MD *hash; /* NULL: PLAIN */
  char first_bare[200];
};

static const char *address_a = "127.0.0.2", *domain_a = "a.test", *address_b, *domain_b, *prefix = "u", *password = "secret";
static int pairs = 50, window = 8, seconds = 10, body_length = 64, tls_mode, port, must_register, idle, in_flight, json,
           sends_presence = 1, first_number, rate;
static struct connection *connections;
static int epoll, ready, failed;
static SSL_CTX *tls_context;
static char *body;
static double *latencies, started;
static long latency_count;
enum { latency_capacity = 8000000, salted_capacity = 16384, seconds_limit = 300, login_seconds = 120 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

/* Writing */

static void arm(struct connection *c, int wants_write) {
  if (c->wants_write == wants_write) return;
  c->wants_write = wants_write;
  struct epoll_event event = {EPOLLIN | (wants_write ? EPOLLOUT : 0), {.ptr = c}};
  epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
}

static void drop(struct connection *c) {
  if (c->state == DEAD) return;
  if (c->state == READY) ready--;
  c->state = DEAD;
  epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, 0);
  if (c->ssl) SSL_free(c->ssl);
  c->ssl = NULL;
  close(c->fd);
}

static void fail(struct connection *c, const char *why) {
  if (c->state == DEAD) return;
  if (failed++ < 5) fprintf(stderr, "connection %d: %s: %.*s\n", c->id, why, c->in_length > 300 ? 300 : c->in_length, c->in ? c->in : "");
  drop(c);
}

static void flush(struct connection *c) {
  while (c->out_offset < c->out_length) {
    int length = c->out_length - c->out_offset, is_tls = c->ssl && c->state > HANDSHAKE;
    int written = is_tls ? SSL_write(c->ssl, c->out + c->out_offset, length)
                         : (int)send(c->fd, c->out + c->out_offset, length, MSG_NOSIGNAL);
    if (written <= 0) {
      int error = is_tls ? SSL_get_error(c->ssl, written) : 0;
      int must_wait = is_tls ? error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ : errno == EAGAIN;
      if (must_wait) arm(c, 1); else fail(c, "cannot write");
      return;
    }
    c->out_offset += written;
  }
  c->out_length = c->out_offset = 0;
  arm(c, 0);
}

static void put(struct connection *c, const char *format, ...) {
  for (;;) {
    va_list arguments;
    va_start(arguments, format);
    int room = c->out_capacity - c->out_length, length = vsnprintf(c->out + c->out_length, room, format, arguments);
    va_end(arguments);
    if (length < room) { c->out_length += length; return; }
    c->out_capacity = (c->out_length + length + 1) * 2;
    c->out = realloc(c->out, c->out_capacity);
  }
}

static void open_stream(struct connection *c) {
  put(c, "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='%s' version='1.0'>", c->domain);
}

static void send_message(struct connection *c) {
  put(c, "<message type='chat' id='m%.9f' to='%s%d@%s/x'><body>%s</body></message>", now(), prefix,
      c->id + pairs + first_number, domain_b, body);
  c->sent++;
}

/* Logging in */

static char *find(struct connection *c, const char *text) { return memmem(c->in, c->in_length, text, strlen(text)); }

static void eat(struct connection *c, int length) {
  c->in_length -= length;
  memmove(c->in, c->in + length, c->in_length);
}

static void encode(char *out, const void *bytes, int length) { EVP_EncodeBlock((unsigned char *)out, bytes, length); }

static void begin_sasl(struct connection *c, int offers_sha256, int offers_sha1) {
  char text[400], encoded[600];
  int number = c->id + first_number;
  c->hash = offers_sha256 ? EVP_sha256() : offers_sha1 ? EVP_sha1() : NULL;
  if (c->hash) {
    unsigned char nonce[18];
    char nonce_text[25];
    RAND_bytes(nonce, sizeof nonce);
    encode(nonce_text, nonce, sizeof nonce);
    snprintf(c->first_bare, sizeof c->first_bare, "n=%s%d,r=%s", prefix, number, nonce_text);
    int length = snprintf(text, sizeof text, "n,,%s", c->first_bare);
    encode(encoded, text, length);
  } else {
    int length = snprintf(text, sizeof text, "%c%s%d%c%s", 0, prefix, number, 0, password);
    encode(encoded, text, length);
  }
  put(c, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='%s'>%s</auth>",
      offers_sha256 ? "SCRAM-SHA-256" : offers_sha1 ? "SCRAM-SHA-1" : "PLAIN", encoded);
  c->state = AUTH;
}

/* The salted password, from the cache if this salt has been seen. */
static const unsigned char *salt_password(const EVP_MD *hash, const char *salt_text, int iterations) {
  static struct { char salt[64]; int iterations; unsigned char salted[EVP_MAX_MD_SIZE]; } cache[salted_capacity];
  static int count;
  for (int i = 0; i < count; i++)
    if (cache[i].iterations == iterations && !strcmp(cache[i].salt, salt_text)) return cache[i].salted;
  unsigned char salt[64];
  int length = EVP_DecodeBlock(salt, (const unsigned char *)salt_text, strlen(salt_text));
  for (const char *p = salt_text; *p; p++) length -= *p == '=';
  if (count == salted_capacity) count = 0;
  snprintf(cache[count].salt, sizeof cache[count].salt, "%s", salt_text);
  cache[count].iterations = iterations;
  PKCS5_PBKDF2_HMAC(password, -1, salt, length, iterations, hash, EVP_MD_size(hash), cache[count].salted);
  return cache[count++].salted;
}

static void answer_challenge(struct connection *c, char *challenge) {
  char server_first[400], nonce[128], salt[64], *limit = c->in + c->in_length;
  char *tag_end = memchr(challenge, '>', limit - challenge), *text = tag_end + 1, *end;
  int iterations;
  if (!tag_end || !(end = memchr(text, '<', limit - text)) || end - text > 380) { fail(c, "challenge"); return; }
  int length = EVP_DecodeBlock((unsigned char *)server_first, (unsigned char *)text, end - text);
  if (length < 0) { fail(c, "challenge"); return; }
  for (char *p = end; p[-1] == '='; p--) length--;
  server_first[length] = 0;
  if (sscanf(server_first, "r=%127[^,],s=%63[^,],i=%d", nonce, salt, &iterations) != 3) { fail(c, "challenge"); return; }

  const unsigned char *salted = salt_password(c->hash, salt, iterations);
  unsigned char key[EVP_MAX_MD_SIZE], stored[EVP_MAX_MD_SIZE], signature[EVP_MAX_MD_SIZE];
  char message[1000], proof[100], final_text[1000], encoded[1400];
  unsigned size;
  HMAC(c->hash, salted, EVP_MD_size(c->hash), (const unsigned char *)"Client Key", 10, key, &size);
  EVP_Digest(key, size, stored, &size, c->hash, NULL);
  int message_length = snprintf(message, sizeof message, "%s,%s,c=biws,r=%s", c->first_bare, server_first, nonce);
  HMAC(c->hash, stored, size, (unsigned char *)message, message_length, signature, &size);
  for (unsigned i = 0; i < size; i++) key[i] ^= signature[i];
  encode(proof, key, size);
  int final_length = snprintf(final_text, sizeof final_text, "c=biws,r=%s,p=%s", nonce, proof);
  encode(encoded, final_text, final_length);
  c->in_length = 0;
  put(c, "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</response>", encoded);
  flush(c);
}

static void shake_hands(struct connection *c) {
  int result = SSL_do_handshake(c->ssl);
  if (result == 1) { c->state = FEATURES_AUTH; open_stream(c); flush(c); return; }
  int error = SSL_get_error(c->ssl, result);
  if (error == SSL_ERROR_WANT_WRITE) arm(c, 1);
  else if (error == SSL_ERROR_WANT_READ) arm(c, 0);
  else fail(c, "TLS handshake");
}

static void start_tls(struct connection *c) {
  c->ssl = SSL_new(tls_context);
  SSL_set_fd(c->ssl, c->fd);
  SSL_set_tlsext_host_name(c->ssl, c->domain);
  SSL_set_connect_state(c->ssl);
  c->state = HANDSHAKE;
  shake_hands(c);
}

static void take_features(struct connection *c) {
  char *end = find(c, "</stream:features>");
  if (!end) { if (find(c, "stream:error")) fail(c, "stream error"); return; }
  int sha256 = find(c, ">SCRAM-SHA-256<") != NULL, sha1 = find(c, ">SCRAM-SHA-1<") != NULL;
  eat(c, end + 18 - c->in);
  if (c->state == FEATURES_CLEAR && tls_mode == 1) {
    put(c, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    c->state = TLS_WAIT;
  } else if (c->state == FEATURES_BIND) {
    put(c, "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>x</resource></bind></iq>");
    c->state = BIND;
  } else if (must_register) {
    put(c, "<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>%s%d</username><password>%s</password></query></iq>",
        prefix, c->id + first_number, password);
    c->state = REGISTER;
    c->first_bare[0] = (sha256 << 1 | sha1) + '0';
  } else begin_sasl(c, sha256, sha1);
  flush(c);
}

/* Messages */

static void take_messages(struct connection *c) {
  char *rest = c->in, *limit = c->in + c->in_length, *end;
  double time = now();
  int count = 0;
  while ((end = memmem(rest, limit - rest, "</message>", 10))) {
    char *id = memmem(rest, end - rest, "id='m", 5);
    if (!id) id = memmem(rest, end - rest, "id=\"m", 5);
    int is_error = id && (memmem(rest, end - rest, "type='error'", 12) || memmem(rest, end - rest, "type=\"error\"", 12));
    if (is_error) { static int told; if (told++ < 3) fprintf(stderr, "error: %.*s\n", (int)(end + 10 - rest), rest); }
    else if (id) {
      c->received++;
      count++;
      if (latency_count < latency_capacity) latencies[latency_count++] = time - strtod(id + 5, NULL);
    }
    rest = end + 10;
  }
  eat(c, rest - c->in);
  if (c->in_length > 65536 && !find(c, "<message")) c->in_length = 0;
  if (!count || c->id < pairs || idle || rate) return;
  struct connection *sender = &connections[c->id - pairs];
  if (sender->state != READY || now() - started >= seconds) return;
  while (count--) send_message(sender);
  flush(sender);
}

static void step(struct connection *c) {
  char *found;
  switch (c->state) {
  case FEATURES_CLEAR: case FEATURES_AUTH: case FEATURES_BIND: take_features(c); return;
  case TLS_WAIT:
    if (!find(c, "<proceed")) return;
    c->in_length = 0;
    start_tls(c);
    return;
  case REGISTER:
    if (!find(c, "/iq>") && !find(c, "/>")) return;
    if (find(c, "error") && !find(c, "conflict")) { fail(c, "register"); return; }
    c->in_length = 0;
    int offered = c->first_bare[0] - '0';
    begin_sasl(c, offered >> 1, offered & 1);
    flush(c);
    return;
  case AUTH:
    if (find(c, "</challenge>") && (found = find(c, "<challenge"))) { answer_challenge(c, found); return; }
    if (find(c, "<failure")) { fail(c, "authentication"); return; }
    if (!find(c, "<success")) return;
    c->in_length = 0;
    c->state = FEATURES_BIND;
    open_stream(c);
    flush(c);
    return;
  case BIND:
    if (!find(c, "</iq>")) return;
    c->in_length = 0;
    c->state = READY;
    ready++;
    if (sends_presence) { put(c, "<presence/>"); flush(c); }
    return;
  case READY: take_messages(c); return;
  case HANDSHAKE: case DEAD: return;
  }
}

static void take_bytes(struct connection *c) {
  for (;;) {
    if (c->in_capacity - c->in_length < 8192) {
      c->in_capacity = c->in_length + 16384;
      c->in = realloc(c->in, c->in_capacity);
    }
    char *space = c->in + c->in_length;
    int room = c->in_capacity - c->in_length, count = c->ssl ? SSL_read(c->ssl, space, room) : (int)read(c->fd, space, room);
    if (count <= 0) {
      int error = c->ssl ? SSL_get_error(c->ssl, count) : 0;
      int must_wait = c->ssl ? error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE : count < 0 && errno == EAGAIN;
      if (!must_wait) fail(c, "closed");
      return;
    }
    c->in_length += count;
    enum state before = c->state;
    step(c);
    if (c->state == DEAD || (c->state == HANDSHAKE && before != HANDSHAKE)) return;
  }
}

/* Sends what is due at a fixed rate. */
static void keep_rate(void) {
  static long sent;
  if (!rate || started == 0) return;
  for (double time = now(); time - started < seconds && sent < (time - started) * rate; sent++) {
    struct connection *sender = &connections[sent % pairs];
    if (sender->state != READY) continue;
    send_message(sender);
    flush(sender);
  }
}

/* Runs until the deadline, or until `is_done`. */
static void turn(double deadline, int (*is_done)(void)) {
  struct epoll_event events[256];
  while (now() < deadline && !(is_done && is_done())) {
    int count = epoll_wait(epoll, events, 256, rate ? 1 : 50);
    keep_rate();
    for (int i = 0; i < count; i++) {
      struct connection *c = events[i].data.ptr;
      if (c->state == DEAD) continue;
      if (c->state == HANDSHAKE) {
        shake_hands(c);
        if (c->state != HANDSHAKE && c->state != DEAD) take_bytes(c);
        continue;
      }
      if (events[i].events & EPOLLOUT) flush(c);
      if (c->state != DEAD && events[i].events & ~EPOLLOUT) take_bytes(c);
    }
  }
}

static void open_connection(int id) {
  struct connection *c = &connections[id];
  int one = 1, is_sender = id < pairs;
  c->id = id;
  c->domain = is_sender ? domain_a : domain_b;
  c->address = is_sender ? address_a : address_b;
  c->in_length = c->out_length = c->out_offset = c->wants_write = 0;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, c->address, &peer.sin_addr);
  if (connect(c->fd, (void *)&peer, sizeof peer)) { perror("connect"); exit(1); }
  fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
  struct epoll_event event = {EPOLLIN, {.ptr = c}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
  if (tls_mode == 2) start_tls(c);
  else { c->state = tls_mode == 1 ? FEATURES_CLEAR : FEATURES_AUTH; open_stream(c); flush(c); }
}

static int wanted;
static int has_enough(void) { return ready + failed >= wanted; }

static int is_drained(void) {
  long sent = 0, received = 0;
  for (int i = 0; i < pairs; i++) sent += connections[i].sent, received += connections[i + pairs].received;
  return now() - started >= seconds && received >= sent;
}

/* Logs all in, `at_once` of them on the way at any time; how long it took. */
static double log_in(int at_once) {
  double began = now(), deadline = began + login_seconds;
  for (int i = 0; i < 2 * pairs; i++) {
    wanted = i - at_once + 1;
    if (wanted > 0) turn(deadline, has_enough);
    if (now() >= deadline) { fprintf(stderr, "not all logged in within %d s\n", login_seconds); exit(1); }
    open_connection(i);
  }
  wanted = 2 * pairs;
  turn(deadline, has_enough);
  return now() - began;
}

static int compare(const void *a, const void *b) {
  double difference = *(double *)a - *(double *)b;
  return difference < 0 ? -1 : difference > 0;
}

static double percentile(double share) {
  return latency_count ? latencies[(long)((latency_count - 1) * share)] * 1e3 : 0;
}

static void parse(int count, char **values) {
  int option;
  while ((option = getopt(count, values, "A:D:B:E:n:w:s:l:t:p:u:P:o:a:r:Rikj")) > 0) switch (option) {
    case 'A': address_a = optarg; break;
    case 'D': domain_a = optarg; break;
    case 'B': address_b = optarg; break;
    case 'E': domain_b = optarg; break;
    case 'n': pairs = atoi(optarg); break;
    case 'w': window = atoi(optarg); break;
    case 's': seconds = atoi(optarg); break;
    case 'l': body_length = atoi(optarg); break;
    case 't': tls_mode = atoi(optarg); break;
    case 'p': port = atoi(optarg); break;
    case 'u': prefix = optarg; break;
    case 'P': password = optarg; break;
    case 'o': first_number = atoi(optarg); break;
    case 'a': in_flight = atoi(optarg); break;
    case 'r': rate = atoi(optarg); break;
    case 'R': must_register = 1; break;
    case 'i': idle = 1; break;
    case 'k': sends_presence = 0; break;
    case 'j': json = 1; break;
    default: exit(2);
  }
  if (!address_b) address_b = address_a;
  if (!domain_b) domain_b = domain_a;
  if (strncmp(address_a, "127.", 4) || strncmp(address_b, "127.", 4)) { fprintf(stderr, "loopback only\n"); exit(2); }
  if (seconds > seconds_limit) seconds = seconds_limit;
  if (!port) port = tls_mode == 2 ? 5223 : 5222;
}

int main(int count, char **values) {
  enum { usual_at_once = 20 };
  parse(count, values);
  body = malloc(body_length + 1);
  memset(body, 'x', body_length);
  body[body_length] = 0;
  tls_context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(tls_context, SSL_VERIFY_NONE, 0);
  SSL_CTX_set_mode(tls_context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  epoll = epoll_create1(0);
  connections = calloc(2 * pairs, sizeof *connections);
  latencies = malloc(latency_capacity * sizeof *latencies);

  double login_time = log_in(in_flight ? in_flight : usual_at_once);
  if (in_flight) {
    for (int i = 0; i < 2 * pairs; i++) drop(&connections[i]);
    must_register = 0;
    turn(now() + 1, 0);
    login_time = log_in(in_flight);
  }
  double logins = ready / login_time;
  if (!json) printf("sessions %d/%d in %.2f s (%.0f logins/s)\n", ready, 2 * pairs, login_time, logins);
  if (json && (idle || in_flight)) printf("{\"sessions\": %d, \"wanted\": %d, \"logins\": %.1f}\n", ready, 2 * pairs, logins);
  fflush(stdout);
  if (!ready) return 1;
  turn(now() + 0.5, 0);
  if (in_flight) return 0;
  if (idle) {
    turn(now() + seconds, 0);
    if (!json) printf("idle done, alive %d\n", ready);
    return 0;
  }

  started = now();
  for (int i = 0; i < pairs && !rate; i++) {
    if (connections[i].state != READY) continue;
    for (int k = 0; k < window; k++) send_message(&connections[i]);
    flush(&connections[i]);
  }
  turn(started + seconds + 15, is_drained);
  double elapsed = now() - started;
  long sent = 0, received = 0;
  for (int i = 0; i < pairs; i++) sent += connections[i].sent, received += connections[i + pairs].received;
  qsort(latencies, latency_count, sizeof *latencies, compare);
  const char *format = json
    ? "{\"sent\": %ld, \"received\": %ld, \"lost\": %ld, \"seconds\": %.3f, \"rate\": %.1f, \"p50\": %.3f, \"p95\": %.3f, \"p99\": %.3f, \"max\": %.3f, \"alive\": %d}\n"
    : "sent %ld received %ld lost %ld in %.2f s = %.0f messages/s; latency in ms p50 %.2f p95 %.2f p99 %.2f max %.2f; alive %d\n";
  printf(format, sent, received, sent - received, elapsed, received / elapsed, percentile(0.5), percentile(0.95),
         percentile(0.99), percentile(1), ready);
  return received ? 0 : 1;
}
