import { readdirSync, readFileSync } from 'node:fs'
import { join, parse } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'
import type { Driver, Session } from '../../agent/plugin/driver.ts'
import type { Reading } from '../../agent/plugin/reading.ts'
import { parseLooseJson } from '../../agent/wire/loose-json/parse.ts'
import { type Replay, type ReplayOptions, startReplay } from './replay-server.ts'

const running: Replay[] = []

/** Call once in a test file: closes what `replay` started. */
export function closeReplays(): void {
  afterEach(async () => {
    await Promise.all(running.splice(0).map((r) => r.close()))
  })
}

export async function replay(options: ReplayOptions): Promise<Replay> {
  const started = await startReplay(options)
  running.push(started)
  return started
}

/** A deadline that a healthy test never meets. */
export const soon = (): AbortSignal => AbortSignal.timeout(120_000)

export const sessionOf = (driver: Driver, { host, port }: Replay): Session =>
  driver.open({ id: 'm1', host, options: { port } })

/** One reading of a driver from a miner that answers so. */
export async function readOnce(driver: Driver, answers: ReplayOptions['answers']): Promise<Reading> {
  const [reading] = await sessionOf(driver, await replay({ answers })).read(soon())
  if (!reading) throw new Error('the driver gave no reading')
  return reading
}

const fixtures = fileURLToPath(new URL('../fixtures/asic/', import.meta.url))

/** Where the shape of a miner's replies stands: no reply. */
const SOURCE = 'source.txt'

/** The answers of an invented miner: each file of its folder, by command. */
export function fixture(name: string): Record<string, string> {
  const folder = join(fixtures, name)
  return Object.fromEntries(
    readdirSync(folder)
      .filter((file) => file !== SOURCE)
      .map((file) => [parse(file).name, readFileSync(join(folder, file), 'utf8')]),
  )
}

/** The same answers with fields of one section's rows set; a field set to undefined is removed. */
export function edited(
  answers: Record<string, string>,
  command: string,
  section: string,
  edit: (row: Record<string, unknown>, index: number) => Record<string, unknown>,
): Record<string, string> {
  const body = parseLooseJson(answers[command] ?? '').value as Record<string, Record<string, unknown>[]>
  const rows = (body[section] ?? []).map((row, i) => ({ ...row, ...edit(row, i) }))
  return { ...answers, [command]: JSON.stringify({ ...body, [section]: rows }) }
}
