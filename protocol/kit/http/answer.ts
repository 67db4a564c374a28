export interface HttpAnswer {
  status: number
  /** names in lower case; a repeated header is one text, joined by `, ` */
  headers: Readonly<Record<string, string>>
  text: string
}

const EXCERPT_CHARS = 160

/**
 * The beginning of an answer as errors quote it, in one line. A long run of key characters is left out: some servers repeat
 * the key that they refuse. A web page is empty: its markup says nothing.
 */
export function excerpt(text: string): string {
  if (isWebPage(text)) return ''
  return text
    .slice(0, 4 * EXCERPT_CHARS)
    .replace(/[A-Za-z0-9+/_-]{20,}=*/g, '[...]')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, EXCERPT_CHARS)
}

export const isWebPage = (text: string): boolean => /^\s*</.test(text)
