import { existsSync } from 'node:fs'
import { edited } from '../asic-harness.ts'
import { changed } from '../machines.ts'

/** Replies of a recorded machine, by request. */
export type Answers = Record<string, string>

/** How a family of miners shows that it was told to stop, or why it can't: a file in `stops/` for each miner driver. */
export type Stops = Shown | { never: string }

export interface Shown {
  /**
   * Its operator, a schedule or a curtailment has stopped it, each with the source of the field. The hashrate is 0, the machine has run for hours,
   * and no other sign is set.
   */
  stopped: readonly { how: string; answers: Answers }[]
  /** the same sign beside a hashrate that stays where it was: it was told to stop, so it does no work */
  residue: Answers
  /** the request whose answer tells it; absent: all is told on one page */
  tells?: RegExp
  /** false: nobody logs in */
  login?: false
}

/** @returns undefined where the driver has no file */
export async function stopsOf(driver: string): Promise<Stops | undefined> {
  const file = new URL(`./stops/${driver}.ts`, import.meta.url)
  if (!existsSync(file)) return undefined
  return ((await import(file.href)) as { default: Stops }).default
}

/** Sets fields of a page's nested object. */
export const set = (answers: Answers, page: string, fields: object, ...path: string[]): Answers => ({
  ...answers,
  [page]: changed(answers[page], (body: Record<string, object>) => {
    const inner = path.reduce((row, name) => row[name] as Record<string, object>, body)
    Object.assign(inner, fields)
  }),
})
export const summary = (answers: Answers, fields: object): Answers =>
  edited(answers, 'summary', 'SUMMARY', () => ({ ...fields }))
export const changedText = (answers: Answers, from: RegExp, to: string): Answers =>
  Object.fromEntries(Object.entries(answers).map(([name, text]) => [name, text.replace(from, to)]))
export const refused = (msg: string): string =>
  JSON.stringify({ STATUS: [{ STATUS: 'E', Code: 302, Msg: msg }], id: 1 })
