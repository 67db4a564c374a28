import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import {
  decodeIntervals,
  encodeIntervals,
  type Interval,
  type IntervalMessage,
} from '../../../protocol/interval.ts'

/**
 * A frame of a segment: a header of 40 bytes, then records as the interval message's JSON columns, deflated.
 *
 *     0 magic, 4 bytes       20 oldest startMs, f64
 *     4 payload bytes, u32   28 newest startMs, f64
 *     8 seq of the first record, f64
 *    16 records, u32         36 CRC-32 of bytes 0 to 35 and of the payload, u32
 *
 * Numbers are little-endian. After damage, a reader searches for the next magic whose frame has the right checksum.
 */
export const HEADER_BYTES = 40
const MAGIC = Buffer.from([0x50, 0x57, 0xa5, 0x01])
const CRC_AT = 36
/** A larger length is damage: 500 records with the longest names take a tenth of this. */
const MAX_PAYLOAD_BYTES = 4 << 20
const MAX_INFLATED_BYTES = 64 << 20

/** The header of a frame. */
export interface FrameHead {
  firstSeq: number
  records: number
  oldestMs: number
  newestMs: number
  payloadBytes: number
}

/** A frame whose checksum is right, with its place in the buffer that it was found in. */
export interface Frame extends FrameHead {
  offset: number
  endOffset: number
  payload: Buffer
}

export function encodeFrame(firstSeq: number, intervals: Interval[]): Buffer {
  const payload = pack(encodeIntervals({ epoch: 0, firstSeq, oldestSeq: firstSeq, intervals }, 0))
  const frame = Buffer.concat([Buffer.alloc(HEADER_BYTES), payload])
  let [oldestMs, newestMs] = [Number.POSITIVE_INFINITY, 0]
  for (const { startMs } of intervals) {
    oldestMs = Math.min(oldestMs, startMs)
    newestMs = Math.max(newestMs, startMs)
  }
  MAGIC.copy(frame)
  frame.writeUInt32LE(payload.length, 4)
  frame.writeDoubleLE(firstSeq, 8)
  frame.writeUInt32LE(intervals.length, 16)
  frame.writeDoubleLE(oldestMs, 20)
  frame.writeDoubleLE(newestMs, 28)
  frame.writeUInt32LE(checksum(frame), CRC_AT)
  return frame
}

/** The records of a frame; undefined where another version of the agent wrote it in a form that can't be decoded. */
export function intervalsOf(frame: Frame): Interval[] | undefined {
  try {
    const { intervals } = decodeIntervals(unpack(frame.payload) as IntervalMessage)
    return intervals.length === frame.records ? intervals : undefined
  } catch {
    return undefined
  }
}

/** The next whole frame at or after an offset; undefined where none follows. */
export function nextFrame(bytes: Buffer, from: number): Frame | undefined {
  for (let at = bytes.indexOf(MAGIC, from); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    const head = readHead(bytes, at)
    if (!head) continue
    const endOffset = at + HEADER_BYTES + head.payloadBytes
    if (endOffset > bytes.length) continue
    const whole = bytes.subarray(at, endOffset)
    if (checksum(whole) === whole.readUInt32LE(CRC_AT))
      return { ...head, offset: at, endOffset, payload: whole.subarray(HEADER_BYTES) }
  }
  return undefined
}

/** The header at an offset. Only its shape is checked, not the frame's checksum. */
export function readHead(bytes: Buffer, at: number): FrameHead | undefined {
  if (at + HEADER_BYTES > bytes.length || bytes.compare(MAGIC, 0, 4, at, at + 4) !== 0) return undefined
  const payloadBytes = bytes.readUInt32LE(at + 4)
  const firstSeq = bytes.readDoubleLE(at + 8)
  const records = bytes.readUInt32LE(at + 16)
  if (payloadBytes > MAX_PAYLOAD_BYTES || !(firstSeq >= 1) || !Number.isSafeInteger(firstSeq) || records < 1)
    return undefined
  return {
    firstSeq,
    records,
    payloadBytes,
    oldestMs: bytes.readDoubleLE(at + 20),
    newestMs: bytes.readDoubleLE(at + 28),
  }
}

/** Deflated JSON: the form of everything that the spool keeps on disk. */
export const pack = (value: unknown): Buffer => deflateRawSync(JSON.stringify(value), { level: 3 })
export const unpack = (bytes: Buffer): unknown =>
  JSON.parse(inflateRawSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES }).toString('utf8'))

const checksum = (frame: Buffer): number =>
  crc32(frame.subarray(HEADER_BYTES), crc32(frame.subarray(0, CRC_AT)))
