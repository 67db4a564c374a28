import { hostOf } from '../../../collector/composition/devices.ts'
import type { KnownDevices } from '../../../collector/economics/settlement/settle.ts'
import type { Workload } from '../../../collector/economics/workloads.ts'
import type { RecordJudge } from '../../../collector/intake/batch-plan.ts'
import { DeviceAdoption } from '../../../collector/ownership/adoption.ts'
import { ClaimKeeper } from '../../../collector/ownership/claim-keeper.ts'
import { GpuTime } from '../../../collector/ownership/gpu-time.ts'
import { MachineKeys } from '../../../collector/ownership/machine-keys.ts'
import { OwnershipRegister } from '../../../collector/ownership/register.ts'
import { TwoMachines } from '../../../collector/ownership/two-machines.ts'
import type { Store } from '../../../collector/plugin/store.ts'
import type { Device } from '../../../protocol/device.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { eventually } from '../../eventually.ts'
import { LedgerRig } from '../ledger-rig.ts'

/** What is special at a site; by default the one of LedgerRig. */
export interface Site {
  workloads?: readonly Workload[]
  judges?: readonly RecordJudge[]
  /** absent: the devices as their agents tell them, each behind what it is configured behind */
  devices?: (register: OwnershipRegister) => KnownDevices
}

/** A ledger with its register of owners, over any store. */
export class OwnersRig {
  readonly register = new OwnershipRegister()
  readonly keeper: ClaimKeeper
  readonly ledger: LedgerRig
  readonly adoption: DeviceAdoption
  readonly store: Store
  /** what was set apart by itself last; it is carried out once no records are stored */
  apart: Promise<unknown> = Promise.resolve()
  readonly #inventories = new Map<string, readonly Device[]>()
  readonly #site: Site

  constructor(store: Store, clockMs?: number, site: Site = {}) {
    this.store = store
    this.#site = site
    const nowMs = () => this.ledger.nowMs
    this.keeper = new ClaimKeeper({
      store,
      register: this.register,
      nowMs,
      note: (minutes) => this.ledger.settler.note(minutes),
      compare: (agentId, records) => twoMachines.note(agentId, records),
    })
    const twoMachines = new TwoMachines(this.register, {
      two: (waiting) => {
        this.apart = this.adoption.setApart(waiting).catch(() => undefined)
      },
      unread: (waiting) => {
        this.apart = this.adoption.takeBack(waiting).catch(() => undefined)
      },
    })
    const gpuTime = new GpuTime(this.register, nowMs)
    const machines = new MachineKeys((deviceId) => this.register.isHost(deviceId))
    const known: KnownDevices = {
      device: (agentId, deviceId) => this.register.told.get(agentId)?.get(deviceId),
      find: () => undefined,
      ...site.devices?.(this.register),
      machineKeys: (agentId, deviceId) => machines.named(deviceId, this.register.told.get(agentId)),
    }
    this.ledger = new LedgerRig(store, site.workloads, site.judges, known, undefined, {
      arriving: (appends) => this.keeper.arriving(appends),
      settling: (records) => this.keeper.settling(records),
      doubts: (minuteMs, records) => gpuTime.doubts(minuteMs, records),
      correctWiring: async (fromMs, toMs, devices) => {
        const before = this.register.wireAsNow(fromMs, toMs, devices)
        await this.keeper.flush()
        return before
      },
    })
    if (clockMs !== undefined) this.ledger.nowMs = clockMs
    this.adoption = new DeviceAdoption({
      store,
      register: this.register,
      keeper: this.keeper,
      decide: (request) => this.ledger.repricer.decide(request),
      hostOf: (gpu) => hostOf(known, gpu),
      alone: (work) => this.ledger.records.alone(work),
      nowMs,
      log: SILENT,
    })
  }

  async start(): Promise<this> {
    await this.keeper.start(this.#inventories)
    await this.ledger.start()
    await this.adoption.start()
    return this
  }

  stop(): Promise<void> {
    return this.ledger.stop()
  }

  /** An agent's inventory; the collector keeps it on disk. */
  hear(agentId: string, devices: readonly Device[]): void {
    this.#inventories.set(agentId, devices)
    this.keeper.hear(agentId, devices)
  }

  /** A collector that starts again over the same store. */
  async restart(): Promise<OwnersRig> {
    await this.stop()
    const next = new OwnersRig(this.store, this.ledger.nowMs, this.#site)
    for (const [agentId, devices] of this.#inventories) next.#inventories.set(agentId, devices)
    return next.start()
  }

  /** Carries out a decision to its end: every minute is settled again. */
  async adopt(agentId: string, more: Partial<Parameters<DeviceAdoption['request']>[0]> = {}) {
    const adoption = await this.adoption.request({
      kind: 'adopt',
      agentId,
      by: 'ann',
      reason: 'new host',
      ...more,
    })
    await eventually(
      () => this.store.repricings(100),
      (all) => all.every((r) => r.doneMs >= r.toMs),
    )
    await this.ledger.settleAll()
    return adoption
  }
}
