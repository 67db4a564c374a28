import type { IncomingMessage, ServerResponse } from 'node:http'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { every } from '../../protocol/kit/timers.ts'
import type { Views } from './api/views.ts'

/** A browser with more unsent bytes than this gets no new frame until its socket has drained. */
const MAX_UNSENT_BYTES = 256 * 1024
/** A socket that hasn't drained for this long is dead: a display that lost its power never closes its connection. */
const STALLED_MS = 60_000
const BEAT_MS = 10_000

interface Client {
  response: ServerResponse
  /** when its unsent bytes first exceeded the limit; absent while it keeps up */
  stalledSinceMs?: number
}

/**
 * The live stream (Server-Sent Events). Each event is encoded once, and every browser gets the same bytes.
 * Every frame holds the whole state: a slow browser may skip some, and a reconnect needs no history.
 */
export class Stream {
  readonly #views: Pick<Views, 'frame' | 'trend'>
  readonly #version: string
  readonly #log: Log
  readonly #now: () => number
  readonly #maxClients: number
  readonly #clients = new Set<Client>()
  readonly #beat: NodeJS.Timeout
  #frame: Buffer | undefined
  #trend: Buffer | undefined
  #id = 0
  readonly #failing = new Set<string>()

  constructor(options: {
    views: Pick<Views, 'frame' | 'trend'>
    version: string
    log: Log
    now?: () => number
    maxClients?: number
  }) {
    this.#views = options.views
    this.#version = options.version
    this.#log = options.log
    this.#now = options.now ?? Date.now
    this.#maxClients = options.maxClients ?? 500
    this.#beat = every(BEAT_MS, () => this.#send(Buffer.from('event: beat\ndata: {}\n\n'))).unref()
  }

  /** whether a browser has it open */
  get isOpen(): boolean {
    return this.#clients.size > 0
  }

  get full(): boolean {
    return this.#clients.size >= this.#maxClients
  }

  /** How many browsers have it open, and how many may. */
  get clients(): { open: number; most: number } {
    return { open: this.#clients.size, most: this.#maxClients }
  }

  /** Sends the present state to every browser. It costs nothing without browsers. */
  tick(): void {
    this.#frame = undefined
    if (this.#clients.size > 0) this.#send(this.#currentFrame())
  }

  /** Sends the trend, after a minute was settled. */
  trend(): void {
    this.#trend = undefined
    if (this.#clients.size > 0) this.#send(this.#currentTrend())
  }

  /** Takes over a response until its browser disconnects. The caller checks `full` first. */
  open(request: IncomingMessage, response: ServerResponse): void {
    const client: Client = { response }
    this.#clients.add(client)
    const leave = () => this.#clients.delete(client)
    response.once('close', leave)
    response.on('error', leave)
    response.on('drain', () => this.#drained(client))
    request.socket.setNoDelay(true)
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      // no-transform: a proxy that compresses would buffer the frames
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    })
    response.write(`retry: 2000\nevent: hello\ndata: ${JSON.stringify({ version: this.#version })}\n\n`)
    const trend = this.#currentTrend()
    if (trend) response.write(trend)
    const frame = this.#currentFrame()
    if (frame) response.write(frame)
  }

  close(): void {
    clearInterval(this.#beat)
    for (const { response } of this.#clients) response.destroy()
    this.#clients.clear()
  }

  #currentFrame(): Buffer | undefined {
    this.#frame ??= this.#encode('frame', () => this.#views.frame())
    return this.#frame
  }

  #currentTrend(): Buffer | undefined {
    this.#trend ??= this.#encode('trend', () => this.#views.trend())
    return this.#trend
  }

  #encode(event: string, read: () => unknown): Buffer | undefined {
    try {
      const data = JSON.stringify(read())
      this.#failing.delete(event)
      return Buffer.from(`id: ${++this.#id}\nevent: ${event}\ndata: ${data}\n\n`)
    } catch (error) {
      // logged once, not at each tick; the pages show by themselves that their figures are stale
      if (this.#failing.has(event)) return undefined
      this.#failing.add(event)
      this.#log.error('screens.view_failed', { view: event, reason: reasonOf(error) })
      return undefined
    }
  }

  #send(bytes: Buffer | undefined): void {
    if (!bytes) return
    for (const client of this.#clients) {
      if (client.response.writableLength <= MAX_UNSENT_BYTES) client.response.write(bytes)
      else if (client.stalledSinceMs === undefined) client.stalledSinceMs = this.#now()
      else if (this.#now() - client.stalledSinceMs > STALLED_MS) client.response.destroy()
    }
  }

  #drained(client: Client): void {
    if (client.stalledSinceMs === undefined) return
    delete client.stalledSinceMs
    // the skipped events may include a trend
    for (const bytes of [this.#currentTrend(), this.#currentFrame()]) if (bytes) client.response.write(bytes)
  }
}
