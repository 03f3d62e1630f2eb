import Cryptography
import Logging
import XML
import XMPP
import XMPPTransport

/// The server's half of stream management (XEP-0198).
extension ClientConnection {
    /// Random bytes in a token: whoever knows one and the account's password can take the session over.
    private static let tokenLength = 32

    func received(management element: Element, on stream: ClientStream) {
        do {
            switch try StreamManagementElement(parsing: element) {
            case .enable(let isResumable, let wish): self.enable(isResumable, wish, on: stream)
            case .resume(let token, let handled): self.resume(token, handled, on: stream)
            case .request: self.answer(on: stream)
            case .answer(let handled): try self.session?.acknowledged(handled, on: stream)
            case .enabled, .resumed, .failed:
                stream.close(StreamError(.policyViolation, text: "<\(element.name)/> is for servers to say"))
            }
        } catch let error as PayloadError {
            self.refuse(element, error, on: stream)
        } catch let error as StreamError {
            stream.close(error)
        } catch {
            stream.close(StreamError(.internalServerError))
        }
    }

    /// §6: a request that cannot be read is answered; an acknowledgement that cannot be read has no answer.
    private func refuse(_ element: Element, _ error: PayloadError, on stream: ClientStream) {
        guard element.name == "enable" || element.name == "resume" else {
            stream.close(StreamError(.badFormat, text: error.problem))
            return
        }
        self.fail(.badRequest, on: stream)
    }

    private func fail(_ condition: StanzaError.Condition, on stream: ClientStream) {
        stream.send(StreamManagementElement.failed(condition, handled: nil).element)
    }

    /// §3: after binding, and once.
    private func enable(_ isResumable: Bool, _ wish: UInt32?, on stream: ClientStream) {
        guard let session else {
            self.fail(.unexpectedRequest, on: stream)
            return
        }
        var random = SecureRandom()
        let token = isResumable ? Hexadecimal.encode(random.bytes(Self.tokenLength)) : nil
        guard session.enable(token: token, wish: wish, on: stream) else {
            self.fail(.unexpectedRequest, on: stream)
            stream.close(StreamError(.policyViolation, text: "stream management is enabled already"))
            return
        }
    }

    /// §4: says what had its effect before the request came, nothing that still waits for the disk.
    private func answer(on stream: ClientStream) {
        guard let session, let count = session.handledCount(on: stream) else {
            stream.close(StreamError(.policyViolation, text: "enable stream management first"))
            return
        }
        self.shell.afterBacklog(of: session.key, mayGiveWay: true) {
            session.acknowledge(count, on: stream)
        }
    }

    /// §5: instead of binding, and only a session of the same account.
    private func resume(_ token: String, _ handled: UInt32, on stream: ClientStream) {
        guard self.session == nil else {
            self.fail(.unexpectedRequest, on: stream)
            return
        }
        guard let session = self.shell.resumable(account: stream.account, token: token) else {
            self.fail(.itemNotFound, on: stream)
            return
        }
        do throws(StreamError) {
            guard
                try self.shell.resume(
                    session, on: stream, handled: handled, taken: { self.take(session) })
            else {
                self.fail(.itemNotFound, on: stream)
                return
            }
            self.shell.logger.debug(
                "Client came back for its session",
                metadata: [
                    "client": "\(session.session.address)", "address": "\(stream.remoteAddress)",
                ])
        } catch {
            stream.close(error)
        }
    }
}
