import Cryptography
import Foundation
import Threads

/// The files of the image store, touched on a thread where blocking harms nobody.
actor ImageFiles {
    /// What changes when a file's content does.
    struct Identity: Hashable {
        let device: UInt64
        let inode: UInt64
        let bytes: Int64
        let modifiedSeconds: Int
        let modifiedNanoseconds: Int
    }

    /// Bytes that are read at a time.
    private static let chunk = 1_048_576

    private let configuration: ImageStoreConfiguration
    private let executor = BlockingExecutor(label: "tradewind.image-files")

    init(configuration: ImageStoreConfiguration) {
        self.configuration = configuration
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe self.executor.asUnownedSerialExecutor()
    }

    /// The real path of an image named by path, if it lies where images may.
    func resolve(_ path: String) throws(ImageError) -> (path: String, identity: Identity) {
        guard let resolved = Self.realPath(path) else {
            throw .notFound(location: path, reason: "there is no such file")
        }
        let isInside = self.configuration.directories.contains { directory in
            Self.realPath(directory).map { resolved.hasPrefix($0.hasSuffix("/") ? $0 : $0 + "/") } ?? false
        }
        guard isInside else { throw .outsideDirectories(path: path) }
        var status = stat()
        guard unsafe stat(resolved, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .notFound(location: path, reason: "it is not a file")
        }
        let identity = Identity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), bytes: Int64(status.st_size),
            modifiedSeconds: status.st_mtim.tv_sec, modifiedNanoseconds: status.st_mtim.tv_nsec)
        return (resolved, identity)
    }

    func cached(_ sha256: String) -> String? {
        let path = self.path(of: sha256)
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// An empty file beside the cache, for a download of its own.
    func makeTemporary(_ sha256: String, location: String) throws(ImageError) -> String {
        let path = self.path(of: sha256) + ".part"
        do {
            try FileManager.default.createDirectory(
                atPath: self.configuration.cache, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755])
        } catch {
            throw .failed(location: location, reason: error.localizedDescription)
        }
        // One that a killed process left behind is written over.
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw self.fault(errno, location: location) }
        _ = close(descriptor)
        return path
    }

    func digest(of path: String, location: String) throws(ImageError) -> String {
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { file.closeFile() }
            var hash = RunningHash(.sha256)
            while let bytes = try file.read(upToCount: Self.chunk), !bytes.isEmpty {
                hash.update(Array(bytes))
            }
            return Hexadecimal.encode(hash.finish())
        } catch {
            throw .notFound(location: location, reason: error.localizedDescription)
        }
    }

    /// Lets a checked file enter the cache.
    func keep(_ temporary: String, as sha256: String, location: String) throws(ImageError) -> String {
        let path = self.path(of: sha256)
        guard unsafe chmod(temporary, 0o644) == 0, unsafe rename(temporary, path) == 0 else {
            throw self.fault(errno, location: location)
        }
        return path
    }

    func discard(_ temporary: String) {
        // What cannot be removed is written over by the next download.
        unsafe _ = unlink(temporary)
    }

    private func fault(_ code: Int32, location: String) -> ImageError {
        code == ENOSPC || code == EDQUOT
            ? .noRoom(location: location, directory: self.configuration.cache)
            : .failed(location: location, reason: Self.systemError(code))
    }

    private func path(of sha256: String) -> String {
        self.configuration.cache + "/" + sha256
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    static func systemError(_ code: Int32) -> String {
        unsafe String(cString: strerror(code))
    }
}
