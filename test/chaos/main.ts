import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { resolve as absolute, join } from 'node:path'
import { createInterface } from 'node:readline'
import { Command, Option } from 'commander'
import { reasonOf } from '../../protocol/kit/errors.ts'
import { FAULT_GROUPS, type FaultGroup } from './faults.ts'
import { buildVersion } from './other-version.ts'
import { reportText } from './report.ts'
import { chaosRun } from './run.ts'
import { record } from './runs-table.ts'
import { STORES, type StoreName } from './site.ts'

interface Options {
  seed: number
  seeds?: readonly number[]
  minutes: number
  gap: number
  parallel: number
  store: StoreName | 'both'
  dist: string
  beside?: string
  faults?: readonly FaultGroup[]
  record?: string
  keep?: true
}

const number = (text: string): number => {
  const value = Number(text)
  if (!(value >= 0)) throw new Error(`expected a number of 0 or more, got ${text}; see --help`)
  return value
}
const range = (text: string): number[] => {
  const [first = 1, last = first] = text.split('-').map(number)
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}
const groups = (text: string): FaultGroup[] =>
  text.split(',').map((name) => {
    const group = FAULT_GROUPS.find((known) => known === name.trim())
    if (group) return group
    throw new Error(`--faults: expected ${FAULT_GROUPS.join(', ')}, got ${name}`)
  })
/** The commit that was built, with a + where the files differ from it. */
function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim()
  try {
    return `${git('rev-parse', '--short=8', 'HEAD')}${git('status', '--porcelain', '-uno') ? '+' : ''}`
  } catch {
    return 'unknown'
  }
}

const options = new Command('chaos')
  .description(
    'Runs a site of real processes under kills, pauses, cuts, full disks and clock steps that follow from a seed, and checks that its ledger is what an undisturbed one would be. Exit status 0 where every check holds.',
  )
  .option('--seed <number>', 'which faults strike, and when', number, 1)
  .option('--seeds <first-last>', 'several runs, such as 1-20', range)
  .option('--minutes <number>', 'how long faults strike', number, 10)
  .option('--gap <seconds>', 'mean time between two faults', number, 6)
  .option('--parallel <number>', 'runs side by side', number, 1)
  .addOption(
    new Option('--store <name>', 'where the ledger is kept').choices([...STORES, 'both']).default('both'),
  )
  .option('--dist <folder>', 'the built programs', 'dist')
  .option(
    '--beside <ref>',
    'a tag or commit of another version, to and from which agents are updated meanwhile',
  )
  .option(
    '--faults <groups>',
    `groups of faults that may strike: ${FAULT_GROUPS.join(', ')} (default: all)`,
    groups,
  )
  .option('--record <file>', 'append the run to this table')
  .option('--keep', 'leave the folder of each run, with its logs, even where all went well')
  .parse()
  .opts<Options>()

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stop.abort(new Error(`ended by ${name}`)))

const say = (line: string) => process.stdout.write(`${line}\n`)

/** Options that all runs of this command have. */
const shared = (): string[] => [
  ...['--minutes', String(options.minutes), '--gap', String(options.gap)],
  ...(options.faults ? ['--faults', options.faults.join(',')] : []),
  ...(options.beside === undefined ? [] : ['--beside', options.beside]),
]

/** Runs one seed in this process. */
async function runHere(seed: number, store: StoreName): Promise<boolean> {
  const name = `seed ${seed}, ${store}`
  const folder = mkdtempSync(join(tmpdir(), `perwatt-chaos-${seed}-${store}-`))
  say(`${name}: ${options.minutes} min of faults; logs in ${folder}`)
  let ok = false
  try {
    const report = await chaosRun({
      seed,
      store,
      folder,
      dist: absolute(options.dist),
      ...(options.beside !== undefined && { otherDist: buildVersion(options.beside) }),
      minutes: options.minutes,
      meanGapMs: options.gap * 1000,
      ...(options.faults && { groups: options.faults }),
      say: (line) => say(`${name}: ${line}`),
      signal: stop.signal,
    })
    ok = report.ok
    say(`${name}: ${ok ? 'ok' : 'FAILED'}\n${reportText(report)}`)
    if (options.record !== undefined)
      record(
        options.record,
        {
          ...{ seed, store, minutes: options.minutes, gapS: options.gap, commit: commit() },
          ...(options.faults && { groups: options.faults }),
        },
        report,
      )
  } catch (error) {
    say(`${name}: FAILED: ${reasonOf(error)}`)
  }
  if (!ok)
    say(`${name}: again with: npm run chaos -- ${['--seed', seed, '--store', store, ...shared()].join(' ')}`)
  if (ok && !options.keep) rmSync(folder, { recursive: true, force: true })
  return ok
}

/** Runs several seeds, each in its own process, so that no run delays another's network. */
async function runMany(runs: readonly { seed: number; store: StoreName }[]): Promise<boolean> {
  if (options.beside !== undefined) buildVersion(options.beside)
  // a copy of dist, because a build during the runs would change the tested programs
  const dist = mkdtempSync(join(tmpdir(), 'perwatt-chaos-dist-'))
  cpSync(absolute(options.dist), dist, { recursive: true })
  const waiting = [...runs]
  const failed: string[] = []
  let done = 0
  const worker = async () => {
    for (let run = waiting.shift(); run && !stop.signal.aborted; run = waiting.shift()) {
      const { seed, store } = run
      const args = [
        ...['--seed', String(seed), '--store', store, ...shared(), '--dist', dist],
        ...(options.keep ? ['--keep'] : []),
        ...(options.record === undefined ? [] : ['--record', options.record]),
      ]
      const child = spawn(process.execPath, [process.argv[1] ?? '', ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      stop.signal.addEventListener('abort', () => child.kill(), { once: true })
      createInterface({ input: child.stdout }).on('line', say)
      const code = await new Promise((resolve) => child.once('close', resolve))
      if (code !== 0) failed.push(`seed ${seed} ${store}`)
      say(`${++done} of ${runs.length} runs done, ${failed.length} failed`)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, options.parallel) }, worker))
  rmSync(dist, { recursive: true, force: true })
  say(failed.length === 0 ? `all ${runs.length} runs ok` : `failed: ${failed.join(', ')}`)
  return failed.length === 0
}

const stores = options.store === 'both' ? STORES : [options.store]
const runs = (options.seeds ?? [options.seed]).flatMap((seed) => stores.map((store) => ({ seed, store })))
const [only, ...others] = runs
const ok = only && others.length === 0 ? await runHere(only.seed, only.store) : await runMany(runs)
process.exit(ok ? 0 : 1)
