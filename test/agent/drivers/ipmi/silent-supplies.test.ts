import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import ipmi from '../../../../agent/drivers/ipmi/ipmi.ts'
import { soon } from '../../asic-harness.ts'
import { fakeProgram } from '../../fake-program.ts'

/** ipmitool's own words for a session that the BMC refuses (lib/ipmi_main.c, src/plugins/lanplus). */
const REFUSED = 'echo "Unable to establish IPMI v2 / RMCP+ session" >&2; exit 1'

/** A BMC whose DCMI shows so much; the list of its sensors is refused while `silent` says so. */
function bmc(dcmiW: number, ...rows: [string, number][]) {
  const list = rows
    .map(([name, watts]) => `${name.padEnd(16)} | 52h | ok  | 10.1 | ${watts} Watts`)
    .join('\n')
  const program = fakeProgram(
    'ipmitool',
    `case "$*" in
*dcmi*) [ ${dcmiW} -gt 0 ] || exit 1; echo "    Instantaneous power reading:   ${dcmiW} Watts" ;;
*) if [ -e "$(dirname "$0")/silent" ]; then ${REFUSED}; fi; cat "$(dirname "$0")/list" ;;
esac`,
  )
  const at = (name: string) => join(dirname(program), name)
  const shows = (text: string) => writeFileSync(at('list'), `${text}\n`)
  shows(list)
  const silent = (is: boolean) => (is ? writeFileSync(at('silent'), '') : rmSync(at('silent')))
  expect(existsSync(program)).toBe(true)
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const open = (remembered?: unknown) =>
    ipmi.open({
      id: 'gpu-01',
      host: '',
      options: ipmi.settings.parse({ program }),
      ...(remembered !== undefined && { remembered }),
    })
  return { silent, shows, open }
}
const TWO: [string, number][] = [
  ['PS1 Input Power', 300],
  ['PS2 Input Power', 300],
]

test.each([
  [4000, 600, 'DCMI says 4000 W, beside 600 W of its supplies'],
  [50, undefined, 'DCMI of 50 W, beside 600 W of its supplies'],
])(
  'a DCMI of %d W that the supplies disprove stays unused while their list is refused, and over a restart, and the fault stands',
  async (dcmiW, besideW, says) => {
    const { silent, open } = bmc(dcmiW, ...TWO)
    let session = open()
    expect((await session.read(soon()))[0]?.sample.powerW).toBe(besideW)
    silent(true)
    const unknown = { state: 'unknown', faults: [expect.stringContaining(says)] }
    for (let i = 0; i < 3; i++) {
      vi.advanceTimersByTime(4 * 60_000)
      expect((await session.read(soon()))[0]?.sample).toEqual(unknown)
    }
    session = open(JSON.parse(JSON.stringify(session.remembers?.())))
    expect((await session.read(soon()))[0]?.sample.powerW).toBeUndefined()
    silent(false)
    vi.advanceTimersByTime(4000)
    expect((await session.read(soon()))[0]?.sample.powerW).toBe(besideW)
  },
)

test('supplies that are silent at first disprove DCMI ten seconds later', async () => {
  const { silent, open } = bmc(4000, ...TWO)
  const session = open()
  silent(true)
  expect((await session.read(soon()))[0]?.sample.powerW).toBe(4000)
  silent(false)
  vi.advanceTimersByTime(10_000)
  expect((await session.read(soon()))[0]?.sample.powerW).toBe(600)
})

test('a total in the list that its supplies disprove stays unused while they show nothing', async () => {
  const { shows, open } = bmc(0, ['Total_Power', 4000], ...TWO)
  const session = open()
  expect((await session.read(soon()))[0]?.sample.powerW).toBe(600)
  shows('Total_Power      | 52h | ok  | 10.1 | 4000 Watts')
  vi.advanceTimersByTime(4000)
  expect((await session.read(soon()))[0]?.sample.powerW).toBeUndefined()
})

test('a supply that leaves the list of sensors makes the power unknown, unless the other carries its load', async () => {
  const { shows, open } = bmc(0, ...TWO)
  const session = open()
  const watts = async () => {
    vi.advanceTimersByTime(10_000)
    return (await session.read(soon()))[0]?.sample.powerW
  }
  const row = (name: string, each: number) => `${name.padEnd(16)} | 52h | ok  | 10.1 | ${each} Watts`
  expect(await watts()).toBe(600)
  shows(row('PS1 Input Power', 300))
  expect(await watts()).toBeUndefined()
  shows(`${row('PS1 Input Power', 300)}\n${row('PS2 Input Power', 310)}`)
  expect(await watts()).toBe(610)
  shows(row('PS1 Input Power', 604))
  expect(await watts()).toBe(604)
})
