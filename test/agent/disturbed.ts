import type { Driver } from '../../agent/plugin/driver.ts'
import type { Reading } from '../../agent/plugin/reading.ts'
import { withDeadline } from '../../protocol/kit/retry.ts'
import { type AnyMachine, sessionWith, startAnyMachine } from './any-machine.ts'
import type { RecordedMachine } from './recorded-machines.ts'

/** How one answer can fail while all others come. */
export const DISTURBANCES = ['refused', 'malformed', 'empty', 'late'] as const
export type Disturbance = (typeof DISTURBANCES)[number]

/** Of a whole poll, ms. A late answer takes half of it. */
const DEADLINE_MS = 10_000

/** The answer of each web interface to a login. */
export const LOGINS = {
  api_v1_auth_login: '{"token":"t","access_token":"t"}',
  api_v1_unlock: '{"token":"t"}',
  token: '{"Token":[{"Token":"t"}]}',
}

/** `GET /api/v1/info?level=all` is answered under `api_v1_info`. */
const keyOf = (asked: string): string =>
  asked.includes(' /') ? (/ \/([^?]*)/.exec(asked)?.[1] ?? '').replaceAll('/', '_') : asked

const SPOILT: Record<Disturbance, (machine: AnyMachine, key: string) => void> = {
  refused(machine, key) {
    const { [key]: _, ...others } = machine.answers
    machine.answers = others
  },
  malformed(machine, key) {
    machine.answers = { ...machine.answers, [key]: '<html>busy</html>' }
  },
  empty(machine, key) {
    machine.answers = { ...machine.answers, [key]: '{}' }
  },
  late(machine, key) {
    machine.silent.add(key)
  },
}

/** Makes one answer of the machine fail. @param asked the request, as the machine keeps it */
export const spoil = (how: Disturbance, machine: AnyMachine, asked: string): void =>
  SPOILT[how](machine, keyOf(asked))

/** Every figure of a reading by its name; one that is unknown is absent. */
export type Figures = Record<string, unknown>

/** One reading of the recorded machine with all its logins, and every request that it took. */
export async function read(
  { driver, answers }: { driver: Driver; answers: RecordedMachine['answers'] },
  disturb: (machine: AnyMachine) => void = () => undefined,
): Promise<{ figures: Figures; asked: string[] }> {
  const machine = await startAnyMachine({ ...LOGINS, ...answers })
  disturb(machine)
  const session = sessionWith(driver, machine, true)
  try {
    const [reading] = await withDeadline((signal) => session.read(signal), DEADLINE_MS)
    return { figures: figuresOf(reading), asked: machine.asked }
  } finally {
    session.close?.()
    await machine.close()
  }
}

/** The names of the figures that are lost or otherwise where one answer fails; `all` where the machine can't be read. */
export async function lostWithout(
  machine: RecordedMachine,
  whole: Figures,
  asked: string,
  how: Disturbance,
): Promise<string[]> {
  const disturbed = await read(machine, (m) => spoil(how, m, asked)).then(
    ({ figures }) => figures,
    () => undefined,
  )
  if (!disturbed) return ['all']
  return namesThatDiffer(whole, disturbed)
}

export function namesThatDiffer(whole: Figures, other: Figures): string[] {
  const names = new Set([...Object.keys(whole), ...Object.keys(other)])
  return [...names].filter((name) => JSON.stringify(whole[name]) !== JSON.stringify(other[name])).sort()
}

export const figuresOf = (reading: Reading | undefined): Figures => {
  const { identity, sample, counters, shares } = reading ?? {}
  const work = counters?.byOwner
  return Object.fromEntries(
    Object.entries({ ...identity, ...sample, work, shares }).filter(([, value]) => value !== undefined),
  )
}
