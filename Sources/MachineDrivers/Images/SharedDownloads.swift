import Synchronization

/// Who fetches an image, and who waits for it meanwhile.
///
/// Waiting ends at once for a task that is cancelled, whatever becomes of the download.
final class SharedDownloads: Sendable {
    /// How a download that somebody else made has ended; nil if it was given up, and whoever still wants it must try.
    typealias Outcome = Result<String, ImageError>?

    private struct Download {
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Outcome, Never>] = [:]
    }

    private let downloads = Mutex<[String: Download]>([:])

    /// Takes the download of `sha256` over if nobody has it; then `end` must follow.
    func begin(_ sha256: String) -> Bool {
        self.downloads.withLock { downloads in
            guard downloads[sha256] == nil else { return false }
            downloads[sha256] = Download()
            return true
        }
    }

    func end(_ sha256: String, _ outcome: Outcome) {
        let waiters = self.downloads.withLock { $0.removeValue(forKey: sha256)?.waiters ?? [:] }
        for waiter in waiters.values { waiter.resume(returning: outcome) }
    }

    /// Waits for the download of somebody else.
    func wait(for sha256: String) async -> Outcome {
        let number = self.downloads.withLock { downloads in
            downloads[sha256]?.nextWaiter += 1
            return downloads[sha256]?.nextWaiter
        }
        guard let number else { return nil }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isWaiting = self.downloads.withLock { downloads in
                    guard !Task.isCancelled, downloads[sha256] != nil else { return false }
                    downloads[sha256]?.waiters[number] = continuation
                    return true
                }
                if !isWaiting { continuation.resume(returning: nil) }
            }
        } onCancel: {
            self.downloads.withLock { $0[sha256]?.waiters.removeValue(forKey: number) }?
                .resume(returning: nil)
        }
    }
}
