// `npm run test:loaded`: runs the test suite beside busy loops, several times, and prints which tests failed.
// A test that passes alone and fails here depends on how fast the machine is.
//
//   npm run test:loaded                                  the whole suite, 3 runs beside 4 loops
//   npm run test:loaded -- --runs=1 test/collector/feeds  arguments go to vitest, but for --runs and --loops
//   PERWATT_TESTS=ordinary npm run test:loaded            without those that take many minutes
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const option = (name, fallback) => {
  const given = process.argv.find((argument) => argument.startsWith(`--${name}=`))
  const value = Number(given?.slice(name.length + 3) ?? fallback)
  if (Number.isInteger(value) && value >= 0) return value
  console.error(`--${name} expects a whole number, got ${given}`)
  process.exit(2)
}
const runs = option('runs', 3)
const loops = option('loops', 4)
const forVitest = process.argv.slice(2).filter((argument) => !/^--(runs|loops)=/.test(argument))

/** Keeps one core busy, and ends by itself where this script was killed. */
const BURNER = `const parent = process.ppid
while (process.ppid === parent) for (const until = Date.now() + 1000; Date.now() < until; );`

const burners = Array.from({ length: loops }, () =>
  spawn(process.execPath, ['-e', BURNER], { stdio: 'ignore' }),
)
const folder = mkdtempSync(join(tmpdir(), 'perwatt-loaded-'))
/** Ends with this script too: SIGTERM, on which vitest ends its workers. */
let vitest
process.on('exit', () => {
  vitest?.kill('SIGTERM')
  for (const burner of burners) burner.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

/** @returns the path of vitest's JSON report, which is missing where vitest itself failed */
function runSuite(run) {
  const report = join(folder, `${run}.json`)
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`]
  vitest = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...forVitest], {
    stdio: 'inherit',
    env: { ...process.env, PERWATT_TESTS: process.env['PERWATT_TESTS'] ?? 'all' },
  })
  return new Promise((resolve, reject) => {
    vitest.on('error', reject)
    vitest.on('exit', () => resolve(report))
  })
}

/** @returns one run's row of the table, with the titles of the tests that failed */
function rowOf(report, seconds) {
  let read
  try {
    read = JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    return { seconds, passed: 0, failed: 1, titles: ['vitest gave no report; see its output above'] }
  }
  const titles = read.testResults.flatMap((file) => {
    const name = file.name.slice(process.cwd().length + 1)
    const failed = file.assertionResults.filter(({ status }) => status === 'failed')
    if (failed.length === 0 && file.status === 'failed') return [`${name}: ${file.message.split('\n', 1)[0]}`]
    return failed.map(({ fullName }) => `${name}: ${fullName}`)
  })
  return { seconds, passed: read.numPassedTests, failed: titles.length, titles }
}

const rows = []
for (let run = 1; run <= runs; run++) {
  console.log(`run ${run} of ${runs}, beside ${loops} busy loops`)
  const startMs = performance.now()
  const report = await runSuite(run)
  rows.push(rowOf(report, Math.round((performance.now() - startMs) / 1000)))
}

console.log('\nrun  seconds  passed  failed')
for (const [i, { seconds, passed, failed }] of rows.entries())
  console.log(
    [
      String(i + 1).padStart(3),
      String(seconds).padStart(7),
      String(passed).padStart(6),
      String(failed).padStart(6),
    ].join('  '),
  )
const failures = new Map()
for (const title of rows.flatMap(({ titles }) => titles)) failures.set(title, (failures.get(title) ?? 0) + 1)
for (const [title, times] of failures) console.log(`failed ${times} of ${runs}: ${title}`)
process.exit(failures.size === 0 ? 0 : 1)
