import CloudModel
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
    /// What the name of a download ends with until it is whole and checked.
    private static let temporarySuffix = ".part"

    private let configuration: ImageStoreConfiguration
    /// Counts the uses of cached images; a use bears the number it was.
    private(set) var moment = 0
    /// By digest.
    private var lastUse: [String: Int] = [:]
    /// Downloads of this process that are under way.
    private var temporaries: Set<String> = []
    /// Downloads that this process has begun.
    private var attempts = 0
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

    /// The cached image, which counts as used from now on; nil if it is not there.
    func use(_ sha256: String) -> String? {
        let path = self.path(of: sha256)
        // The time of the file is what a later process knows of its use.
        guard unsafe utimensat(AT_FDCWD, path, nil, 0) == 0 else { return nil }
        self.noteUse(of: sha256)
        return path
    }

    /// An empty file beside the cache, for a download of its own.
    func makeTemporary(_ sha256: String, location: String) throws(ImageError) -> String {
        self.attempts += 1
        let path = self.path(of: sha256) + ".\(self.attempts)" + Self.temporarySuffix
        do {
            try FileManager.default.createDirectory(
                atPath: self.configuration.cache, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755])
        } catch {
            throw .failed(location: location, reason: error.localizedDescription)
        }
        // One that a killed process left behind is written over, or removed when room is made.
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw self.fault(errno, location: location) }
        _ = close(descriptor)
        self.temporaries.insert(path)
        return path
    }

    func digest(of path: String, location: String) throws(ImageError) -> String {
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { file.closeFile() }
            var hash = RunningHash(.sha256)
            while let bytes = try file.read(upToCount: Self.chunk), !bytes.isEmpty {
                guard !Task.isCancelled else { throw ImageError.givenUp(location: location) }
                hash.update(Array(bytes))
            }
            return Hexadecimal.encode(hash.finish())
        } catch let error as ImageError {
            throw error
        } catch {
            throw .notFound(location: location, reason: error.localizedDescription)
        }
    }

    /// Lets a checked file enter the cache, once there is room for it.
    ///
    /// The least recently used make room, but neither those in `spared` nor those used since `moment`.
    func keep(
        _ temporary: String, as sha256: String, location: String, sparing spared: Set<String>,
        since moment: Int
    ) throws(ImageError) -> String {
        var status = stat()
        guard unsafe stat(temporary, &status) == 0 else { throw self.fault(errno, location: location) }
        try self.makeRoom(
            for: Int64(status.st_size), location: location, sparing: spared, since: moment)
        let path = self.path(of: sha256)
        guard unsafe chmod(temporary, 0o644) == 0, unsafe rename(temporary, path) == 0 else {
            throw self.fault(errno, location: location)
        }
        self.temporaries.remove(temporary)
        self.noteUse(of: sha256)
        return path
    }

    func discard(_ temporary: String) {
        self.temporaries.remove(temporary)
        // What cannot be removed now is removed when room is made.
        unsafe _ = unlink(temporary)
    }

    private func noteUse(of sha256: String) {
        self.moment += 1
        self.lastUse[sha256] = self.moment
    }

    private func makeRoom(
        for bytes: Int64, location: String, sparing spared: Set<String>, since moment: Int
    ) throws(ImageError) {
        let cached = try self.listCache(location: location)
        var total = cached.reduce(bytes) { $0 + $1.bytes }
        for image in cached where total > self.configuration.cacheMax.bytes {
            guard !spared.contains(image.sha256), self.lastUse[image.sha256, default: 0] <= moment else {
                continue
            }
            guard unsafe unlink(self.path(of: image.sha256)) == 0 else {
                throw self.fault(errno, location: location)
            }
            self.lastUse[image.sha256] = nil
            total -= image.bytes
        }
        guard total <= self.configuration.cacheMax.bytes else {
            throw .cacheFull(location: location, limit: self.configuration.cacheMax)
        }
    }

    /// What is in the cache, the least recently used first; removes what killed processes have left half done.
    private func listCache(
        location: String
    ) throws(ImageError) -> [(sha256: String, bytes: Int64)] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: self.configuration.cache)
        } catch {
            throw .failed(location: location, reason: error.localizedDescription)
        }
        var images: [(sha256: String, bytes: Int64, used: (Int, Int, Int))] = []
        for name in names.sorted() {
            let path = self.path(of: name)
            if name.hasSuffix(Self.temporarySuffix), !self.temporaries.contains(path) {
                unsafe _ = unlink(path)
            }
            var status = stat()
            guard ImageReference.isChecksum(name), unsafe stat(path, &status) == 0 else { continue }
            let used = (self.lastUse[name, default: 0], status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
            images.append((name, Int64(status.st_size), used))
        }
        return images.sorted { $0.used < $1.used }.map { ($0.sha256, $0.bytes) }
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
