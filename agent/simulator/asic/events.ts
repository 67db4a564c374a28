import type { Random } from '../base/random.ts'
import type { AsicFamily } from './families.ts'
import type { AsicMachine } from './machine.ts'

export const MISFORTUNES = [
  'board-lost',
  'reboot',
  'overheating',
  'sleeping',
  'hung',
  'pool-lost',
  'worker-unknown',
] as const
export type Misfortune = (typeof MISFORTUNES)[number]

/** A misfortune of one machine. It ends by itself, so that a simulation can run for days. */
export interface AsicEvent {
  /** s since the simulation began */
  atS: number
  machine: number
  kind: Misfortune
  lastsS: number
}

interface Plan {
  fromS: number
  toS: number
  lastsS: number
  /** the family that shows it best: only Antminers report a map of chips, and only Whatsminers report that they are off */
  family?: AsicFamily
}

const FIRST: Record<Misfortune, Plan> = {
  sleeping: { fromS: 45, toS: 75, lastsS: 1200, family: 'whatsminer' },
  'board-lost': { fromS: 90, toS: 130, lastsS: 2400, family: 'antminer' },
  reboot: { fromS: 190, toS: 230, lastsS: 120 },
  overheating: { fromS: 270, toS: 310, lastsS: 900, family: 'avalon' },
  hung: { fromS: 390, toS: 430, lastsS: 600 },
  'pool-lost': { fromS: 470, toS: 510, lastsS: 900 },
  // long enough for the agent's watch to report it
  'worker-unknown': { fromS: 140, toS: 180, lastsS: 1500 },
}

/** with 42 machines one event every 9 minutes: often enough to be seen, while most machines stay healthy */
const MACHINE_S_BETWEEN = 9 * 60 * 42

/**
 * An endless sequence of events in order of time. In the first ten minutes each kind happens once, to different machines, as far
 * as a third of the machines suffices; after that, events are random.
 * @param pace factor by which events come faster and end sooner
 */
export function* asicEvents(
  random: Random,
  machines: readonly { family: AsicFamily }[],
  pace = 1,
): Generator<AsicEvent, void> {
  if (machines.length === 0) return
  const first = Math.min(MISFORTUNES.length, Math.max(1, Math.floor(machines.length / 3)))
  const chosen = new Set<number>()
  const opening = MISFORTUNES.slice(0, first).map((kind): AsicEvent => {
    const plan = FIRST[kind]
    const free = machines.map((_, i) => i).filter((i) => !chosen.has(i))
    const fitting = free.filter((i) => !plan.family || machines[i]?.family === plan.family)
    const from = fitting.length > 0 ? fitting : free
    const machine = from[random.whole(0, from.length - 1)] ?? 0
    chosen.add(machine)
    return { atS: random.between(plan.fromS, plan.toS) / pace, machine, kind, lastsS: plan.lastsS / pace }
  })
  yield* opening.sort((a, b) => a.atS - b.atS)
  for (let atS = 600 / pace; ; ) {
    atS += random.exponential(MACHINE_S_BETWEEN / machines.length / pace)
    const kind = random.pick(MISFORTUNES)
    yield { atS, machine: random.whole(0, machines.length - 1), kind, lastsS: FIRST[kind].lastsS / pace }
  }
}

/** Begins an event. @returns a function that ends it */
export function strike(machine: AsicMachine, kind: Misfortune, random: Random): () => void {
  if (kind === 'sleeping') {
    machine.sleep()
    return () => machine.wake()
  }
  if (kind === 'overheating') {
    machine.blocked = true
    return () => {
      machine.blocked = false
    }
  }
  if (kind === 'reboot') {
    machine.reboot()
    return () => {}
  }
  if (kind === 'pool-lost') {
    machine.stratum.lose(0)
    return () => machine.stratum.restore(0)
  }
  if (kind === 'worker-unknown') {
    machine.stratum.disown()
    return () => machine.stratum.own()
  }
  if (kind === 'hung') {
    machine.hung = true
    // somebody pulls the plug
    return () => machine.reboot()
  }
  const board = machine.boards[random.whole(0, machine.boards.length - 1)]
  if (board) board.dying = true
  return () => {
    board?.replace()
    machine.reboot()
  }
}
