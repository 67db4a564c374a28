import { isScalar, type Pair } from 'yaml'

/** What was changed: a place in the file, and what stands there now. */
export interface Change {
  path: string
  now: string
}

/** A part of the text, and what takes its place. */
export interface Edit extends Change {
  from: number
  to: number
  text: string
}

export interface Converted {
  text: string
  changes: Change[]
}

/** The text with these edits, which don't overlap. */
export function edited(text: string, edits: readonly Edit[]): Converted {
  const fromTheEnd = [...edits].sort((a, b) => b.from - a.from)
  return {
    text: fromTheEnd.reduce((all, e) => all.slice(0, e.from) + e.text + all.slice(e.to), text),
    changes: edits.map(({ path, now }) => ({ path, now })),
  }
}

export const keyOf = ({ key }: Pair): string => String(isScalar(key) ? key.value : key)
export const startOf = (node: unknown): number => (node as { range: [number, number, number] }).range[0]
export const endOf = (node: unknown): number => (node as { range: [number, number, number] }).range[1]
/** Offset at which a pair ends: after its value, or after its colon. */
export const endOfPair = ({ key, value }: Pair): number =>
  (value as { range?: unknown } | null)?.range ? endOf(value) : endOf(key) + 1
export const columnOf = (text: string, offset: number): number =>
  offset - (text.lastIndexOf('\n', offset - 1) + 1)
