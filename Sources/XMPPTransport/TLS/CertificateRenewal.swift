package import Logging
import ServiceLifecycle

/// Reads the certificates of a store again from time to time, so that a renewed one is shown without a restart.
package struct CertificateRenewal: Service {
    private let store: CertificateStore
    private let period: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(
        _ store: CertificateStore, period: Duration = .seconds(60),
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.store = store
        self.period = period
        self.clock = clock
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while true {
                do {
                    try await self.clock.sleep(for: self.period)
                } catch {
                    // Shutting down.
                    return
                }
                self.check()
            }
        }
    }

    private func check() {
        do throws(TLSError) {
            for domain in try self.store.reload() {
                self.logger.notice(
                    "a new certificate is shown from now on", metadata: ["domain": "\(domain)"])
            }
        } catch {
            self.logger.error(
                "the certificates cannot be read again; the former ones stay in use",
                metadata: ["error": "\(error)"])
        }
    }
}
