/// Where the HTTP interface listens and who may use it.
package struct Configuration: Hashable, Sendable {
    /// The address to listen on.
    ///
    /// The default is reachable from this machine only: HTTP has no TLS here, so anything wider belongs behind a proxy
    /// that has.
    package var host = "127.0.0.1"

    /// The TCP port; 0 lets the system choose.
    package var port = 8640

    package var tokens: [BearerToken] = []

    /// The longest request body, in bytes.
    package var bodyLimit = 256 * 1_024

    /// The longest that one operation may take before it is answered with 504.
    package var operationTimeout: Duration = .seconds(300)

    /// How long a connection may be silent.
    package var idleTimeout: Duration = .seconds(60)

    /// How often a feed on which nothing happens shows that it lives; a reader that takes nothing for three times as
    /// long is cut off.
    package var feedInterval: Duration = .seconds(15)

    package init() {}
}
