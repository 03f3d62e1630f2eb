import CloudModel
import Foundation
import FoundationNetworking
import Glibc
import Synchronization

/// One download into a file, with a limit on its size.
final class ImageDownload: NSObject, URLSessionDataDelegate {
    private typealias Continuation = CheckedContinuation<Result<Void, ImageError>, Never>

    private struct State {
        var received: Int64 = 0
        var failure: ImageError?
        var continuation: Continuation?
        /// Whether there is something to wait for: then only the session says how it ended.
        var hasBegun = false
        var isGivenUp = false
    }

    private let location: String
    private let descriptor: Int32
    private let configuration: ImageStoreConfiguration
    private let state = Mutex(State())

    private init(location: String, descriptor: Int32, configuration: ImageStoreConfiguration) {
        self.location = location
        self.descriptor = descriptor
        self.configuration = configuration
    }

    /// Writes what `url` holds to the file at `path`, which exists.
    static func run(
        _ url: URL, location: String, to path: String, configuration: ImageStoreConfiguration
    ) async throws(ImageError) {
        let descriptor = unsafe open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .failed(location: location, reason: "\(path): \(ImageFiles.systemError(errno))")
        }
        defer { _ = close(descriptor) }
        let download = ImageDownload(
            location: location, descriptor: descriptor, configuration: configuration)
        let settings = URLSessionConfiguration.ephemeral
        settings.timeoutIntervalForRequest = configuration.idleTimeout.inSeconds
        settings.timeoutIntervalForResource = configuration.downloadTimeout.inSeconds
        settings.urlCache = nil
        let session = URLSession(configuration: settings, delegate: download, delegateQueue: nil)
        defer { session.finishTasksAndInvalidate() }
        let task = session.dataTask(with: url)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: Continuation) in
                let hasBegun = download.state.withLock { state in
                    state.hasBegun = !state.isGivenUp
                    if state.hasBegun { state.continuation = continuation }
                    return state.hasBegun
                }
                guard hasBegun else {
                    continuation.resume(returning: .failure(.givenUp(location: location)))
                    return
                }
                task.resume()
            }
        } onCancel: {
            // What has begun must say itself that it has ended: until then it writes to the file.
            let hasBegun = download.state.withLock { state in
                state.isGivenUp = true
                return state.hasBegun
            }
            if hasBegun { task.cancel() }
        }
        try outcome.get()
    }

    private func end(_ outcome: Result<Void, ImageError>) {
        let continuation = self.state.withLock { state in
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(returning: outcome)
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        var failure: ImageError?
        if let response = response as? HTTPURLResponse, response.statusCode != 200 {
            failure = .notFound(
                location: self.location, reason: "the server answered \(response.statusCode)")
        } else if response.expectedContentLength > self.configuration.downloadMax.bytes {
            failure = .tooLarge(location: self.location, limit: self.configuration.downloadMax)
        }
        self.fail(failure)
        completionHandler(failure == nil ? .allow : .cancel)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let received = self.state.withLock { state in
            state.received += Int64(data.count)
            return state.received
        }
        let failure =
            received > self.configuration.downloadMax.bytes
            ? ImageError.tooLarge(location: self.location, limit: self.configuration.downloadMax)
            : self.write(data)
        guard let failure else { return }
        self.fail(failure)
        dataTask.cancel()
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let (failure, isGivenUp) = self.state.withLock { ($0.failure, $0.isGivenUp) }
        if let failure {
            self.end(.failure(failure))
        } else if isGivenUp {
            self.end(.failure(.givenUp(location: self.location)))
        } else if let error {
            self.end(.failure(.failed(location: self.location, reason: error.localizedDescription)))
        } else {
            self.end(.success(()))
        }
    }

    /// Keeps the first failure: those after it are its consequences.
    private func fail(_ failure: ImageError?) {
        self.state.withLock { $0.failure = $0.failure ?? failure }
    }

    private func write(_ data: Data) -> ImageError? {
        var rest = data[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.write(self.descriptor, bytes.baseAddress, bytes.count)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                return errno == ENOSPC || errno == EDQUOT
                    ? .noRoom(location: self.location, directory: self.configuration.cache)
                    : .failed(location: self.location, reason: ImageFiles.systemError(errno))
            }
            rest = rest.dropFirst(written)
        }
        return nil
    }
}

extension Duration {
    fileprivate var inSeconds: Double {
        Double(self.wholeMilliseconds) / 1_000
    }
}
