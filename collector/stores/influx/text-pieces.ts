/** InfluxDB refuses a text of 64 KiB; a character takes up to 4 bytes, a control character 3. */
const PIECE_CHARS = 8_000

/** A text in pieces that InfluxDB takes; one at least. */
export function textPieces(whole: string): string[] {
  // a character outside the basic plane must not be cut in two
  const characters = [...whole]
  const count = Math.max(1, Math.ceil(characters.length / PIECE_CHARS))
  return Array.from({ length: count }, (_, i) =>
    characters.slice(i * PIECE_CHARS, (i + 1) * PIECE_CHARS).join(''),
  )
}
