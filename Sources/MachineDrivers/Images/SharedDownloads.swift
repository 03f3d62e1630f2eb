import Synchronization

/// Who fetches an image, and who waits for it meanwhile.
///
/// Waiting ends at once for a task that is cancelled, whatever becomes of the download.
final class SharedDownloads: Sendable {
    /// How a download that somebody else made has ended; nil if it was given up, and whoever still wants it must try.
    typealias Outcome = Result<String, ImageError>?

    /// What is fetched from where: an image that somebody names with an address of his own, which answers slowly or
    /// wrongly, is not waited for by those who name another.
    struct Key: Hashable {
        let sha256: String
        let location: String
    }

    private struct Download {
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Outcome, Never>] = [:]
    }

    private let downloads = Mutex<[Key: Download]>([:])

    /// Takes the download of `key` over if nobody has it; then `end` must follow.
    func begin(_ key: Key) -> Bool {
        self.downloads.withLock { downloads in
            guard downloads[key] == nil else { return false }
            downloads[key] = Download()
            return true
        }
    }

    func end(_ key: Key, _ outcome: Outcome) {
        let waiters = self.downloads.withLock { $0.removeValue(forKey: key)?.waiters ?? [:] }
        for waiter in waiters.values { waiter.resume(returning: outcome) }
    }

    /// Waits for the download of somebody else.
    func wait(for key: Key) async -> Outcome {
        let number = self.downloads.withLock { downloads in
            downloads[key]?.nextWaiter += 1
            return downloads[key]?.nextWaiter
        }
        guard let number else { return nil }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isWaiting = self.downloads.withLock { downloads in
                    guard !Task.isCancelled, downloads[key] != nil else { return false }
                    downloads[key]?.waiters[number] = continuation
                    return true
                }
                if !isWaiting { continuation.resume(returning: nil) }
            }
        } onCancel: {
            self.downloads.withLock { $0[key]?.waiters.removeValue(forKey: number) }?
                .resume(returning: nil)
        }
    }
}
