import type { Device } from '../../protocol/device.ts'

/** Which agent a device belongs to: what the collector keeps of it, so that the answer is the same after a restart. */

/** A time in which a claim's records count: whole UTC minutes, the end exclusive. An absent end is open. */
export interface ClaimSpan {
  fromMs?: number
  toMs?: number
}

/** A device as one agent names it. */
export interface NamedDevice {
  agentId: string
  deviceId: string
}

/** An agent's claim to a device. Its key is (agentId, deviceId). */
export interface DeviceClaim extends NamedDevice {
  /** what identifies the machine, as the agent told it last: name, MAC, serial number, address */
  keys: readonly string[]
  /** keys of the owners before it */
  inherited?: readonly string[]
  /** when it was heard first, collector's clock */
  claimedMs: number
  /** start of its first record, agent's clock; absent: it has none, and gives way to a claim that has */
  fromMs?: number
  /** true: a minute with a record of it was settled, so a claim that comes later never takes its place by itself */
  settled: boolean
  /** times in which its records count: everything for the first claim, nothing for one that is put aside */
  spans: readonly ClaimSpan[]
  /** present where it is put aside: who has the machine, and the key that both have */
  rival?: NamedDevice & { key: string }
  /**
   * present where records that had counted were taken back: those from a time on, and when (collector's clock); byMove: for a machine that moved
   * onto its address
   */
  withdrawn?: { fromMs: number; atMs: number; byMove?: true }
  /** true: a person said that it is a machine of its own, whatever keys it shares */
  apart?: boolean
  /** present where it was paid for work, GPU time or tokens */
  paid?: PaidShare
  /** present where it has recorded GPU time */
  gpuTime?: GpuStanding
  /** how it stood before, oldest first; absent: always as its agent tells it now */
  past?: readonly PastDevice[]
}

/** How a device stood before its agent told it otherwise, or no longer. */
export interface PastDevice {
  /** first minute in which it stood otherwise */
  toMs: number
  /** absent: it was not in the inventory */
  device?: Device
}

/** What a device was paid for, to a factor of two. */
export interface PaidShare {
  /** start of the first such record and end of one of the newest, agent's clock */
  fromMs: number
  toMs: number
  /** the most work (difficulty-1 shares), GPU time (ms) or tokens of one record, per ms of it */
  mostPerMs: number
}

/** Since when a device has the GPU time of its machine, so that nobody else is paid for it. */
export interface GpuStanding {
  /** by which host and GPU are found to be one machine, in one text; where they change, it stands from then on; empty: taken over from the owner before */
  machine: string
  /** start of the first record with GPU time, agent's clock */
  fromMs: number
  /** of a host or a service: start of one of the newest, to the hour */
  toMs: number
  /** true: a minute with such a record was settled */
  settled: boolean
  /** the most GPU time of one record, per ms of it; absent: a version that did not note it */
  mostPerMs?: number
}

/** A device that moves from one claim to another at a minute. */
export interface DeviceMove {
  from: NamedDevice
  to: NamedDevice
  /** first minute that is the new one's */
  fromMs: number
}

/** What a person decided about put-aside claims, and why. Its key is the id. */
export interface Adoption {
  id: string
  /** collector's clock */
  atMs: number
  by: string
  reason: string
  /** `adopt`: the devices move to the claiming agent. `apart`: they are machines of their own. */
  kind: 'adopt' | 'apart'
  moves: readonly DeviceMove[]
  /** false: the collector stopped on the way, and goes on at its next start */
  done: boolean
}

/** The part of the store that keeps claims and what people decided about them. */
export interface ClaimStore {
  /** Keeps claims; one replaces another of the same agent and device. */
  writeClaims(claims: readonly DeviceClaim[]): Promise<void>
  /** All, in order of agent and device. */
  claims(): Promise<DeviceClaim[]>
  /** Keeps an adoption; one replaces another of the same id. */
  writeAdoption(adoption: Adoption): Promise<void>
  /** The newest `limit`, newest first. */
  adoptions(limit: number): Promise<Adoption[]>
  /** Begin of the first and end of the newest record of each of an agent's devices; records that are held count too. */
  recordTimes(agentId: string): Promise<Map<string, RecordTimes>>
}

/** Unix ms, agent's clock. */
export interface RecordTimes {
  firstMs: number
  endMs: number
}
