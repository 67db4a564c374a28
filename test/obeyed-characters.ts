/** Code points that a terminal obeys or hides, first and last of each range. */
const OBEYED: readonly (readonly [number, number])[] = [
  // C0, DEL and C1 (ECMA-48)
  [0x00, 0x1f],
  [0x7f, 0x9f],
  // soft hyphen; bidi marks, overrides and isolates, zero width (UAX #9, CVE-2021-42574); separators of lines
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x2064],
  [0x2066, 0x206f],
  [0xfeff, 0xfeff],
  // tags
  [0xe0020, 0xe007f],
]

/** The characters of a text that a terminal would obey or hide, but for line breaks. */
export const obeyedCharacters = (text: string): string[] =>
  [...text.replaceAll('\n', '')].filter((character) => {
    const code = character.codePointAt(0) as number
    return OBEYED.some(([first, last]) => code >= first && code <= last)
  })
