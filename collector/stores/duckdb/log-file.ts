import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { logChecksum } from './log-checksum.ts'

/** Size and checksum stand before each entry. */
const FRAME_BYTES = 16
/** The log begins with its version, in 8 bytes or a few more. */
const MOST_HEAD_BYTES = 128
/** The head of DuckDB 1.0 to 1.5: field 100 holds type 98 (WAL_VERSION), field 101 version 2, then the end of the object. */
export const LOG_HEAD = Buffer.from([0x64, 0x00, 0x62, 0x65, 0x00, 0x02, 0xff, 0xff])
/** Where the version stands in it. What stands before is the same in every version. */
const VERSION_AT = 5
const VERSION = 2
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
  /** present: the log's head is not that of a log, though whole entries follow it; DuckDB would take the log for an empty one */
  badHead?: true
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
    if (head !== undefined) return await statesFrom(file, head, bytes)
    if (!(await entryAt(file, LOG_HEAD.length, bytes))?.whole) return undefined
    return { ...(await statesFrom(file, LOG_HEAD.length, bytes)), badHead: true }
  } finally {
    await file.close()
  }
}

/** How a log looks before it is opened, by its head and the sizes of its entries. */
export type LogLook =
  /** empty, or there is none, or every entry ends where the next begins */
  | 'well'
  /** it ends within an entry: DuckDB drops that one by itself */
  | 'half-written'
  /** DuckDB would read none of it, or stop within it although more follows, and write over the rest */
  | 'damaged'

/** Looks at a log without reading the data of its entries. Rejects where it can't be read. */
export async function lookAtLog(path: string): Promise<LogLook> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'well'
    throw error
  }
  try {
    const { size: bytes } = await file.stat()
    const head = await headOf(file, bytes)
    if (head === undefined) return 'damaged'
    let [at, last] = [head, head]
    while (at + FRAME_BYTES <= bytes) {
      const size = await entrySize(file, at)
      if (size === undefined) return 'damaged'
      last = at
      at += FRAME_BYTES + size
    }
    if (at === bytes) return 'well'
    return at > bytes && (await hasCommitBehind(file, last, bytes)) ? 'damaged' : 'half-written'
  } finally {
    await file.close()
  }
}

/** Where the first entry begins; undefined where the file does not begin as a log does. A stop may have cut a log within its head. */
async function headOf(file: FileHandle, bytes: number): Promise<number | undefined> {
  const begin = await bytesAt(file, 0, LOG_HEAD.length)
  if (LOG_HEAD.subarray(0, begin.length).equals(begin)) return begin.length
  const isLater =
    begin.subarray(0, VERSION_AT).equals(LOG_HEAD.subarray(0, VERSION_AT)) &&
    (begin[VERSION_AT] ?? 0) > VERSION
  // the head of a later version may say more
  return isLater ? wholeEntryFrom(file, bytes) : undefined
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
  const size = sizeIn(frame)
  if (size === undefined) return undefined
  const endAt = at + FRAME_BYTES + size
  if (endAt > bytes) return undefined
  const data = await bytesAt(file, at + FRAME_BYTES, size)
  const whole = data.length === size && logChecksum(data) === frame.readBigUInt64LE(8)
  return { endAt, whole, commits: whole && data.equals(COMMIT) }
}

const entrySize = async (file: FileHandle, at: number): Promise<number | undefined> =>
  sizeIn(await bytesAt(file, at, FRAME_BYTES))

/** The size that a frame says; undefined where it can't be one. */
function sizeIn(frame: Buffer): number | undefined {
  if (frame.length < FRAME_BYTES) return undefined
  const size = frame.readBigUInt64LE(0)
  return size === 0n || size > MOST_ENTRY_BYTES ? undefined : Number(size)
}

/** The whole entry that ends a transaction, with its frame. */
const COMMIT_ENTRY = Buffer.concat([Buffer.alloc(FRAME_BYTES), COMMIT])
COMMIT_ENTRY.writeBigUInt64LE(BigInt(COMMIT.length), 0)
COMMIT_ENTRY.writeBigUInt64LE(logChecksum(COMMIT), 8)
const PART_BYTES = 1 << 20

/** Whether a transaction ends behind a place: then the file does not end within the entry there, but its size is damaged. */
async function hasCommitBehind(file: FileHandle, from: number, bytes: number): Promise<boolean> {
  for (let at = from + FRAME_BYTES; at < bytes; at += PART_BYTES)
    if ((await bytesAt(file, at, PART_BYTES + COMMIT_ENTRY.length)).includes(COMMIT_ENTRY)) return true
  return false
}

/** Where the first entry begins behind a version of unknown length. */
async function wholeEntryFrom(file: FileHandle, bytes: number): Promise<number | undefined> {
  for (let at = 8; at <= Math.min(MOST_HEAD_BYTES, bytes); at++)
    if ((await entryAt(file, at, bytes))?.whole) return at
  return undefined
}

async function bytesAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, at)
  return buffer.subarray(0, bytesRead)
}
