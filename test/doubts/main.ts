import { parseArgs } from 'node:util'
import { MACHINE_KINDS, simulate } from './simulate.ts'

/** False doubts of simulated honest machines: `npm run doubts -- --days 10000`. Exit status 1 where there are too many. */
const MOST_PER_DAY = 1 / 10_000
const DAYS_A_MACHINE = 20

const { values } = parseArgs({
  options: { days: { type: 'string', default: '12000' }, seed: { type: 'string', default: '1' } },
})
const machines = Math.ceil(Number(values.days) / DAYS_A_MACHINE)
const say = (line: string) => process.stdout.write(`${line}\n`)

let [days, doubtful] = [0, 0]
for (const kind of MACHINE_KINDS) {
  const began = performance.now()
  const found = simulate(kind, machines, DAYS_A_MACHINE, Number(values.seed))
  const seconds = (performance.now() - began) / 1000
  const own = machines * DAYS_A_MACHINE
  days += own
  doubtful += found.doubtfulDays
  say(
    `${kind}: ${machines} machines x ${DAYS_A_MACHINE} days, ${found.records} records, ${found.doubtfulDays} machine-days with a doubt, in ${seconds.toFixed(0)} s`,
  )
  for (const example of found.examples) say(`  ${example}`)
}
say(`together ${doubtful} of ${days} machine-days; at most ${days * MOST_PER_DAY} are allowed (1 in 10,000)`)
process.exitCode = doubtful > days * MOST_PER_DAY ? 1 : 0
