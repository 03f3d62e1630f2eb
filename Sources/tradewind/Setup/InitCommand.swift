import ArgumentParser
import Operations

/// Writes what a new site needs: configuration, site key, token and certificate.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Writes the configuration, the keys and the certificate of a new site."
    )

    @Option(help: "The site's domain, for example paris.example; not with --client.")
    var domain: String?

    @Option(
        help: "Be a component of the XMPP server whose component port is at HOST:PORT, instead of a server.")
    var component: String?

    @Option(help: "Be a client of somebody's XMPP server: the account's address, which is then the site's.")
    var client: String?

    @Option(help: "With --client: connect to HOST:PORT, or HOST:PORT,tls for direct TLS, not where DNS says.")
    var connect: String?

    @Option(
        name: .customLong("secret-file"),
        help: "A file with the component's secret or the account's password; one is made up if not given.")
    var secretFile: String?

    @Option(help: "Where to write; made if it is not there.")
    var directory: String

    @Option(help: "A name for people.")
    var name: String?

    @Option(help: "The country, in two letters.")
    var country: String?

    @Option(help: "Where the site is: degrees north.")
    var latitude: Double?

    @Option(help: "Where the site is: degrees east.")
    var longitude: Double?

    @Option(
        help: "The folder of a certificate authority of your own (ca.crt, ca.key); made if it is not there.")
    var ca: String?

    @Option(help: "A certificate that you have, in PEM, instead of --ca.")
    var certificate: String?

    @Option(help: "The key of that certificate.")
    var key: String?

    @Option(help: "The first administrator's address.")
    var admin: String?

    @Option(help: "What drives the machines: libvirt, memory or none.")
    var driver = "libvirt"

    @Option(
        name: .customLong("image-directory"),
        help: "A folder whose files machines may boot from. May be repeated.")
    var imageDirectory: [String] = []

    @Option(
        name: .customLong("guest-user"),
        help: "The user that the embedded libvirt runs guests as; its own default if not given.")
    var guestUser: String?

    @Flag(help: "Also plan and place workloads (coordinator).")
    var coordinator = false

    @Option(name: .customLong("http-port"), help: "The port of the HTTP interface.")
    var httpPort = 8640

    @Option(name: .customLong("client-port"), help: "The port for XMPP clients.")
    var clientPort = 5222

    @Option(name: .customLong("server-port"), help: "The port for other XMPP servers.")
    var serverPort = 5269

    @Option(help: "How to reach a domain that DNS does not know: DOMAIN=HOST:PORT. May be repeated.")
    var route: [String] = []

    func run() async throws {
        do throws(OperationError) {
            for line in try SiteSetup(self).write() { print(line) }
        } catch {
            throw ClientFailure(error).told()
        }
    }
}
