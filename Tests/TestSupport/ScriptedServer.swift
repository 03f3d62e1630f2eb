import NIOCore
import NIOPosix

/// Says what it is told to, whatever it is asked, on a port of loopback.
package final class ScriptedServer: Sendable {
    private let channel: any Channel
    /// What was read, in the order it came.
    package let heard: Recorder<String>

    private final class Script: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private var answers: [String]
        private let heard: Recorder<String>
        private let closesAtEnd: Bool

        init(_ answers: [String], _ heard: Recorder<String>, closesAtEnd: Bool) {
            self.answers = answers
            self.heard = heard
            self.closesAtEnd = closesAtEnd
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.heard.record(String(buffer: self.unwrapInboundIn(data)))
            guard !self.answers.isEmpty else {
                context.close(promise: nil)
                return
            }
            let answer = self.answers.removeFirst()
            context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            if self.closesAtEnd, self.answers.isEmpty { context.close(promise: nil) }
        }
    }

    /// An answer for each time that something is read from a connection; then the connection is closed, by the next
    /// thing that is read or, with `closesAtEnd`, at once.
    package init(_ answers: [String], closesAtEnd: Bool = false) async throws {
        let heard = Recorder<String>()
        self.heard = heard
        self.channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Script(answers, heard, closesAtEnd: closesAtEnd))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    package var port: Int { self.channel.localAddress?.port ?? 0 }

    package func close() async throws { try await self.channel.close() }
}
