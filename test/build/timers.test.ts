import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sourceFiles } from './import-graph.ts'

/** Where waits may be given to Node as they are. */
const OWNER = 'protocol/kit/timers.ts'
/** Runs in a browser, which can't import the kit. Every wait there is a constant of its file. */
const BROWSER = 'collector/screens/web/'
const RAW =
  /\b(setTimeout|setInterval)\b(?!>)|\bAbortSignal\s*\.\s*timeout\b|['"](node:)?timers(\/promises)?['"]/

/** Lines that set a timer of Node by themselves. A socket's own time-out is bounded by Node. */
function rawTimers(file: string, text: string): string[] {
  return text
    .split('\n')
    .filter((line) => RAW.test(line) && !/\.setTimeout\(|^\s*(\*|\/\/|\/\*)/.test(line))
    .filter((line) => !/import \{ setImmediate( as \w+)? \} from 'node:timers\/promises'/.test(line))
    .map((line) => `${file}: ${line.trim()}`)
}

describe('a wait can overflow no timer', () => {
  it('because every timer of both programs is set in one file, which bounds it', () => {
    const found = [...sourceFiles(resolve(import.meta.dirname, '../..'))]
      .filter(([file]) => file !== OWNER && !file.startsWith(BROWSER))
      .flatMap(([file, text]) => rawTimers(file, text))
    // pause() in retry.ts bounds its wait by the same function
    expect(found).toEqual([
      "protocol/kit/retry.ts: import { setTimeout as sleep } from 'node:timers/promises'",
    ])
  })

  it.each([
    ['a call', 'setTimeout(run, ms)'],
    ['an alias', 'const later = setInterval'],
    ['a member of globalThis', 'globalThis.setTimeout (run, ms)'],
    ['a signal', 'fetch(url, { signal: AbortSignal.timeout(ms) })'],
    ['a module', "import * as timers from 'node:timers/promises'"],
    ['a module at run time', "await import('timers')"],
  ])('and %s elsewhere is found', (_, line) => {
    expect(rawTimers('x.ts', line)).toHaveLength(1)
  })
})
