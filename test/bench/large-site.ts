import { monthsOf } from '../../collector/economics/calendar.ts'
import { attribution } from '../../collector/economics/energy/attribution.ts'
import type { SettleRules } from '../../collector/economics/settlement/settle.ts'
import { AttributionSchema, CostsSchema } from '../../collector/economics/site-settings.ts'
import { type Workload, WorkloadSchema } from '../../collector/economics/workloads.ts'
import type { SiteState } from '../../collector/live/state.ts'
import type { Device } from '../../protocol/device.ts'
import type { Owner } from '../../protocol/owner.ts'
import type { Sample } from '../../protocol/sample.ts'

/**
 * A site of about 100,000 devices for benchmarks: 80,000 miners of 50 agents; 15,000 GPUs in 1,875 hosts of 10 agents, each host
 * behind its outlet's meter and each row of hosts behind a PDU; LLM servers that count tokens; one site meter.
 */
const ASIC_AGENTS = 50
const ASICS_PER_AGENT = 1600
const GPU_AGENTS = 10
const HOSTS = 1875
const GPUS_PER_HOST = 8
const HOSTS_PER_PDU = 10
const SERVICES = 1100
export const SITE_METER = 'site-meter'
/** One part in this many of the devices is heard between two ticks: polls of 10 s, ticks of 1 s. */
const POLL_TICKS = 10
export const POLL_S = 10

const WORKLOADS: Workload[] = [
  { name: 'hosted', kind: 'mining', poolFeeRatio: 0.01, match: [{ poolUser: 'hosted.*' }] },
  { name: 'fpps', kind: 'mining', poolFeeRatio: 0.02, match: [{ poolUrl: '*pool.example*' }] },
  { name: 'solo', kind: 'mining', scheme: 'solo', match: [{ poolUrl: '*solo.example*' }] },
  { name: 'h100', kind: 'gpu-hour', usdPerGpuHour: 2, match: [{ namespace: 'tenant-*', model: '*H100*' }] },
  { name: 'l40s', kind: 'gpu-hour', usdPerGpuHour: 0.9, match: [{ namespace: 'tenant-*' }] },
  { name: 'batch', kind: 'gpu-hour', usdPerGpuHour: 0.5, match: [{ slurmAccount: '*' }] },
  { name: 'held', kind: 'reserved', gpus: 400, usdPerGpuHour: 1.5, match: [{ namespace: 'held' }] },
  {
    name: 'held-next',
    kind: 'reserved',
    gpus: 400,
    usdPerGpuHour: 1.6,
    from: '2030-01-01T00:00:00Z',
    match: [{ namespace: 'next' }],
  },
  {
    name: 'chat',
    kind: 'tokens',
    usdPerMillionTokensIn: 1,
    usdPerMillionTokensOut: 3,
    match: [{ namespace: 'inference' }, { service: 'chat' }],
  },
  {
    name: 'code',
    kind: 'tokens',
    usdPerMillionTokensIn: 2,
    usdPerMillionTokensOut: 6,
    match: [{ namespace: 'code' }, { service: 'code' }],
  },
  {
    name: 'hall',
    kind: 'colocation',
    contractedKw: 1000,
    usdPerKwMonth: 146.1,
    energyPassedOn: 'used',
    match: [{ container: 'C09' }],
  },
  { name: 'office', kind: 'fixed', usdPerMonth: 5000 },
].map((w) => WorkloadSchema.parse(w))

export const largeSiteRules = (): SettleRules => ({
  workloads: WORKLOADS,
  attribute: attribution(WORKLOADS),
  siteMeter: SITE_METER,
  attribution: AttributionSchema.parse({}),
  costs: CostsSchema.parse({ demand: { usdPerKwMonth: 8, billedKw: 300_000 } }),
  monthOf: monthsOf('America/Chicago'),
})

/** A device with the owner that its samples name. */
interface Placed {
  device: Device
  owner: Owner
}

export class LargeSite {
  readonly #state: SiteState
  readonly #random: () => number
  readonly #agents = new Map<string, Placed[]>()

  /** @param random 0 to 1: what is read differs with it */
  constructor(state: SiteState, random: () => number) {
    this.#state = state
    this.#random = random
  }

  /** Every inventory, and a first sample of every device, in the time of one poll before `nowMs`. */
  announce(nowMs: number): void {
    for (let i = 0; i < ASIC_AGENTS; i++) this.#agents.set(`miners-${i}`, asicsOf(i))
    for (let i = 0; i < GPU_AGENTS; i++) this.#agents.set(`gpus-${i}`, gpusOf(i))
    this.#agents.set('meters', [
      { device: { deviceId: SITE_METER, kind: 'meter', driver: 'modbus' }, owner: {} },
    ])
    for (const [agentId, placed] of this.#agents) {
      const devices = placed.map(({ device }) => device)
      this.#state.inventory(agentId, { v: 1, atMs: nowMs, simulated: false, devices })
    }
    for (let turn = 0; turn < POLL_TICKS; turn++) this.hear(turn, nowMs - (POLL_TICKS - turn) * 1000)
  }

  get devices(): number {
    return [...this.#agents.values()].reduce((sum, placed) => sum + placed.length, 0)
  }

  /** A tenth of all devices is heard, and the site meter. */
  hear(turn: number, nowMs: number): void {
    for (const [agentId, placed] of this.#agents) {
      const heard = placed.filter((_, i) => i % POLL_TICKS === turn % POLL_TICKS || agentId === 'meters')
      // all records of a message share one owner object, as after decoding
      const owners = new Map<string, Owner>()
      const samples = heard.map(({ device, owner }) => {
        const key = JSON.stringify(owner)
        if (!owners.has(key)) owners.set(key, { ...owner })
        return this.#sample(device, owners.get(key) ?? owner, nowMs)
      })
      this.#state.live(agentId, samples, nowMs)
    }
  }

  #sample(device: Device, owner: Owner, observedAtMs: number): Sample {
    const { deviceId, kind } = device
    const sample: Sample = { deviceId, observedAtMs, state: 'ok' }
    const about = (value: number) => value * (0.98 + 0.04 * this.#random())
    if (Object.keys(owner).length > 0) sample.holders = [{ owner, share: 1 }]
    switch (kind) {
      case 'asic': {
        // a few of a hundred thousand always come and go
        if (this.#random() < 0.002) return { deviceId, observedAtMs, state: 'unreachable' }
        sample.state = 'hashing'
        sample.powerBasis = 'reported'
        sample.powerW = about(3500)
        sample.hashrateHs = about(200e12)
        sample.hashrateAvgHs = about(200e12)
        Object.assign(sample, {
          tempC: about(75),
          boardTempC: about(65),
          fanRpm: about(5000),
          inletTempC: about(25),
        })
        Object.assign(sample, { boardsWorking: 3, boardsFitted: 3, uptimeS: observedAtMs / 1000 })
        break
      }
      case 'gpu':
        sample.state = 'busy'
        sample.powerBasis = 'reported'
        sample.powerW = about(600)
        sample.utilizationRatio = this.#random()
        Object.assign(sample, { memoryUsedBytes: about(6e10), memoryTotalBytes: 8e10, tempC: about(60) })
        break
      case 'host':
        sample.powerW = about(6000)
        break
      case 'meter':
        sample.powerBasis = 'metered'
        sample.powerW = about(deviceId === SITE_METER ? 310e6 : deviceId.includes('/') ? 6100 : 62_000)
        break
      case 'service':
        sample.tokensInPerS = about(1000)
        sample.tokensOutPerS = about(500)
    }
    return sample
  }
}

const two = (n: number): string => String(n).padStart(2, '0')

function asicsOf(agent: number): Placed[] {
  return Array.from({ length: ASICS_PER_AGENT }, (_, i): Placed => {
    const deviceId = `c${two(agent)}-${i}`
    const poolUser = `${agent % 10 === 0 ? 'hosted' : 'site'}.${deviceId}`
    return {
      device: {
        deviceId,
        kind: 'asic',
        driver: 'antminer',
        model: 'Antminer S21',
        location: { container: `C${two(agent)}`, rack: `R${two(Math.floor(i / 80))}`, slot: String(i % 80) },
        ratedPowerW: 3500,
        expectedHashrateHs: 200e12,
      },
      owner:
        i % 50 === 0
          ? {}
          : { poolUrl: `stratum+tcp://${i % 7 === 0 ? 'solo' : 'pool'}.example:3333`, poolUser },
    }
  })
}

const GPU_OWNERS: Owner[] = [
  { namespace: 'tenant-a', pod: 'train-0' },
  { namespace: 'tenant-b', pod: 'train-0' },
  { slurmAccount: 'lab', slurmJob: '1234' },
  { namespace: 'inference', pod: 'chat-0' },
  { namespace: 'code', pod: 'code-0' },
  { namespace: 'held', pod: 'work-0' },
  { user: 'nobody-knows' },
  {},
]

function gpusOf(agent: number): Placed[] {
  const placed: Placed[] = []
  const add = (device: Device, owner: Owner = {}) => placed.push({ device, owner })
  for (let h = agent; h < HOSTS; h += GPU_AGENTS) {
    const host = `node${h}`
    const pdu = `pdu${agent}-${Math.floor(h / GPU_AGENTS / HOSTS_PER_PDU)}`
    const location = { container: 'HALL', rack: `H${Math.floor(h / 5)}` }
    if (!placed.some(({ device }) => device.deviceId === pdu))
      add({ deviceId: pdu, kind: 'meter', driver: 'snmp-pdu', meteredBy: SITE_METER })
    add({ deviceId: `${pdu}/${host}`, kind: 'meter', driver: 'snmp-pdu', meteredBy: pdu })
    add({ deviceId: host, kind: 'host', driver: 'ipmi', location, meteredBy: `${pdu}/${host}` })
    for (let g = 0; g < GPUS_PER_HOST; g++)
      add(
        {
          deviceId: `${host}/gpu${g}`,
          kind: 'gpu',
          driver: 'nvml',
          model: h % 3 === 0 ? 'NVIDIA L40S' : 'NVIDIA H100 80GB HBM3',
          location,
          ratedPowerW: 700,
          meteredBy: host,
        },
        GPU_OWNERS[(h + g) % GPU_OWNERS.length],
      )
  }
  for (let s = agent; s < SERVICES; s += GPU_AGENTS)
    add({ deviceId: `llm${s}`, kind: 'service', driver: 'llm-server' }, { service: s % 2 ? 'chat' : 'code' })
  return placed
}
