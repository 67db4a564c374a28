// `npm run test:explore`: runs the tests that hold generated properties with a random seed, and each property more often than CI does.
// It finds what no test says yet, so it is a step of its own: CI runs every property with one seed, and is repeatable.
//
//   npm run test:explore                                    every file that holds properties
//   npm run test:explore -- --seeds=20 test/collector/prices  these folders or files, twenty seeds one after another
//   npm run test:explore -- --list                            names the files and runs nothing
//   PERWATT_SEED=7 npm run test:explore -- PATH               repeats what was found with this seed
//   PERWATT_RUNS=100 ...                                      runs each property that many times as often; absent: 10
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const refuse = (reason) => {
  console.error(reason)
  process.exit(2)
}
const wholeNumber = (name, given, least = 1) => {
  const value = Number(given)
  return Number.isInteger(value) && value >= least
    ? value
    : refuse(`${name} expects a whole number, got ${given}`)
}
const given = process.argv.slice(2)
const [options, paths] = [given.filter((g) => g.startsWith('--')), given.filter((g) => !g.startsWith('--'))]
const factor = wholeNumber('PERWATT_RUNS', process.env.PERWATT_RUNS ?? 10)
const asked = process.env.PERWATT_SEED
if (asked !== undefined) wholeNumber('PERWATT_SEED', asked, -(2 ** 31))
let seeds = 1
for (const option of options)
  if (option.startsWith('--seeds=')) seeds = wholeNumber('--seeds', option.slice('--seeds='.length))
  else if (option !== '--list') refuse(`unknown option ${option}; --seeds=N and --list are known`)

/** The tests under a path that hold properties. */
function propertiesUnder(path) {
  if (!existsSync(path)) return []
  if (statSync(path).isDirectory())
    return readdirSync(path)
      .sort()
      .flatMap((name) => propertiesUnder(join(path, name)))
  return path.endsWith('.test.ts') && readFileSync(path, 'utf8').includes('fc.assert(') ? [path] : []
}
const under = paths.length > 0 ? paths : ['test']
const files = under.flatMap(propertiesUnder)
if (files.length === 0) refuse(`no file under ${under.join(', ')} holds a property (fc.assert)`)

let vitest
process.on('exit', () => vitest?.kill('SIGTERM'))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))
const explore = (seed) => {
  const env = { ...process.env, PERWATT_TESTS: 'all', PERWATT_SEED: `${seed}`, PERWATT_RUNS: `${factor}` }
  vitest = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...files], {
    stdio: 'inherit',
    env,
  })
  return new Promise((resolve, reject) => {
    vitest.on('error', reject)
    vitest.on('exit', (code) => resolve(code === 0))
  })
}

const failed = []
for (let round = 0; round < (asked === undefined ? seeds : 1); round++) {
  const seed = asked ?? randomInt(2 ** 31)
  const repeat = `PERWATT_SEED=${seed} npm run test:explore${given.length > 0 ? ` -- ${given.join(' ')}` : ''}`
  console.log(`seed ${seed}, ${factor} times as many runs; repeat it with ${repeat}`)
  if (options.includes('--list')) console.log(files.join('\n'))
  else if (!(await explore(seed))) failed.push(repeat)
}
if (failed.length > 0)
  console.log(`a property failed; make its counterexample a test of its own:\n${failed.join('\n')}`)
process.exitCode = failed.length === 0 ? 0 : 1
