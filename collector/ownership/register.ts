import type { Device } from '../../protocol/device.ts'
import { HOUR_MS, minuteOf } from '../../protocol/units.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'
import type { DeviceClaim, GpuStanding, NamedDevice } from '../plugin/claim-store.ts'
import { Changes } from './changes.ts'
import { takeOver } from './history.ts'
import { identityKeys } from './identity.ts'
import { KeyOwners, type OpenClaim, type Rival } from './key-owners.ts'
import { givesWay, keepsItsMachine } from './moved.ts'
import { OpenClaims } from './open-claims.ts'
import { paidWith, wasPaidBefore } from './paid-share.ts'
import { PastDevices } from './past-devices.ts'
import { type Appearance, isBefore, isNamed, orderOf, toldNothingLike } from './precedence.ts'
import { ALWAYS, begunAt, countsAt, endedAt, NEVER } from './spans.ts'

/** A machine that is found to be another's counts no longer from so far back; what is older may stand on an issued statement. */
const MOST_TAKEN_BACK_MS = 24 * HOUR_MS

/**
 * Which agent each machine belongs to. The first claim wins; a later one that shares a key is put aside. A claim begins with the first
 * record; until a minute with one of its records is settled, a claim whose records begin earlier takes its place, so that the order in
 * which agents are heard does not matter. What one agent sends never changes what another is paid: late news of who a machine is
 * count against the agent that sends them, but where the other told the key without having done the machine's work.
 */
export class OwnershipRegister {
  readonly #claims = new OpenClaims()
  readonly #owners = new KeyOwners()
  readonly #devices = new Map<string, ReadonlyMap<string, Device>>()
  /** how devices stood before their agents told them otherwise */
  readonly past = new PastDevices(this.#devices)
  readonly #changes = new Changes()
  #version = 0

  /** Increases whenever a claim is put aside, or is no longer. */
  get version(): number {
    return this.#version
  }

  /** Fills the register with what the store has, and forgets what it had. What agents told is to be heard again after that. */
  load(claims: readonly DeviceClaim[]): void {
    this.#claims.clear()
    this.#owners.clear()
    this.#changes.clear()
    this.past.load(claims)
    this.#version++
    for (const stored of claims) {
      const claim: OpenClaim = { ...stored }
      this.#claims.put(claim)
      if (!claim.rival) this.#owners.add(claim)
    }
  }

  claim(agentId: string, deviceId: string): DeviceClaim | undefined {
    return this.#claims.get(agentId, deviceId)
  }

  /** All claims, in order of their agents’ first. */
  all(): IterableIterator<DeviceClaim> {
    return this.#claims.all()
  }

  /** Takes in an agent's inventory: new names claim their machines, known ones may have learned who they are. */
  hear(agentId: string, devices: readonly Device[], nowMs: number): void {
    const before = this.#devices.get(agentId) ?? new Map()
    const now = new Map(devices.map((device) => [device.deviceId, device]))
    this.#devices.set(agentId, now)
    const claimOf = (deviceId: string) => this.#claims.get(agentId, deviceId)
    for (const claim of this.past.change(agentId, before, now, nowMs, claimOf)) this.#changed(claim)
    for (const device of devices) {
      const known = this.#claims.get(agentId, device.deviceId)
      if (known) this.#learn(known, identityKeys(device.deviceId, device), nowMs)
      else this.#begin({ agentId, deviceId: device.deviceId }, nowMs)
    }
  }

  /** Takes in the first records of each device: the earliest comes first, even where another agent was heard before, unless it was settled. */
  appear(appearances: readonly Appearance[], nowMs: number): void {
    for (const seen of [...appearances].sort(orderOf)) {
      const claim = this.#claims.get(seen.agentId, seen.deviceId) ?? this.#begin(seen, nowMs)
      const isFirstRecord = claim.fromMs === undefined
      if (isFirstRecord || (seen.fromMs < (claim.fromMs as number) && !claim.settled)) {
        claim.fromMs = seen.fromMs
        this.#changes.add(claim)
      }
      if (claim.rival) this.#contend(claim, seen.fromMs, isFirstRecord)
    }
  }

  /**
   * Fills the register of a store that has records and no claims: the first of a machine has it, and the others keep what they were
   * paid until now.
   */
  remember(appearances: readonly Appearance[], nowMs: number): void {
    this.appear(appearances, nowMs)
    for (const { agentId, deviceId } of appearances) {
      const claim = this.#claims.get(agentId, deviceId)
      if (!claim) continue
      if (claim.rival) claim.spans = endedAt(ALWAYS, minuteOf(nowMs))
      claim.settled = true
      this.#changed(claim)
    }
  }

  /** Whether a record counts; where it does not, its claim tells who has the machine. */
  counts(agentId: string, deviceId: string, startMs: number): boolean {
    const claim = this.#claims.get(agentId, deviceId)
    return claim === undefined || countsAt(claim.spans, startMs)
  }

  /** Records of these devices are being settled: from now on no claim that comes later takes their place by itself. */
  settle(records: Iterable<AgentInterval>): void {
    for (const record of records) {
      const { agentId, deviceId, gpuMs = 0 } = record
      const claim = this.#claims.get(agentId, deviceId)
      if (!claim) continue
      const { gpuTime } = claim
      if (gpuTime && gpuMs > 0 && !gpuTime.settled) this.stand(claim, { ...gpuTime, settled: true })
      const paid = paidWith(claim.paid, record)
      if (paid) claim.paid = paid
      else if (claim.settled) continue
      claim.settled = true
      this.#changes.add(claim)
    }
  }

  /** The devices of each agent, as it told them last. */
  get told(): ReadonlyMap<string, ReadonlyMap<string, Device>> {
    return this.#devices
  }

  /** Whether an agent that has a device of this name tells that it is a host. */
  isHost(deviceId: string): boolean {
    const tells = ([agent, told]: [string, ReadonlyMap<string, Device>]) =>
      told.get(deviceId)?.kind === 'host' && !this.claim(agent, deviceId)?.rival
    return [...this.#devices].some(tells)
  }

  /** Since when a device has the GPU time of its machine. */
  stand({ agentId, deviceId }: NamedDevice, gpuTime: GpuStanding): void {
    const claim = this.#claims.get(agentId, deviceId)
    if (!claim) return
    claim.gpuTime = gpuTime
    this.#changes.add(claim)
  }

  /** The claims that have the machine of a put-aside claim. */
  rivalsOf({ agentId, deviceId }: NamedDevice): DeviceClaim[] {
    const claim = this.#claims.get(agentId, deviceId)
    return claim?.rival ? this.#owners.rivalsOf(claim).map(({ owner }) => owner) : []
  }

  /**
   * Gives the machine of a put-aside claim to it.
   * @param fromMs first minute that is the new owner's, the last of the old
   * @param takesOver false: the owner keeps its keys and its history, for when it is elsewhere
   * @returns false where it is not put aside
   */
  adopt(to: NamedDevice, fromMs: number, takesOver = true): boolean {
    const claim = this.#claims.get(to.agentId, to.deviceId)
    if (!claim?.rival) return false
    for (const { owner, key } of this.#owners.rivalsOf(claim)) {
      this.#owners.remove(owner)
      if (takesOver) takeOver(claim, owner)
      this.#putAside(owner, { owner: claim, key }, endedAt(owner.spans, fromMs))
      owner.settled = true
    }
    claim.settled = true
    this.#obtains(claim, begunAt(claim.spans, fromMs))
    return true
  }

  /** A person said that this is a machine of its own. @returns whether it was put aside */
  setApart({ agentId, deviceId }: NamedDevice): boolean {
    const claim = this.#claims.get(agentId, deviceId)
    if (!claim?.rival) return false
    Object.assign(claim, { apart: true, settled: true })
    this.#obtains(claim, ALWAYS)
    return true
  }

  /**
   * A person says that devices stood in a time as they are told now.
   * @param devices by name; absent: all
   * @returns how they stood before, each in words
   */
  wireAsNow(fromMs: number, toMs: number, devices?: readonly string[]): string[] {
    const corrected = this.past.correctAll(this.#claims.all(), { fromMs, toMs, devices })
    for (const { claim } of corrected) this.#changed(claim)
    return corrected.map(({ stood }) => stood)
  }

  /** What changed since the last call, to be stored: first the withdrawals, then the claims. */
  takeChanges(): ReturnType<Changes['take']> {
    return this.#changes.take()
  }

  /** The store did not take these changes: they are due again. */
  putBack(changes: ReturnType<Changes['take']>): void {
    this.#changes.putBack(changes, (agentId, deviceId) => this.#claims.get(agentId, deviceId))
  }

  #begin({ agentId, deviceId }: NamedDevice, nowMs: number): OpenClaim {
    const keys = identityKeys(deviceId, this.#devices.get(agentId)?.get(deviceId))
    const claim: OpenClaim = { agentId, deviceId, keys, claimedMs: nowMs, settled: false, spans: ALWAYS }
    this.#claims.put(claim)
    const rival = this.#owners.rivalsOf(claim)[0]
    if (rival) this.#putAside(claim, rival, NEVER)
    else this.#owners.add(claim)
    this.#changes.add(claim)
    return claim
  }

  /** The agent tells other keys than before. */
  #learn(claim: OpenClaim, keys: readonly string[], nowMs: number): void {
    if (keys.length === claim.keys.length && keys.every((key, i) => key === claim.keys[i])) return
    const before = claim.keys
    this.#owners.remove(claim)
    claim.keys = keys
    this.#changes.add(claim)
    if (claim.rival) return
    const rivals = claim.apart ? [] : this.#owners.rivalsOf(claim)
    const [rival] = rivals
    if (!rival) this.#owners.add(claim)
    else if (isBefore(claim, rivals)) this.#displace(claim, rivals)
    else if (keepsItsMachine(claim, before, rivals)) this.#stay(claim, rivals, nowMs)
    else if (toldNothingLike(rival.key, before)) {
      const isFirst = rivals.every(({ owner }) => wasPaidBefore(claim, owner))
      for (const { owner, key } of isFirst ? rivals : []) {
        this.#owners.remove(owner)
        this.#takeBack(owner, { owner: claim, key }, nowMs)
      }
      if (isFirst) this.#owners.add(claim)
      else this.#takeBack(claim, rival, nowMs)
    } else this.#endAt(claim, rival, minuteOf(nowMs), nowMs)
  }

  /** The claim moved onto the address of others: those that give way count no longer from now on, and else it doesn't. */
  #stay(claim: OpenClaim, rivals: readonly Rival[], nowMs: number): void {
    const first = rivals.find(({ owner }) => !givesWay(owner, claim))
    for (const { owner, key } of first ? [] : rivals) {
      this.#owners.remove(owner)
      this.#endAt(owner, { owner: claim, key }, minuteOf(nowMs), nowMs, { byMove: true })
    }
    if (first) this.#endAt(claim, first, minuteOf(nowMs), nowMs)
    else this.#owners.add(claim)
  }

  /** A claim was another's machine all the time: it is put aside, and what it was paid of late is taken back. */
  #takeBack(claim: OpenClaim, rival: Rival, nowMs: number): void {
    this.#endAt(claim, rival, minuteOf(Math.max(claim.fromMs ?? nowMs, nowMs - MOST_TAKEN_BACK_MS)), nowMs)
  }

  #endAt(claim: OpenClaim, rival: Rival, fromMs: number, nowMs: number, how: { byMove?: true } = {}): void {
    this.#putAside(claim, rival, endedAt(claim.spans, fromMs))
    claim.withdrawn = { fromMs, atMs: nowMs, ...how }
    this.#changes.withdraw(claim, fromMs)
  }

  /**
   * A put-aside claim has a record: it takes the machine where it has no other owner any more, or, with its first record, where that is earlier
   * than all others and nothing is settled.
   */
  #contend(claim: OpenClaim, fromMs: number, isFirstRecord: boolean): void {
    const rivals = this.#owners.rivalsOf(claim)
    const [rival] = rivals
    if (!rival) {
      this.#obtains(claim, isFirstRecord && !claim.settled ? ALWAYS : begunAt(claim.spans, minuteOf(fromMs)))
    } else if (isFirstRecord && !claim.settled && isBefore(claim, rivals)) this.#displace(claim, rivals)
    else if (rivals.every(({ owner }) => !isNamed(owner, claim.rival)))
      this.#putAside(claim, rival, claim.spans)
  }

  /** The claim takes the machine of claims of which nothing was settled. */
  #displace(claim: OpenClaim, rivals: readonly Rival[]): void {
    for (const { owner, key } of rivals) {
      this.#owners.remove(owner)
      this.#putAside(owner, { owner: claim, key }, NEVER)
      this.#changes.withdraw(owner, owner.fromMs)
    }
    this.#obtains(claim, ALWAYS)
  }

  #obtains(claim: OpenClaim, spans: DeviceClaim['spans']): void {
    delete claim.rival
    claim.spans = spans
    this.#owners.add(claim)
    this.#changed(claim)
  }

  #putAside(claim: OpenClaim, { owner, key }: Rival, spans: DeviceClaim['spans']): void {
    claim.rival = { agentId: owner.agentId, deviceId: owner.deviceId, key }
    claim.spans = spans
    this.#changed(claim)
  }

  #changed(claim: OpenClaim): void {
    this.#version++
    this.#changes.add(claim)
  }
}
