import { createHash } from 'node:crypto'

type Labels = Iterable<readonly [string, string]>

/** The same text for the same labels, in whatever order they stand. */
export const sorted = (labels: Labels): string =>
  JSON.stringify([...labels].sort(([a], [b]) => (a < b ? -1 : 1)))

/** A short name for a text. */
export const shortName = (text: string): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, 16)

/** A short name for a set of labels; '' for none. */
export const nameOf = (labels: Labels): string => {
  const text = sorted(labels)
  return text === '[]' ? '' : shortName(text)
}
