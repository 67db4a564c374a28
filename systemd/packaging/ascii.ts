/**
 * A program's text in ASCII: V8 keeps two bytes for every character of a source that has a single one beyond, 3 MB for nothing in
 * the agent. esbuild escapes strings itself and leaves regular expressions as they are; both read an escape the same.
 */
export const asciiOnly = {
  name: 'ascii-only',
  renderChunk: (code: string) => ({ code: escaped(code) }),
}

export const escaped = (code: string): string =>
  code.replace(/[^\p{ASCII}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
      .join(''),
  )
