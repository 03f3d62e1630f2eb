package import CloudModel
package import XML
package import XMPP

/// `<image/>`: what a machine boots from.
///
/// The command line is character data, not an attribute, because XML folds white space in attributes.
extension ImageReference: Payload {
    package static let elementName = "image"
    package static let namespace = Namespace.federation

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        guard let format = Format(rawValue: try reader.text("format")) else {
            throw PayloadError("'format' of <image/> must be qcow2, raw or kernel")
        }
        self.init(
            format: format, location: try reader.text("location", atMost: WireLimits.longText),
            sha256: try Self.digest("sha256", reader),
            initramfs: try reader.optionalText("initramfs", atMost: WireLimits.longText),
            initramfsSHA256: try Self.digest("initramfs-sha256", reader),
            commandLine: try reader.childText("command-line"))
        guard !self.location.isEmpty else { throw PayloadError("'location' of <image/> is empty") }
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace,
            [
                "format": self.format.rawValue, "location": self.location, "sha256": self.sha256,
                "initramfs": self.initramfs, "initramfs-sha256": self.initramfsSHA256,
            ],
            self.commandLine.map { [Element("command-line", namespace: Self.namespace, text: $0)] } ?? [])
    }

    private static func digest(_ name: String, _ reader: ElementReader) throws(PayloadError) -> String? {
        guard let text = try reader.optionalText(name) else { return nil }
        guard Self.isChecksum(text) else {
            throw reader.wrong(name, text, "64 lower-case hexadecimal digits")
        }
        return text
    }
}
