import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { type Family, sampleName } from './family.ts'
import { type Format, headOf, labelText, numberText } from './format.ts'

/** One family with a value a row. */
export interface Column {
  family: Family
  /** NaN: unknown, and not on the page */
  values: Float64Array
}

/** The labels of each row as bytes, one after the other: 60 bytes a row, where strings and arrays would take 200. */
export class RowLabels {
  readonly bytes: Buffer
  /** where the labels of each row end */
  readonly ends: Uint32Array
  readonly longest: number

  private constructor(bytes: Buffer, ends: Uint32Array, longest: number) {
    this.bytes = bytes
    this.ends = ends
    this.longest = longest
  }

  /**
   * Makes them piece by piece: a hundred thousand rows take a tenth of a second, in which everything else gets its turn.
   * @param valuesOf values of the labels of row i
   */
  static async of(
    rows: number,
    names: readonly string[],
    valuesOf: (i: number) => readonly string[],
  ): Promise<RowLabels> {
    const ends = new Uint32Array(rows)
    const parts: Buffer[] = []
    let end = 0
    let longest = 0
    for (let begin = 0; begin < rows; begin += PART) {
      let text = ''
      for (let i = begin; i < Math.min(rows, begin + PART); i++) {
        const labels = `${labelText(names, valuesOf(i))} `
        text += labels
        const bytes = Buffer.byteLength(labels)
        longest = Math.max(longest, bytes)
        end += bytes
        ends[i] = end
      }
      parts.push(Buffer.from(text))
      await yieldToOthers()
    }
    return new RowLabels(Buffer.concat(parts), ends, longest)
  }

  get rows(): number {
    return this.ends.length
  }
}

const PART = 1_000
/** About this many bytes at once: half a millisecond of work. */
const CHUNK_BYTES = 64 * 1024
/** The longest text of a number and its end of line: `-1.2345678901234567e+300`. */
const NUMBER_BYTES = 32

/** The lines of columns that share their labels, in pieces. Every piece is a buffer of its own. */
export function* columnLines(
  columns: readonly Column[],
  labels: RowLabels,
  format: Format,
): Generator<Buffer, void> {
  for (const { family, values } of columns) {
    if (values.every(Number.isNaN)) continue
    yield Buffer.from(headOf(family, format))
    const name = Buffer.from(sampleName(family))
    const lineBytes = name.length + labels.longest + NUMBER_BYTES
    const chunkBytes = Math.max(CHUNK_BYTES, lineBytes)
    let out = Buffer.allocUnsafe(chunkBytes)
    let at = 0
    for (let i = 0; i < labels.rows; i++) {
      const value = values[i] as number
      if (Number.isNaN(value)) continue
      if (at + lineBytes > chunkBytes) {
        yield out.subarray(0, at)
        out = Buffer.allocUnsafe(chunkBytes)
        at = 0
      }
      at = copied(name, 0, name.length, out, at)
      at = copied(
        labels.bytes,
        i === 0 ? 0 : (labels.ends[i - 1] as number),
        labels.ends[i] as number,
        out,
        at,
      )
      const text = numberText(value)
      for (let k = 0; k < text.length; k++) out[at++] = text.charCodeAt(k)
      out[at++] = 10
    }
    if (at > 0) yield out.subarray(0, at)
  }
}

/** A loop beats Buffer.copy for so few bytes. @returns the end of the copy */
function copied(from: Buffer, begin: number, end: number, to: Buffer, at: number): number {
  for (let k = begin; k < end; k++) to[at++] = from[k] as number
  return at
}
