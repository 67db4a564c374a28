import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { Acts } from '../plugin/acts.ts'
import type { Adoption, DeviceMove, NamedDevice, RecordTimes } from '../plugin/claim-store.ts'
import type { HeldFilter } from '../plugin/held.ts'
import type { Store } from '../plugin/store.ts'
import type { ClaimKeeper } from './claim-keeper.ts'
import { type HostOf, refuseWhereHostStays } from './host-stays.ts'
import { rootOf } from './identity.ts'
import type { OwnershipRegister } from './register.ts'

/** How many adoptions a start searches for interrupted ones. */
const SEARCHED = 100

/** Who decides where no person does. */
const BY_ITSELF = 'perwatt'

/** Accepts or rejects held records, and settles their minutes again. */
export type Decide = (request: {
  verdict: 'accepted' | 'rejected'
  filter: HeldFilter
  by: string
  reason: string
  adoption: true
}) => Promise<unknown>

export interface AdoptionRequest {
  kind: Adoption['kind']
  /** the agent that has the devices from now on */
  agentId: string
  /** its devices, each with all of its parts; absent: all that are put aside */
  devices?: readonly string[] | undefined
  /** only devices that this agent has now */
  ownerAgentId?: string
  /** first minute that is the new agent's; absent: where the records of the old one end */
  fromMs?: number
  by: string
  reason: string
}

export interface AdoptionOptions {
  store: Store
  register: OwnershipRegister
  keeper: ClaimKeeper
  decide: Decide
  hostOf: HostOf
  /** runs work while no records are stored */
  alone<T>(work: () => Promise<T>): Promise<T>
  nowMs: () => number
  log: Log
}

/** Moves devices from one agent to another, with their history, at a minute: the records of the one end where those of the other begin. */
export class DeviceAdoption {
  readonly #o: AdoptionOptions
  readonly #acts: Acts

  constructor(options: AdoptionOptions) {
    this.#o = options
    this.#acts = new Acts(options.nowMs)
  }

  /** Finishes what a stop interrupted. */
  async start(): Promise<void> {
    const known = await this.#o.store.adoptions(SEARCHED)
    for (const adoption of known) this.#acts.after(adoption)
    const open = known.filter((adoption) => !adoption.done)
    for (const adoption of open.toReversed()) await this.#o.alone(() => this.#carryOut(adoption))
  }

  /**
   * Resolves when the decision is stored; the minutes are settled again after that.
   * @throws PerwattError `nothing-put-aside` where no device matches, `host-stays` where a GPU would leave the host that includes its energy
   */
  request(request: AdoptionRequest): Promise<Adoption> {
    return this.#o.alone(async () => {
      const { kind, by, reason } = request
      const moves = await this.#movesOf(request, this.#o.nowMs())
      if (moves.length === 0) throw nothingFor(request)
      if (kind === 'adopt') refuseWhereHostStays(moves, this.#o.hostOf, this.#o.register)
      const { id, atMs } = this.#acts.next()
      const adoption: Adoption = { id, atMs, by, reason, kind, moves, done: false }
      await this.#o.store.writeAdoption(adoption)
      this.#o.log.info(kind === 'adopt' ? 'devices are adopted' : 'devices are set apart', {
        id,
        agent: request.agentId,
        devices: moves.length,
        by,
        why: reason,
      })
      return this.#carryOut(adoption)
    })
  }

  /** A device that waits is another machine, by its work: it is set apart without a person. */
  setApart({ agentId, deviceId }: NamedDevice): Promise<Adoption> {
    return this.request({
      kind: 'apart',
      agentId,
      devices: [deviceId],
      by: BY_ITSELF,
      reason: 'its work comes and goes by itself: two machines at one address',
    })
  }

  /** The machine that moved onto the address of a device and took its place is not read there: the device has its place again. */
  takeBack({ agentId, deviceId }: NamedDevice): Promise<Adoption> {
    const { fromMs } = this.#o.register.claim(agentId, deviceId)?.withdrawn ?? {}
    return this.request({
      kind: 'adopt',
      agentId,
      devices: [deviceId],
      ...(fromMs === undefined ? {} : { fromMs }),
      by: BY_ITSELF,
      reason: 'the machine that moved onto its address has told no counted work from there for an hour',
    })
  }

  async #movesOf(request: AdoptionRequest, nowMs: number): Promise<DeviceMove[]> {
    const { register, store } = this.#o
    const moves: DeviceMove[] = []
    const times = new Map<string, Map<string, RecordTimes>>()
    for (const to of register.all()) {
      if (!to.rival || to.agentId !== request.agentId || !isAmong(to.deviceId, request.devices)) continue
      const owners = register.rivalsOf(to)
      if (request.ownerAgentId !== undefined && owners.every((o) => o.agentId !== request.ownerAgentId))
        continue
      let fromMs = request.fromMs === undefined ? minuteOf(to.fromMs ?? nowMs) : minuteOf(request.fromMs)
      for (const owner of owners) {
        const known = times.get(owner.agentId) ?? (await store.recordTimes(owner.agentId))
        times.set(owner.agentId, known)
        const endMs = known.get(owner.deviceId)?.endMs
        if (request.fromMs === undefined && endMs !== undefined)
          fromMs = Math.max(fromMs, minuteOf(endMs + MINUTE_MS - 1))
      }
      for (const from of owners.length > 0 ? owners : [to.rival])
        moves.push({ from: named(from), to: named(to), fromMs })
    }
    return moves
  }

  /** May be done twice: what is held or decided already stays so. */
  async #carryOut(adoption: Adoption): Promise<Adoption> {
    const { register, keeper, store } = this.#o
    const { kind, moves, by } = adoption
    for (const { to, fromMs } of moves)
      kind === 'adopt' ? register.adopt(to, fromMs, by !== BY_ITSELF) : register.setApart(to)
    await keeper.flush()
    if (kind === 'adopt') {
      await keeper.withdraw(
        moves.map(({ from, to, fromMs }) => ({
          ...from,
          fromMs,
          rival: { ...to, key: `id ${to.deviceId}` },
        })),
      )
      for (const [fromMs, agents] of byMinute(moves)) await this.#take(adoption, fromMs, agents)
    } else {
      const devices = moves.map(({ to }) => to.deviceId)
      await this.#decide(adoption, 'accepted', { agents: agentsOf(moves), devices })
    }
    const done = { ...adoption, done: true }
    await store.writeAdoption(done)
    return done
  }

  /** The old ones' records end, the new ones' begin; in this order, so that nothing counts twice where it stops half-way. */
  async #take(adoption: Adoption, fromMs: number, moves: readonly DeviceMove[]): Promise<void> {
    const old = { agents: moves.map((m) => m.from.agentId), devices: moves.map((m) => m.from.deviceId) }
    const own = { agents: agentsOf(moves), devices: moves.map((m) => m.to.deviceId) }
    await this.#decide(adoption, 'rejected', { ...old, fromMs, state: 'accepted' })
    await this.#decide(adoption, 'rejected', { ...old, fromMs })
    await this.#decide(adoption, 'rejected', { ...own, toMs: fromMs })
    await this.#decide(adoption, 'accepted', { ...own, fromMs, state: 'rejected' })
    await this.#decide(adoption, 'accepted', { ...own, fromMs })
  }

  async #decide(
    { by, reason }: Adoption,
    verdict: 'accepted' | 'rejected',
    filter: HeldFilter,
  ): Promise<void> {
    await this.#o.decide({ verdict, filter: { kinds: ['claim'], ...filter }, by, reason, adoption: true })
  }
}

const named = ({ agentId, deviceId }: NamedDevice): NamedDevice => ({ agentId, deviceId })
const agentsOf = (moves: readonly DeviceMove[]): string[] => [...new Set(moves.map((m) => m.to.agentId))]

const isAmong = (deviceId: string, devices: readonly string[] | undefined): boolean =>
  devices === undefined || devices.includes(deviceId) || devices.includes(rootOf(deviceId))

/** The moves by their minute and the agents that they are between: a filter of held records names agents and devices apart. */
function byMinute(moves: readonly DeviceMove[]): [fromMs: number, moves: DeviceMove[]][] {
  const groups = new Map<string, [number, DeviceMove[]]>()
  for (const move of moves) {
    const key = `${move.fromMs} ${move.from.agentId} ${move.to.agentId}`
    const group = groups.get(key) ?? [move.fromMs, []]
    group[1].push(move)
    groups.set(key, group)
  }
  return [...groups.values()]
}

function nothingFor({ agentId, devices, ownerAgentId }: AdoptionRequest): PerwattError {
  const which = devices ? ` named ${devices.join(', ')}` : ''
  const whose = ownerAgentId === undefined ? '' : ` that belongs to agent ${ownerAgentId}`
  return new PerwattError(
    'nothing-put-aside',
    `no device of agent ${agentId}${which}${whose} is put aside; perwatt-collector devices lists what is`,
  )
}
