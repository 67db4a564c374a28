import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { resolve as absolute, join } from 'node:path'
import { Command, Option } from 'commander'
import { STORES, type StoreName } from './site.ts'
import { soak, soakProblems, soakTable } from './soak.ts'

const number = (text: string): number => {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`expected a number above 0, got ${text}; see --help`)
  return value
}

const options = new Command('soak')
  .description(
    'Runs a site of real processes that nothing disturbs, and looks at the memory of each after forced collections. Exit status 0 where no program grows by more than 1 MB an hour in the last half, and none opens more and more files. Below an hour it gives figures only.',
  )
  .option('--minutes <number>', 'how long, real time', number, 120)
  .option('--speed <number>', 'how many times as fast time passes for the programs', number, 10)
  .option('--every <seconds>', 'real time between two looks', number, 30)
  .option('--asics <number>', 'emulated miners', number, 42)
  .option('--seed <number>', 'seed of the emulated world', number, 1)
  .addOption(new Option('--store <name>', 'where the ledger is kept').choices(STORES).default('duckdb'))
  .option('--dist <folder>', 'the built programs', 'dist')
  .parse()
  .opts<{
    minutes: number
    speed: number
    every: number
    asics: number
    seed: number
    store: StoreName
    dist: string
  }>()

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stop.abort(new Error(`ended by ${name}`)))
const say = (line: string) => process.stdout.write(`${line}\n`)

const folder = mkdtempSync(join(tmpdir(), 'perwatt-soak-'))
say(`${options.minutes} min at ${options.speed} times the speed; logs in ${folder}`)
const all = await soak({
  ...options,
  folder,
  dist: absolute(options.dist),
  everyMs: options.every * 1000,
  say,
  signal: stop.signal,
})
say(soakTable(all, options.minutes))
const problems = soakProblems(all, options.minutes)
for (const problem of problems) say(problem)
if (problems.length === 0) rmSync(folder, { recursive: true, force: true })
process.exit(problems.length === 0 ? 0 : 1)
