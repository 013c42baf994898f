/** One TCP connection of an older protocol's client. The real one is in tcp-server.ts; tests have one in memory. */
export interface TcpSocket {
  readonly remoteAddress: string
  /** `done` is called once the kernel took all of it; never of a connection that broke before. */
  write(bytes: Buffer, done: () => void): void
  /** Ends our side after what was written, and the connection if the peer does not follow. */
  end(): void
  /** Cuts the connection. */
  destroy(): void
  /** Stops reading (TCP pushes back) until `resume`. */
  pause(): void
  resume(): void
}

export interface TcpEvents {
  onBytes(bytes: Buffer): void
  /** The peer sends nothing more; it may still read. */
  onEnd(): void
  /** The connection is gone. Called once, whoever ended it. */
  onGone(): void
  /** This server stops. */
  stop(): void
}
