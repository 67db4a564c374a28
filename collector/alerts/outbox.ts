import { closeSync, openSync } from 'node:fs'
import { z } from 'zod'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { OutgoingMessage } from '../plugin/channel.ts'
import { readIfThere, replaceFile, writeAll } from './disk.ts'

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
}

export interface OutboxOptions {
  file: string
  log: Log
  /** messages that may wait for one receiver; beyond it the oldest is dropped */
  maxQueued?: number
  /** dead letters, and settled ids, that are kept for one receiver */
  keep?: number
}

/**
 * Keeps messages on disk until their receiver has them: a journal of JSON lines, read again after a crash. `add` returns when the
 * disk has the messages. Where the disk fails, messages are sent from memory, and the log says so.
 */
export class Outbox {
  readonly #boxes = new Map<string, Box>()
  readonly #file: string
  readonly #log: Log
  readonly #maxQueued: number
  readonly #keep: number
  #fd: number | undefined
  #linesInFile = 0
  #diskFails = false

  /** @throws where the file exists and can't be read */
  constructor({ file, log, maxQueued = 5000, keep = 500 }: OutboxOptions) {
    this.#file = file
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
    this.#compact()
  }

  /** Puts messages into a receiver's queue. Idempotent: an id that it has or had is left out. */
  add(to: string, messages: readonly OutgoingMessage[]): void {
    const { queue, dead, settled } = this.#box(to)
    const fresh = messages.filter(({ id }) => !queue.has(id) && !dead.has(id) && !settled.has(id))
    const lines: Line[] = fresh.map((message) => ({ what: 'add', to, message }))
    const excess = [...queue.keys(), ...fresh.map(({ id }) => id)].slice(0, -this.#maxQueued)
    lines.push(...excess.map((id): Line => ({ what: 'settled', to, id })))
    if (excess.length > 0)
      this.#log.error('outbox-full', { receiver: to, droppedOldest: excess.length, kept: this.#maxQueued })
    this.#record(lines)
  }

  /** A receiver's next message. */
  head(to: string): Queued | undefined {
    return this.#boxes.get(to)?.queue.values().next().value
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
    this.#record([{ what: 'failed', to, id, attempts }])
  }

  /** The receiver has the message. */
  settle(to: string, id: string): void {
    this.#record([{ what: 'settled', to, id }])
  }

  /** Makes it a dead letter: no more attempts until a person replays it. */
  bury(to: string, id: string, reason: string): void {
    const message = this.#box(to).queue.get(id)?.message
    if (message) this.#record([{ what: 'dead', to, message, reason }])
  }

  /** Puts a receiver's dead letters back into its queue; returns how many. */
  replay(to: string): number {
    const lines = this.dead(to).map(({ message }): Line => ({ what: 'add', to, message }))
    this.#record(lines)
    return lines.length
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #box(to: string): Box {
    let box = this.#boxes.get(to)
    if (!box) {
      box = { queue: new Map(), dead: new Map(), settled: new Set() }
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

  #record(lines: readonly Line[]): void {
    if (lines.length === 0) return
    for (const line of lines) this.#apply(line)
    if (this.#fd === undefined || this.#linesInFile > 2 * this.#size() + 1000) this.#compact()
    else this.#append(this.#fd, lines)
  }

  #append(fd: number, lines: readonly Line[]): void {
    this.#onDisk(() => {
      writeAll(fd, toText(lines))
      this.#linesInFile += lines.length
    })
  }

  /** Rewrites the journal with the lines that still matter. */
  #compact(): void {
    this.#onDisk(() => {
      this.close()
      const lines = this.#liveLines()
      replaceFile(this.#file, toText(lines))
      this.#fd = openSync(this.#file, 'a', 0o600)
      this.#linesInFile = lines.length
    })
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

  #onDisk(write: () => void): void {
    try {
      write()
      if (this.#diskFails) this.#log.info('outbox-written-again', { file: this.#file })
      this.#diskFails = false
    } catch (error) {
      // a line may be half written: without an open file the next write compacts
      this.close()
      if (!this.#diskFails)
        this.#log.error('outbox-not-written', {
          file: this.#file,
          reason: reasonOf(error),
          next: 'alerts are sent from memory and a restart loses them; free the disk or correct the rights',
        })
      this.#diskFails = true
    }
  }
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
