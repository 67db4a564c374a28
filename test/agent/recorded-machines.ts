import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { DRIVERS } from '../../agent/drivers/index.ts'
import type { Driver } from '../../agent/plugin/driver.ts'
import { fixture } from './asic-harness.ts'
import { capturedDevices, capturedFiles } from './captures.ts'

/** The answers of one machine, by command or by path with `_` for `/`, and the driver that reads them. */
export interface RecordedMachine {
  name: string
  driver: Driver
  answers: Record<string, string>
}

const driverNamed = (name: string): Driver => {
  const driver = DRIVERS.find((d) => d.name === name)
  if (!driver) throw new Error(`there is no driver ${name}`)
  return driver
}

const folder = fileURLToPath(new URL('../fixtures/asic/', import.meta.url))

/** The invented machines of the fixtures: each belongs to the driver with the longest name that its own begins with. */
export const inventedMachines = (): RecordedMachine[] =>
  readdirSync(folder).flatMap((name) =>
    DRIVERS.filter((d) => name === d.name || name.startsWith(`${d.name}-`))
      .sort((a, b) => b.name.length - a.name.length)
      .slice(0, 1)
      .map((driver) => ({ name, driver, answers: fixture(name) })),
  )

/** Whose reply a folder of real ones holds, by a part of its name; the first that fits. */
const FAMILIES: readonly (readonly [string, string])[] = [
  ['braiinsos', 'braiins'],
  ['luxos', 'luxos'],
  ['vnish', 'vnish'],
  ['epic', 'epic'],
  ['-stock-', 'antminer'],
  ['microbt-m60s', 'whatsminer-v3'],
  ['microbt-m30s', 'whatsminer-v3'],
  ['microbt', 'whatsminer'],
  ['canaan', 'avalon'],
  ['bitaxe', 'axeos'],
  ['sealminer', 'sealminer'],
  ['auradine', 'auradine'],
  ['proto', 'proto'],
]

/** Files that other projects named otherwise than what they answer. */
const RENAMED: Readonly<Record<string, string>> = { chip_hashrates: 'hashrate', telemetry_full: 'telemetry' }

/** The real machines, each file under the question of its driver that it answers; none where they are not beside the project. */
export const realMachines = (): RecordedMachine[] =>
  capturedDevices().map((device) => {
    const family = FAMILIES.find(([part]) => device.includes(part))?.[1]
    if (family === undefined) throw new Error(`which driver reads ${device}?`)
    const driver = driverNamed(family)
    const answers: Record<string, string> = {}
    const files = capturedFiles(device).filter(({ file }) => file !== 'expected.json')
    // one recording is of one door: where a page of the REST interface is in it, all of it is
    const rest = files.some(({ file }) => file === 'miner_details.json')
    const asks = driver.requests.filter((a) => !rest || a.includes('/'))
    for (const { file, text } of files) {
      const ask = asks.find((a) => answers[keyOf(a)] === undefined && isAnswer(file, keyOf(a)))
      if (ask !== undefined) answers[keyOf(ask)] = text
    }
    const graphs = files.filter(({ file }) => file.startsWith('gql_'))
    if (graphs.length > 0)
      answers['graphql'] = JSON.stringify(
        graphs.map(({ text }) => JSON.parse(text) as unknown).reduce(merged),
      )
    // two makers' documents leave out the one reply without which no miner is read
    if (driver.name === 'avalon')
      answers['summary'] ??= '{"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"Elapsed":86400}]}'
    return { name: device, driver, answers }
  })

/** `GET /api/v1/info?level=all` is found under `api_v1_info`. */
const keyOf = (ask: string): string =>
  ask.includes('/') ? (/\/([^?]*)/.exec(ask)?.[1] ?? '').replaceAll('/', '_') : ask

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '_')

function isAnswer(file: string, key: string): boolean {
  const stem = plain(file.replace(/(\.raw)?\.(json|txt)$/, '').replace(/^(rpc|web|http)_/, ''))
  const name = RENAMED[stem] ?? stem
  return plain(key) === name || plain(key).endsWith(`_${name}`)
}

/** What several GraphQL questions answered, as one answer to all of them. */
function merged(a: unknown, b: unknown): unknown {
  if (Array.isArray(a) && Array.isArray(b)) return a.map((item, i) => merged(item, b[i]))
  if (!isObject(a) || !isObject(b)) return b ?? a
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return Object.fromEntries([...names].map((n) => [n, merged(a[n], b[n])]))
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
