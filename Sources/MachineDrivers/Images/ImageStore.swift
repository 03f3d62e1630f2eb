package import CloudModel
import Foundation

/// Makes images ready to boot: fetched, checked, and lying on this host.
///
/// Requests for the same image from the same address at the same time share one download. A file enters the cache by being renamed to its
/// digest after the check, so that what is there is whole and right whenever the process was killed.
package actor ImageStore {
    /// What a file was when its digest was last computed.
    private struct Checked: Hashable {
        let identity: ImageFiles.Identity
        let sha256: String
    }

    /// Files whose digest is remembered.
    package static let checkedMax = 256

    private let configuration: ImageStoreConfiguration
    private let files: ImageFiles
    private let downloads = SharedDownloads()
    /// By path, so that a large image is not read again for each machine.
    private var checked: [String: Checked] = [:]

    package init(configuration: ImageStoreConfiguration) {
        self.configuration = configuration
        self.files = ImageFiles(configuration: configuration)
    }

    /// The files of `image`, with every checksum that was given compared.
    ///
    /// `inUse` says which checksums must stay in the cache, that of `image` among them; it is asked when room is
    /// needed. Cancelling gives the image up with an error of any kind.
    package func prepare(
        _ image: ImageReference, inUse: @Sendable () async -> Set<String>
    ) async throws(ImageError) -> PreparedImage {
        let path = try await self.file(image.location, sha256: image.sha256, inUse)
        switch image.format {
        case .qcow2: return .disk(path: path, format: .qcow2)
        case .raw: return .disk(path: path, format: .raw)
        case .kernel:
            var initramfs: String?
            if let location = image.initramfs {
                initramfs = try await self.file(location, sha256: image.initramfsSHA256, inUse)
            }
            return .kernel(path: path, initramfs: initramfs, commandLine: image.commandLine)
        }
    }

    private func file(
        _ location: String, sha256: String?, _ inUse: @Sendable () async -> Set<String>
    ) async throws(ImageError) -> String {
        guard ImageReference.needsChecksum(location) else {
            return try await self.localFile(location, sha256: sha256)
        }
        guard let url = URL(string: location), let scheme = url.scheme?.lowercased(),
            scheme == "http" || scheme == "https", url.host != nil
        else {
            throw .failed(location: location, reason: "it is neither an absolute path nor an http(s) URL")
        }
        guard let sha256 else {
            throw .failed(location: location, reason: "a URL needs a checksum; give its sha256")
        }
        return try await self.download(url, location: location, sha256: sha256, inUse)
    }

    private func localFile(_ path: String, sha256: String?) async throws(ImageError) -> String {
        let (resolved, identity) = try await self.files.resolve(path)
        guard let sha256 else { return resolved }
        let found: String
        if let known = self.checked[resolved], known.identity == identity {
            found = known.sha256
        } else {
            found = try await self.files.digest(of: resolved, location: path)
        }
        guard found == sha256 else {
            throw .wrongChecksum(location: path, expected: sha256, found: found)
        }
        if self.checked.count >= Self.checkedMax { self.checked.removeAll() }
        self.checked[resolved] = Checked(identity: identity, sha256: found)
        return resolved
    }

    private func download(
        _ url: URL, location: String, sha256: String, _ inUse: @Sendable () async -> Set<String>
    ) async throws(ImageError) -> String {
        let key = SharedDownloads.Key(sha256: sha256, location: location)
        while true {
            guard !Task.isCancelled else { throw .givenUp(location: location) }
            if let cached = await self.files.use(sha256) { return cached }
            if self.downloads.begin(key) { break }
            if let outcome = await self.downloads.wait(for: key) { return try outcome.get() }
        }
        let outcome: Result<String, ImageError>
        do throws(ImageError) {
            outcome = .success(try await self.fetch(url, location: location, sha256: sha256, inUse))
        } catch {
            outcome = .failure(error)
        }
        self.downloads.end(key, Task.isCancelled ? nil : outcome)
        return try outcome.get()
    }

    private func fetch(
        _ url: URL, location: String, sha256: String, _ inUse: @Sendable () async -> Set<String>
    ) async throws(ImageError) -> String {
        let temporary = try await self.files.makeTemporary(sha256, location: location)
        do throws(ImageError) {
            try await ImageDownload.run(
                url, location: location, to: temporary, configuration: self.configuration)
            let found = try await self.files.digest(of: temporary, location: location)
            guard found == sha256 else {
                throw .wrongChecksum(location: location, expected: sha256, found: found)
            }
            let moment = await self.files.moment
            let spared = await inUse()
            return try await self.files.keep(
                temporary, as: sha256, location: location, sparing: spared, since: moment)
        } catch {
            await self.files.discard(temporary)
            throw error
        }
    }
}
