import type { Program } from '../../protocol/program.ts'
import type { TwinSituation } from '../plugin/situation.ts'

/** Two of one name are told for this long after the last sign: the second one tries again every ten minutes. */
const TOLD_MS = 15 * 60_000
/** Agents that are watched; anybody may publish under any name. */
const MOST_AGENTS = 10_000
/** Programs that are remembered of each name: a restart leaves one behind. */
const MOST_FORMER = 8

interface Watched {
  current: Program
  former: Program[]
}

/** Notices two programs of one name: one that another replaced comes back, which a restarted program never does. */
export class Twins {
  readonly #watched = new Map<string, Watched>()
  readonly #found = new Map<string, TwinSituation & { atMs: number }>()

  /** An agent's status came from this program. */
  hear(agentId: string, program: Program, nowMs: number): void {
    const watched = this.#watched.get(agentId)
    if (!watched) {
      if (this.#watched.size < MOST_AGENTS) this.#watched.set(agentId, { current: program, former: [] })
      return
    }
    const { current, former } = watched
    if (current.instance === program.instance) return
    const returns = former.some((one) => one.instance === program.instance)
    watched.former = [current, ...former.filter((one) => one.instance !== program.instance)].slice(
      0,
      MOST_FORMER,
    )
    watched.current = program
    if (returns) this.note({ kind: 'agent', name: agentId, programs: [program, current] }, nowMs)
  }

  /** Two programs of one name were seen otherwise. */
  note(twin: TwinSituation, nowMs: number): void {
    const key = `${twin.kind}|${twin.name}`
    const [a, b] = twin.programs
    // in one order, so that the text of the alert stands still
    const programs: TwinSituation['programs'] = a.startedAtMs <= b.startedAtMs ? [a, b] : [b, a]
    this.#found.set(key, { ...twin, programs, atMs: nowMs })
  }

  /** What is known now, for the alert rules. */
  situations(nowMs: number): TwinSituation[] {
    for (const [key, { atMs }] of this.#found) if (nowMs - atMs > TOLD_MS) this.#found.delete(key)
    return [...this.#found.values()].map(({ kind, name, programs }) => ({ kind, name, programs }))
  }
}
