import CloudModel
import Foundation
import Glibc
import Threads
import WebRequests

/// One download into a file, with a limit on its size; it writes on a thread where blocking harms nobody.
actor ImageDownload {
    private let location: String
    private let descriptor: Int32
    private let configuration: ImageStoreConfiguration
    private var received: Int64 = 0
    private let executor = BlockingExecutor(label: "tradewind.image-download")

    private init(location: String, descriptor: Int32, configuration: ImageStoreConfiguration) {
        self.location = location
        self.descriptor = descriptor
        self.configuration = configuration
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe self.executor.asUnownedSerialExecutor()
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
        let download = Self(location: location, descriptor: descriptor, configuration: configuration)
        var request = WebRequest(url.absoluteString, idle: configuration.idleTimeout)
        request.whole = configuration.downloadTimeout
        request.followsRedirects = true
        do {
            try await request.send { answer in
                try download.accept(status: answer.status, length: answer.header("Content-Length"))
                try await answer.read { piece in try await download.write(piece) }
            }
        } catch let error as ImageError {
            throw error
        } catch is CancellationError {
            throw .givenUp(location: location)
        } catch {
            throw .failed(location: location, reason: String(describing: error))
        }
    }

    private nonisolated func accept(status: Int, length: String?) throws(ImageError) {
        guard status == 200 else {
            throw .notFound(location: self.location, reason: "the server answered \(status)")
        }
        guard length.flatMap(Int64.init) ?? 0 <= self.configuration.downloadMax.bytes else {
            throw .tooLarge(location: self.location, limit: self.configuration.downloadMax)
        }
    }

    private func write(_ piece: [UInt8]) throws(ImageError) {
        self.received += Int64(piece.count)
        guard self.received <= self.configuration.downloadMax.bytes else {
            throw .tooLarge(location: self.location, limit: self.configuration.downloadMax)
        }
        var rest = piece[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.write(self.descriptor, bytes.baseAddress, bytes.count)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                throw errno == ENOSPC || errno == EDQUOT
                    ? .noRoom(location: self.location, directory: self.configuration.cache)
                    : .failed(location: self.location, reason: ImageFiles.systemError(errno))
            }
            rest = rest.dropFirst(written)
        }
    }
}
