import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Loaded into each program before its own code: it collects all garbage from time to time and writes what memory is left. So the programs
 * themselves need no door for it.
 */
const PROBE = `import { writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
setInterval(() => {
  collect()
  collect()
  const { rss, heapUsed } = process.memoryUsage()
  writeFileSync(process.env.PERWATT_PROBE_FILE, JSON.stringify({ rssBytes: rss, heapBytes: heapUsed }))
}, Number(process.env.PERWATT_PROBE_EVERY_MS)).unref()
`

export interface Memory {
  rssBytes: number
  heapBytes: number
}

/** The memory of Node programs after forced collections. */
export class MemoryProbe {
  readonly #folder: string
  readonly #everyMs: number
  readonly #script: string

  /** @param everyMs time between two collections, by the programs' clocks */
  constructor(folder: string, everyMs: number) {
    this.#folder = folder
    this.#everyMs = everyMs
    this.#script = join(folder, 'memory-probe.mjs')
    writeFileSync(this.#script, PROBE)
  }

  /** Environment of a program that is to be looked at. */
  env(name: string): Record<string, string> {
    return {
      NODE_OPTIONS: `--import=${pathToFileURL(this.#script)}`,
      PERWATT_PROBE_FILE: this.#file(name),
      PERWATT_PROBE_EVERY_MS: String(this.#everyMs),
    }
  }

  /** What a program had after its last collection; undefined before the first. */
  newest(name: string): Memory | undefined {
    try {
      return JSON.parse(readFileSync(this.#file(name), 'utf8')) as Memory
    } catch {
      // not there yet, or in the middle of being written
      return undefined
    }
  }

  #file(name: string): string {
    return join(this.#folder, `memory-${name.replaceAll(' ', '-')}.json`)
  }
}
