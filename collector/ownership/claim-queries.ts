import { MINUTE_MS } from '../../protocol/units.ts'
import type { Adoption } from '../plugin/claim-store.ts'
import type { HeldGroup } from '../plugin/held.ts'
import type { Store } from '../plugin/store.ts'
import type { AdoptionView, ClaimView } from '../views/claims.ts'
import type { AdoptionRequest, DeviceAdoption } from './adoption.ts'
import { keyText } from './identity.ts'
import type { OwnershipRegister } from './register.ts'

/** Groups of held records that are read for one answer. */
const MOST_GROUPS = 100_000
const iso = (ms: number): string => new Date(ms).toISOString()

/** Answers who has which device, and takes what people decide. Every method rejects with a PerwattError where the store fails. */
export class ClaimQueries {
  readonly #store: Store
  readonly #register: OwnershipRegister
  readonly #adoption: DeviceAdoption

  constructor(options: { store: Store; register: OwnershipRegister; adoption: DeviceAdoption }) {
    this.#store = options.store
    this.#register = options.register
    this.#adoption = options.adoption
  }

  /** The devices that are put aside, in order of agent and device. */
  async claims(): Promise<ClaimView[]> {
    const groups = await this.#store.heldGroups({ kinds: ['claim'], state: 'open' }, MOST_GROUPS)
    const waiting = new Map<string, HeldGroup[]>()
    for (const group of groups) {
      const key = `${group.agentId}\n${group.deviceId}`
      waiting.set(key, [...(waiting.get(key) ?? []), group])
    }
    const views: ClaimView[] = []
    for (const { agentId, deviceId, rival, claimedMs } of this.#register.all()) {
      if (!rival) continue
      const held = waiting.get(`${agentId}\n${deviceId}`)
      views.push({
        agentId,
        deviceId,
        owner: { agentId: rival.agentId, deviceId: rival.deviceId },
        because: keyText(rival.key),
        claimedAt: iso(claimedMs),
        ...(held && {
          waiting: {
            records: held.reduce((sum, group) => sum + group.records, 0),
            from: iso(Math.min(...held.map((group) => group.firstMs))),
            to: iso(Math.max(...held.map((group) => group.lastMs)) + MINUTE_MS),
          },
        }),
      })
    }
    return views.sort((a, b) => compare(a.agentId, b.agentId) || compare(a.deviceId, b.deviceId))
  }

  /** Resolves when the decision is stored. @throws PerwattError `nothing-put-aside` where no device matches */
  async decide(request: AdoptionRequest): Promise<AdoptionView> {
    return adoptionView(await this.#adoption.request(request))
  }

  /** What people decided, newest first. */
  async adoptions(limit: number): Promise<AdoptionView[]> {
    return (await this.#store.adoptions(limit)).map(adoptionView)
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const adoptionView = ({ id, atMs, by, reason, kind, moves, done }: Adoption): AdoptionView => ({
  id,
  at: iso(atMs),
  by,
  reason,
  kind,
  moves: moves.map(({ from, to, fromMs }) => ({
    from,
    to,
    ...(kind === 'adopt' && { since: iso(fromMs) }),
  })),
  done,
})
