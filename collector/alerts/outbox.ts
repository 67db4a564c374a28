import { type FileHandle, open } from 'node:fs/promises'
import { z } from 'zod'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pause } from '../../protocol/kit/retry.ts'
import { replaceFile, SmallFiles } from '../../protocol/kit/small-files.ts'
import type { OutgoingMessage } from '../plugin/channel.ts'
import { readIfThere } from './disk.ts'

/** A message waits so long for the disk; then it is sent from memory. */
const DISK_WAIT_MS = 2_000

/** A message that waits for one receiver. */
export interface Queued {
  message: OutgoingMessage
  /** failed attempts, probes not counted */
  attempts: number
}

export interface DeadLetter {
  message: OutgoingMessage
  reason: string
}

const MessageSchema = z.object({ id: z.string(), type: z.string(), atMs: z.number(), data: z.unknown() })
/** One line of the journal: what happened to one message of one receiver. */
const LineSchema = z.discriminatedUnion('what', [
  z.object({ what: z.literal('add'), to: z.string(), message: MessageSchema }),
  z.object({ what: z.literal('failed'), to: z.string(), id: z.string(), attempts: z.number().int() }),
  z.object({ what: z.literal('settled'), to: z.string(), id: z.string() }),
  z.object({ what: z.literal('dead'), to: z.string(), message: MessageSchema, reason: z.string() }),
])
type Line = z.infer<typeof LineSchema>

interface Box {
  queue: Map<string, Queued>
  dead: Map<string, DeadLetter>
  /** ids that need no more delivery; the newest `keep` of them */
  settled: Set<string>
  /** ids that are not on disk yet, and are not sent before */
  unwritten: Set<string>
}

export interface OutboxOptions {
  file: string
  /** writes it; of its own where absent */
  files?: SmallFiles
  log: Log
  /** messages that may wait for one receiver; beyond it the oldest is dropped */
  maxQueued?: number
  /** dead letters, and settled ids, that are kept for one receiver */
  keep?: number
}

/**
 * Keeps messages on disk until their receiver has them: a journal of JSON lines, read again after a crash. `add` resolves when the
 * disk has the messages, and only then are they sent. Where the disk fails or hangs they are sent from memory, and that is told.
 */
export class Outbox {
  readonly #boxes = new Map<string, Box>()
  readonly #file: string
  readonly #log: Log
  readonly #maxQueued: number
  readonly #keep: number
  readonly #files: SmallFiles
  #handle: FileHandle | undefined
  /** lines that wait to be written */
  #pending: Line[] = []
  #writing: Promise<void> | undefined
  #linesInFile = 0
  #diskFails = false

  /** @throws where the file exists and can't be read */
  constructor({ file, log, files = new SmallFiles(log), maxQueued = 5000, keep = 500 }: OutboxOptions) {
    this.#file = file
    this.#files = files
    this.#log = log
    this.#maxQueued = maxQueued
    this.#keep = keep
    const lines = (readIfThere(file) ?? '').split('\n')
    // text after the last newline is a line that a crash cut off
    const torn = lines.pop() !== ''
    let unreadable = 0
    for (const text of lines) {
      const line = parseLine(text)
      if (line) this.#apply(line)
      else unreadable++
    }
    if (torn || unreadable > 0)
      log.warn('outbox-damaged', { file, tornTail: torn, unreadableLines: unreadable })
    void this.#write()
  }

  /** Puts messages into a receiver's queue. Idempotent: an id that it has or had is left out. Resolves when they may be sent. */
  async add(to: string, messages: readonly OutgoingMessage[]): Promise<void> {
    const { queue, dead, settled, unwritten } = this.#box(to)
    const fresh = messages.filter(({ id }) => !queue.has(id) && !dead.has(id) && !settled.has(id))
    const lines: Line[] = fresh.map((message) => ({ what: 'add', to, message }))
    const excess = [...queue.keys(), ...fresh.map(({ id }) => id)].slice(0, -this.#maxQueued)
    lines.push(...excess.map((id): Line => ({ what: 'settled', to, id })))
    if (excess.length > 0)
      this.#log.error('outbox-full', { receiver: to, droppedOldest: excess.length, kept: this.#maxQueued })
    for (const { id } of fresh) unwritten.add(id)
    await bounded(this.#record(lines))
    for (const { id } of fresh) unwritten.delete(id)
  }

  /** A receiver's next message; undefined where there is none that is on disk. */
  head(to: string): Queued | undefined {
    const box = this.#boxes.get(to)
    const first: Queued | undefined = box?.queue.values().next().value
    return first && !box?.unwritten.has(first.message.id) ? first : undefined
  }

  queued(to: string): number {
    return this.#boxes.get(to)?.queue.size ?? 0
  }

  dead(to: string): DeadLetter[] {
    return [...(this.#boxes.get(to)?.dead.values() ?? [])]
  }

  /** Receivers with messages that wait. */
  receivers(): string[] {
    return [...this.#boxes].filter(([, { queue }]) => queue.size > 0).map(([to]) => to)
  }

  failed(to: string, id: string): void {
    const attempts = (this.#box(to).queue.get(id)?.attempts ?? 0) + 1
    void this.#record([{ what: 'failed', to, id, attempts }])
  }

  /** The receiver has the message. */
  settle(to: string, id: string): void {
    void this.#record([{ what: 'settled', to, id }])
  }

  /** Makes it a dead letter: no more attempts until a person replays it. */
  bury(to: string, id: string, reason: string): void {
    const message = this.#box(to).queue.get(id)?.message
    if (message) void this.#record([{ what: 'dead', to, message, reason }])
  }

  /** Puts a receiver's dead letters back into its queue; returns how many. */
  replay(to: string): number {
    const lines = this.dead(to).map(({ message }): Line => ({ what: 'add', to, message }))
    void this.#record(lines)
    return lines.length
  }

  /** Resolves when everything is on disk, or the disk does not answer in time. */
  async flushed(): Promise<void> {
    if (this.#writing || this.#pending.length > 0) await bounded(this.#write())
  }

  async close(): Promise<void> {
    await this.flushed()
    if (!this.#writing) await this.#release()
  }

  async #release(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close().catch(() => undefined)
  }

  #box(to: string): Box {
    let box = this.#boxes.get(to)
    if (!box) {
      box = { queue: new Map(), dead: new Map(), settled: new Set(), unwritten: new Set() }
      this.#boxes.set(to, box)
    }
    return box
  }

  #apply(line: Line): void {
    const { queue, dead, settled } = this.#box(line.to)
    switch (line.what) {
      case 'add':
        dead.delete(line.message.id)
        queue.set(line.message.id, { message: line.message, attempts: 0 })
        return
      case 'failed': {
        const entry = queue.get(line.id)
        if (entry) entry.attempts = line.attempts
        return
      }
      case 'settled':
        queue.delete(line.id)
        settled.add(line.id)
        forgetOldest(settled, this.#keep)
        return
      case 'dead':
        queue.delete(line.message.id)
        dead.set(line.message.id, { message: line.message, reason: line.reason })
        forgetOldest(dead, this.#keep)
    }
  }

  /** Resolves when the lines are on disk, or it fails. */
  #record(lines: readonly Line[]): Promise<void> {
    for (const line of lines) this.#apply(line)
    this.#pending.push(...lines)
    return lines.length > 0 ? this.#write() : Promise.resolve()
  }

  /** Writes what waits, and what comes meanwhile. Never rejects. */
  #write(): Promise<void> {
    this.#writing ??= this.#files
      .run(this.#file, () => this.#writeAll())
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#writing = undefined
        // came after the last look
        return this.#pending.length > 0 ? this.#write() : undefined
      })
    return this.#writing
  }

  async #writeAll(): Promise<void> {
    do {
      const isTooLong = this.#linesInFile > 2 * this.#size() + 1000
      const lines = this.#pending
      this.#pending = []
      if (!this.#handle || isTooLong) await this.#compact()
      else {
        await this.#handle.appendFile(toText(lines))
        await this.#handle.datasync()
        this.#linesInFile += lines.length
      }
    } while (this.#pending.length > 0)
    if (this.#diskFails) this.#log.info('outbox-written-again', { file: this.#file })
    this.#diskFails = false
  }

  /** Rewrites the journal with the lines that still matter. What comes meanwhile is appended to it. */
  async #compact(): Promise<void> {
    const lines = this.#liveLines()
    await this.#release()
    await replaceFile(this.#file, toText(lines))
    this.#handle = await open(this.#file, 'a', 0o600)
    this.#linesInFile = lines.length
  }

  async #failed(error: unknown): Promise<void> {
    // a line may be half written: without an open file the next write compacts, with all that waits
    this.#pending = []
    await this.#release()
    if (!this.#diskFails)
      this.#log.error('outbox-not-written', {
        file: this.#file,
        reason: reasonOf(error),
        next: 'alerts are sent from memory and a restart loses them; free the disk or correct the rights',
      })
    this.#diskFails = true
  }

  #size(): number {
    let size = 0
    for (const { queue, dead, settled } of this.#boxes.values()) size += queue.size + dead.size + settled.size
    return size
  }

  #liveLines(): Line[] {
    return [...this.#boxes].flatMap(([to, { queue, dead, settled }]) => [
      ...[...settled].map((id): Line => ({ what: 'settled', to, id })),
      ...[...dead.values()].map((letter): Line => ({ what: 'dead', to, ...letter })),
      ...[...queue.values()].flatMap(({ message, attempts }): Line[] => [
        { what: 'add', to, message },
        ...(attempts > 0 ? [{ what: 'failed', to, id: message.id, attempts } as const] : []),
      ]),
    ])
  }
}

/** Waits for the disk, but not for ever. */
export async function bounded(work: Promise<void>): Promise<void> {
  const done = new AbortController()
  await Promise.race([work.finally(() => done.abort()), pause(DISK_WAIT_MS, done.signal)])
}

const toText = (lines: readonly Line[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

function parseLine(text: string): Line | undefined {
  try {
    return LineSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function forgetOldest(
  kept: { size: number; keys(): Iterable<string>; delete(key: string): boolean },
  most: number,
) {
  for (const key of kept.keys()) {
    if (kept.size <= most) return
    kept.delete(key)
  }
}
