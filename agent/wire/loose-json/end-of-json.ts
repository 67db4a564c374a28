const QUOTE = 0x22
const BACKSLASH = 0x5c
const SLASH = 0x2f
const NEWLINE = 0x0a
const COMMA = 0x2c
const isOpen = (b: number) => b === 0x7b || b === 0x5b
const isClose = (b: number) => b === 0x7d || b === 0x5d
const isSpace = (b: number) => b === 0x20 || (b >= 0x09 && b <= 0x0d)

/**
 * Finds the end of a JSON reply while it arrives, for miners that neither end the reply nor close the socket. Brackets are
 * counted, not matched, so that it works on broken JSON; where the count never returns to 0, the caller's deadline ends the
 * wait. Works on bytes: the characters it looks for are ASCII, which UTF-8 never uses inside a longer character. Linear time.
 */
export class JsonEnd {
  #depth = 0
  #state: 'before' | 'json' | 'string' | 'escape' | 'comment' | 'text' | 'ended' = 'before'
  #last = 0

  /** true where the first byte is not that of JSON: then `feed` cannot find the end */
  get isText(): boolean {
    return this.#state === 'text'
  }

  /** @param bytes the next chunk @returns how many of them belong to the reply, or -1 while it has not ended */
  feed(bytes: Uint8Array): number {
    for (let i = 0; i < bytes.length; i++) {
      this.#step(bytes[i] as number)
      if (this.#state === 'ended') return i + 1
      if (this.#state === 'text') return -1
    }
    return -1
  }

  #step(b: number): void {
    const last = this.#last
    this.#last = b
    switch (this.#state) {
      case 'before':
        if (isSpace(b)) return
        // Avalon sends replies without their first brace: the comma is inside the object
        this.#depth = isOpen(b) || b === COMMA ? 1 : 0
        this.#state = this.#depth ? 'json' : 'text'
        return
      case 'string':
        if (b === BACKSLASH) this.#state = 'escape'
        else if (b === QUOTE) this.#state = 'json'
        return
      case 'escape':
        this.#state = 'string'
        return
      case 'comment':
        if (b === NEWLINE) this.#state = 'json'
        return
      case 'json':
        if (b === QUOTE) this.#state = 'string'
        else if (b === SLASH && last === SLASH) this.#state = 'comment'
        else if (isOpen(b)) this.#depth++
        else if (isClose(b) && --this.#depth === 0) this.#state = 'ended'
        return
    }
  }
}
