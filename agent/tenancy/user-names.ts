import { readFileSync } from 'node:fs'

const REREAD_MS = 60_000

/** Names of this host's users. A user who is only in a directory service keeps the numeric uid as a name. */
export class UserNames {
  readonly #file: string
  readonly #nowMs: () => number
  #names: ReadonlyMap<string, string> = new Map()
  #readMs = Number.NEGATIVE_INFINITY

  /** @param file a file in the form of passwd(5) */
  constructor(file: string, nowMs: () => number) {
    this.#file = file
    this.#nowMs = nowMs
  }

  nameOf(uid: string): string {
    if (!this.#names.has(uid) && this.#nowMs() - this.#readMs >= REREAD_MS) {
      this.#readMs = this.#nowMs()
      this.#names = read(this.#file)
    }
    return this.#names.get(uid) ?? uid
  }
}

function read(file: string): Map<string, string> {
  const names = new Map<string, string>()
  try {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const [name, , uid] = line.split(':')
      if (name && uid && !names.has(uid)) names.set(uid, name)
    }
  } catch {
    // without the file the numeric uids stand for the names
  }
  return names
}
