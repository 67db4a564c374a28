import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { logChecksum } from './log-checksum.ts'

/** Size and checksum stand before each entry. */
const FRAME_BYTES = 16
/** The log begins with its version, in 8 bytes or a few more. */
const MOST_HEAD_BYTES = 128
/** No entry is larger: DuckDB logs a chunk of 2,048 rows, or a row group, at once. */
const MOST_ENTRY_BYTES = 512 * 2 ** 20
/** The entry that ends a transaction: field 100 holds type 100 (WAL_FLUSH), then the end of the object. */
const COMMIT = Buffer.from([0x64, 0x00, 0x64, 0xff, 0xff])

/** What a write-ahead log holds. */
export interface LogState {
  bytes: number
  /** end of the last whole transaction before any torn entry: so much can be replayed */
  wholeBytes: number
  /** whole transactions in these bytes */
  transactions: number
  /** begin of the first entry that can't be read; absent where every entry is whole */
  tornAt?: number
  /** transactions behind the torn entry that would be whole by themselves, and can't be replayed without it */
  behind: number
}

/**
 * Reads a log from its begin. An entry is torn where its checksum is another, or where the file ends within it.
 * @returns undefined where the file is no log that is known here: nothing may be cut from it
 */
export async function readLog(path: string): Promise<LogState | undefined> {
  const file = await open(path, 'r')
  try {
    const { size: bytes } = await file.stat()
    const head = await headOf(file, bytes)
    return head === undefined ? undefined : await statesFrom(file, head, bytes)
  } finally {
    await file.close()
  }
}

async function statesFrom(file: FileHandle, head: number, bytes: number): Promise<LogState> {
  const state: LogState = { bytes, wholeBytes: head, transactions: 0, behind: 0 }
  for (let at = head; at < bytes; ) {
    const entry = await entryAt(file, at, bytes)
    if (!entry?.whole) state.tornAt ??= at
    if (!entry) break
    at = entry.endAt
    if (!entry.commits) continue
    if (state.tornAt !== undefined) state.behind++
    else {
      state.wholeBytes = at
      state.transactions++
    }
  }
  return state
}

/** An entry by its frame; undefined where the frame can't be one, so that nothing behind it can be found. */
async function entryAt(
  file: FileHandle,
  at: number,
  bytes: number,
): Promise<{ endAt: number; whole: boolean; commits: boolean } | undefined> {
  const frame = await bytesAt(file, at, FRAME_BYTES)
  if (frame.length < FRAME_BYTES) return undefined
  const size = frame.readBigUInt64LE(0)
  const endAt = at + FRAME_BYTES + Number(size)
  if (size === 0n || size > MOST_ENTRY_BYTES || endAt > bytes) return undefined
  const data = await bytesAt(file, at + FRAME_BYTES, Number(size))
  const whole = data.length === Number(size) && logChecksum(data) === frame.readBigUInt64LE(8)
  return { endAt, whole, commits: whole && data.equals(COMMIT) }
}

/** Where the first entry begins: behind the version, whose length differs from one DuckDB to the next. */
async function headOf(file: FileHandle, bytes: number): Promise<number | undefined> {
  for (let at = 8; at <= Math.min(MOST_HEAD_BYTES, bytes); at++)
    if ((await entryAt(file, at, bytes))?.whole) return at
  return undefined
}

async function bytesAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, at)
  return buffer.subarray(0, bytesRead)
}
