/**
 * Everything that the programs print to a terminal goes through here, because names, models, fault texts and error messages come
 * from machines, files and other programs. A terminal obeys control characters (ECMA-48: ESC, and C1 such as U+009B), and shows
 * text in another order after a bidirectional override (CVE-2021-42574).
 */

/** Control characters, format characters (bidi, zero width, tags), the separators of lines and paragraphs, half surrogates. */
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** `\u001b`; beyond U+FFFF the two halves that JSON has for it. */
const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, i) => {
    const unit = character.charCodeAt(i).toString(16)
    return `\\u${unit.padStart(4, '0')}`
  }).join('')

/** One line of text in which each character that a terminal would obey or hide stands as its escape: `\n`, `\u001b`. */
export const plain = (text: string): string => text.replace(UNSHOWN, (c) => SHORT[c] ?? escaped(c))

/** As `plain`, of a text of several lines; they may end as CSV's do (RFC 4180). */
export const plainLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line.endsWith('\r') ? `${plain(line.slice(0, -1))}\r` : plain(line)))
    .join('\n')

/** A value as JSON that a terminal shows as it is. It parses to exactly the value. */
export const plainJson = (
  value: unknown,
  indent = 0,
  replacer?: (key: string, v: unknown) => unknown,
): string =>
  // outside its strings JSON has line breaks alone
  JSON.stringify(value, replacer, indent)
    .split('\n')
    .map((line) => line.replace(UNSHOWN, escaped))
    .join('\n')

/** Prints text of one or more lines, and a line break. */
export const printLine = (text: string): void => void process.stdout.write(`${plainLines(text)}\n`)

/** Prints one line to standard error. */
export const printError = (line: string): void => void process.stderr.write(`${plain(line)}\n`)

/** Writes text of several lines, with its line breaks, to stderr. */
export const writeError = (text: string): void => void process.stderr.write(plainLines(text))

/** Prints a value as JSON, and a line break. */
export const printJson = (value: unknown, indent = 0): void =>
  void process.stdout.write(`${plainJson(value, indent)}\n`)

const outputs = [process.stdout, process.stderr] as const
/**
 * Resolves once everything that was printed is written, or can't be any more. A pipe takes 64 KiB at once, so what a program prints more
 * is lost with it where it ends before.
 */
export async function printed(to: readonly NodeJS.WritableStream[] = outputs): Promise<void> {
  await Promise.all(to.map((output) => new Promise<void>((resolve) => output.write('', () => resolve()))))
}

let whenUnwritable: ((error: NodeJS.ErrnoException) => void) | undefined

/** What happens from now on where an output can't be written to: a pipe whose reader has ended (`EPIPE`), a closed terminal. */
export function onUnwritable(act: (error: NodeJS.ErrnoException) => void): void {
  for (const output of outputs) {
    if (whenUnwritable) output.off('error', whenUnwritable)
    output.on('error', act)
  }
  whenUnwritable = act
}
