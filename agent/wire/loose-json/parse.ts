/**
 * Reads JSON as mining firmware writes it: one pass, linear time, bounded nesting. It accepts:
 * - a missing comma: `}{` (stock S9, S19, Z11 `stats`), `"a""temp0":1` (btminer); a comma too many: `[,{`, `,}`
 * - raw newlines and unknown escapes such as `\'` in strings; `//` comments
 * - bare `nan`, `inf` (cgminer prints C floats), read as null
 * - members without their braces: a body that starts with `,"id"` (Avalon), `"error_code":["110":"when"]` (btminer 2.0.4)
 * - a tail that is cut because the reply outgrew the firmware's buffer: every whole value before the cut is kept
 */

export interface LooseJson {
  value: unknown
  /** false where the tail was cut, or text follows the value; the values present are still right */
  complete: boolean
}

const MAX_DEPTH = 64
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
const NOT_A_NUMBER = /^[+-]?(nan|inf|infinity)$/i
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const WORD = /[A-Za-z0-9+\-._]/

/** Returned where the text ends inside a value: that value is dropped, and the lists and objects around it end. */
const CUT = Symbol('cut')

/** @throws SyntaxError with what was found at which character */
export function parseLooseJson(text: string): LooseJson {
  try {
    return { value: JSON.parse(text) as unknown, complete: true }
  } catch {
    return new LooseParser(text).parse()
  }
}

class LooseParser {
  readonly #text: string
  #at = 0
  #cut = false

  constructor(text: string) {
    this.#text = text
  }

  parse(): LooseJson {
    const begin = this.#peek()
    // Avalon sends `,"id":1}` as a whole reply: the opening brace is missing
    const value = begin === ',' ? this.#members('}', 1) : this.#value(0)
    if (value === CUT) throw new SyntaxError('the text ends before its first value does')
    const tail = this.#peek()
    return { value, complete: !this.#cut && tail === '' }
  }

  /** Skips white space and comments. @returns the next character, not consumed; '' at the end */
  #peek(): string {
    const text = this.#text
    for (;;) {
      const c = text[this.#at]
      if (c === undefined) return ''
      if (c === '/' && text[this.#at + 1] === '/') {
        const end = text.indexOf('\n', this.#at)
        this.#at = end < 0 ? text.length : end
      } else if (c <= ' ' || c === '\ufeff') this.#at++
      else return c
    }
  }

  #value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw this.#unexpected(`more than ${MAX_DEPTH} levels`)
    const c = this.#peek()
    if (c === '') return this.#end()
    if (c === '"') return this.#string()
    if (c === '{' || c === '[') {
      this.#at++
      return this.#members(c === '{' ? '}' : ']', depth + 1)
    }
    return this.#word()
  }

  /** What is inside an object or a list. In a list, a `"key": value` becomes an object with that one key. */
  #members(close: '}' | ']', depth: number): unknown {
    const items: unknown[] = []
    const entries: [string, unknown][] = []
    for (;;) {
      const c = this.#peek()
      if (c === ',' || c === close) {
        this.#at++
        if (c === close) break
        continue
      }
      const value = this.#value(depth)
      if (value === CUT) break
      if (typeof value === 'string' && this.#peek() === ':') {
        this.#at++
        const member = this.#value(depth)
        if (member === CUT) break
        if (close === '}') entries.push([value, member])
        else items.push(Object.fromEntries([[value, member]]))
      } else if (close === ']') items.push(value)
      else if (this.#peek() !== '') throw this.#unexpected('a value without a key')
    }
    return close === '}' ? Object.fromEntries(entries) : items
  }

  #string(): unknown {
    const text = this.#text
    let out = ''
    let from = ++this.#at
    for (; this.#at < text.length; this.#at++) {
      const c = text[this.#at]
      if (c === '"') {
        out += text.slice(from, this.#at++)
        return out
      }
      if (c !== '\\') continue
      out += text.slice(from, this.#at)
      const escaped = text[++this.#at]
      if (escaped === undefined) break
      const hex = escaped === 'u' ? /^[0-9a-f]{4}/i.exec(text.slice(this.#at + 1, this.#at + 5)) : null
      out += hex ? String.fromCharCode(Number.parseInt(hex[0], 16)) : (ESCAPES[escaped] ?? escaped)
      if (hex) this.#at += 4
      from = this.#at + 1
    }
    return this.#end()
  }

  #word(): unknown {
    const from = this.#at
    while (this.#at < this.#text.length && WORD.test(this.#text[this.#at] ?? '')) this.#at++
    const word = this.#text.slice(from, this.#at)
    // a number that touches the end may have lost digits
    if (word && this.#at === this.#text.length) return this.#end()
    if (word === 'true') return true
    if (word === 'false') return false
    if (word === 'null' || NOT_A_NUMBER.test(word)) return null
    if (NUMBER.test(word)) return Number(word)
    this.#at = from
    throw this.#unexpected(JSON.stringify(this.#text.slice(from, from + 12)))
  }

  #end(): typeof CUT {
    this.#at = this.#text.length
    this.#cut = true
    return CUT
  }

  #unexpected(what: string): SyntaxError {
    return new SyntaxError(`${what} at character ${this.#at}`)
  }
}
